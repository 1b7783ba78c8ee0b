"""Deadlines that run on a day: dates in law, duties of a programme, promised steps, and things that expire.

Decides. Does not read, write, sign or fetch.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from haipkit.assessment.finding import Clock
from haipkit.assessment.need import Ground, Index, matches, weigh
from haipkit.conduct.model import Conduct, Duty, Programme
from haipkit.records.record import Record

_AHEAD = timedelta(days=731)
_SOON = timedelta(days=92)
_RENEWAL = timedelta(days=365)


def running_clocks(
    conduct: Conduct, index: Index, as_of: date, open_requirements: set[str], owners: Mapping[int, str]
) -> tuple[Clock, ...]:
    """All clocks, earliest first. A legal date that has passed is kept while a requirement under it is open."""
    clocks = [
        *_legal(conduct, index, as_of, open_requirements),
        *_programmes(conduct, index, as_of, owners),
        *_promised(index),
        *_expiring(index, as_of, owners),
    ]
    return tuple(sorted(clocks, key=lambda clock: (clock.done, clock.due, clock.kind != "legal", clock.title)))


def _legal(conduct: Conduct, index: Index, as_of: date, open_requirements: set[str]) -> Iterator[Clock]:
    organisations = index.everything["organisation/1"]
    home = set(organisations[-1].body.get("countries", ())) if organisations else set()
    systems = [record for record in index.everything["system/1"] if record.body.get("lifecycle") != "retired"]
    for entry in conduct.dates:
        concerned = [
            system
            for system in systems
            if matches(system.body, entry.when)
            and set(system.body.get("countries") or home) & set(entry.countries)
            and (entry.placed_before is None or _placed(index, system) < entry.placed_before)
        ]
        if not concerned or entry.status not in ("binding", "pending"):
            continue
        due = date.fromisoformat(entry.date)
        passed = due < as_of
        if due > as_of + _AHEAD or (passed and not set(entry.requirements) & open_requirements):
            continue
        names = ", ".join(system.title for system in concerned[:3])
        since = " It has applied since that day." if passed else ""
        yield Clock(
            kind="legal",
            title=entry.title,
            due=entry.date,
            source=entry.citation,
            started_by=entry.id,
            requirements=entry.requirements,
            note=f"May concern {names}; {entry.confidence} source, as of {entry.as_of}. Check with counsel.{since}",
        )


def _placed(index: Index, system: Record) -> str:
    """The day of the earliest release on record; empty, which is before any day, while none is: then nobody knows."""
    releases = index.by_system.get(system.header.key or "", {}).get("release/1", ())
    return min((str(release.body.get("released_on", "")) for release in releases), default="")


def _programmes(conduct: Conduct, index: Index, as_of: date, owners: Mapping[int, str]) -> Iterator[Clock]:
    ground = Ground(as_of, index.everything)
    for record in index.everything["commitment/1"]:
        programme = conduct.programmes.get(str(record.body["to"]))
        if programme is None:
            continue
        for duty in programme.duties:
            if duty.within_days is not None:
                yield _duty_clock(programme, duty, record, ground, owners)


def _duty_clock(
    programme: Programme, duty: Duty, commitment: Record, ground: Ground, owners: Mapping[int, str]
) -> Clock:
    start = date.fromisoformat(commitment.body["made_on"])
    due = start + timedelta(days=duty.within_days or 0)
    weighed = weigh(duty.need, ground)
    done = weighed.satisfied
    if done and duty.repeats_days is not None:
        last = max(record.header.occurred_at[:10] for record in weighed.counting)
        due, done = date.fromisoformat(last) + timedelta(days=duty.repeats_days), False
    action = int(duty.requirements[0].partition(".")[0]) if duty.requirements else 0
    return Clock(
        kind="chosen",
        title=duty.title,
        due=due.isoformat(),
        source=f"{programme.title} ({programme.standing})",
        started_by=commitment.header.id,
        requirements=duty.requirements,
        owner=owners.get(action, duty.owner_hint),
        done=done,
        note="" if done else weighed.missing,
    )


def _promised(index: Index) -> Iterator[Clock]:
    for record in index.everything["plan/1"]:
        body = record.body
        yield Clock(
            kind="chosen",
            title=record.title,
            due=body["due"],
            source="a planned step",
            started_by=record.header.id,
            requirements=tuple(body["requirements"]),
            owner=body["owner"],
            done=body["status"] != "open",
        )


def _expiring(index: Index, as_of: date, owners: Mapping[int, str]) -> Iterator[Clock]:
    soon = (as_of + _SOON).isoformat()
    for record in index.everything["evidence/1"]:
        until = record.header.valid_until
        if until is not None and until <= soon:
            supported = tuple(record.body.get("supports", ()))
            owner = owners.get(int(supported[0].partition(".")[0])) if supported else None
            yield _expiry(f"Renew the evidence “{record.title}”", until, record, supported, owner)
    for record in index.everything["risk/1"]:
        until = record.body.get("acceptance_expires")
        if until is not None and until <= soon:
            yield _expiry(f"Decide again about the risk “{record.title}”", until, record, ())
    for kind in ("policy/1", "control/1", "document/1"):
        for record in index.everything[kind]:
            until = record.body.get("next_review")
            if until is not None and until <= soon:
                yield _expiry(f"Review “{record.title}”", until, record, ())
    for record in index.everything["supplier/1"]:
        until = record.body.get("renewal_on")
        if until is not None and until <= soon:
            yield _expiry(f"Ask {record.title} again before the contract renews", until, record, ())
    reports = [r for r in index.everything["publication/1"] if r.body["type"] == "haip-report"]
    if reports:
        latest = max(reports, key=lambda record: str(record.body["published_on"]))
        due = date.fromisoformat(latest.body["published_on"]) + _RENEWAL
        yield _expiry("Renew the HAIP report (at least every 12 months)", due.isoformat(), latest, ())


def _expiry(title: str, due: str, record: Record, requirements: tuple[str, ...], owner: str | None = None) -> Clock:
    return Clock(
        kind="chosen",
        title=title,
        due=due,
        source="a date in the records",
        started_by=record.header.id,
        requirements=requirements,
        owner=record.body.get("owner") or owner,
    )
