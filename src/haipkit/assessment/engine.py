"""Findings from requirements and records.

Decides. Does not read, write, sign or fetch: the day is an argument, the records are values.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import cast

from haipkit.assessment.clocks import running_clocks
from haipkit.assessment.finding import Ask, Assessment, Basis, Finding, NeedResult
from haipkit.assessment.need import Ground, Index, Weighed, in_force, matches, weigh
from haipkit.conduct.model import Applies, Conduct, Need, Requirement
from haipkit.kernel.errors import BadInput, UsageError
from haipkit.kernel.words import Origin, Role, Status, Strength
from haipkit.records.record import Record

_LEVELS = ("not expected", "relevant", "expected")
_BACKING_KINDS = {
    "evidence/1": "supports",
    "attestation/1": "supports",
    "test/1": "requirements",
    "scan/1": "requirements",
    "inventory/1": "requirements",
    "dataset-scan/1": "requirements",
    "dataset-duplicates/1": "requirements",
    "dataset-contamination/1": "requirements",
    "dataset-quality/1": "requirements",
    "dataset-bias/1": "requirements",
    "dataset-rights/1": "requirements",
    "data-removal/1": "requirements",
    "leak-test/1": "requirements",
    "private-training/1": "requirements",
    "trace/1": "requirements",
}
"""Kinds that back a requirement by naming it, with the field that names it."""
_DATASET = "dataset"
_DATA_TESTS: dict[str, dict[str, tuple[str, ...]]] = {
    "dataset-scan/1": {
        "data-quality": ("clean", "findings", "treated"),
        "personal-data": ("clean", "treated"),
        "confidentiality": ("clean", "treated"),
    },
    "dataset-duplicates/1": {"data-quality": ("clean", "findings", "treated")},
    "dataset-contamination/1": {"data-quality": ("clean", "findings")},
    "dataset-quality/1": {"data-quality": ("clean", "findings"), "bias": ("clean", "findings")},
    "dataset-bias/1": {"bias": ("measured",)},
    "leak-test/1": {"leak-testing": ("pass",), "confidentiality": ("pass",)},
    "dataset-rights/1": {"copyright": ("clean", "treated"), _DATASET: ("clean", "treated")},
    "data-removal/1": {"copyright": ("removed",)},
}
"""Topics of safeguards that a look at the data puts to the test, and the outcomes that speak for them; `dataset` stands
for the data set itself, where the look was at the data set of that key. Looking for faults is what a safeguard of
quality or against bias promises; protection of what is in the data is not shown by finding it there."""


def assess(
    conduct: Conduct, records: Iterable[Record], as_of: date, *, roles: Sequence[str] | None = None
) -> Assessment:
    """One finding per requirement and subject.

    `records` is the state on the day (`ledger.log.Log.state`). `roles` stands in while no organisation is recorded.
    Raises BadInput when there is nothing to assess against, UsageError when no role is known: an empty assessment is an
    error, never a clean one.
    """
    if not conduct.requirements:
        raise BadInput(
            "no requirement is loaded", where="conduct", advice="Reinstall haipkit: its data files are missing."
        )
    state = list(records)
    index = Index.of(state)
    held = _roles(index, roles)
    expected = frozenset(
        requirement.action
        for requirement in conduct.requirements.values()
        if _applies(conduct, requirement, held).level == "expected"
    )
    owners = {
        cast(int, record.body["action"]): str(record.body["office"])
        for record in sorted(index.everything["owner/1"], key=lambda record: record.index)
        if in_force(record, as_of, None)
    }
    judge = _Judge(conduct, index, as_of, held, expected, owners)
    findings = [finding for requirement in conduct.requirements.values() for finding in judge.findings(requirement)]
    clocks = running_clocks(
        conduct, index, as_of, {finding.requirement for finding in findings if finding.open}, owners
    )
    return Assessment(as_of.isoformat(), held, tuple(findings), clocks, owners)


def _roles(index: Index, given: Sequence[str] | None) -> tuple[str, ...]:
    organisations = index.everything["organisation/1"]
    held = tuple(organisations[-1].body["roles"]) if organisations else tuple(given or ())
    if not held:
        raise UsageError("no role is known", advice="Record your organisation: haip add organisation.")
    for role in held:
        if role not in tuple(Role):
            raise BadInput(f"{role!r} is not a role", advice="Roles are: " + ", ".join(Role) + ".")
    return held


def _applies(conduct: Conduct, requirement: Requirement, roles: Sequence[str]) -> Applies:
    """The most demanding level among the roles held."""
    found = [conduct.profiles[role].items[requirement.id] for role in roles]
    return max(found, key=lambda item: _LEVELS.index(item.level))


def cites(references: Iterable[str], requirement: Requirement) -> bool:
    """True when a list of references (`6`, `6.2`, `6.2a`) covers the requirement."""
    names = (requirement.id, requirement.paragraph, str(requirement.action))
    return any(reference in names for reference in references)


class _Judge:
    """Holds what every finding of one assessment needs."""

    def __init__(
        self,
        conduct: Conduct,
        index: Index,
        as_of: date,
        roles: tuple[str, ...],
        expected: frozenset[int],
        owners: dict[int, str],
    ) -> None:
        self._conduct = conduct
        self._index = index
        self._as_of = as_of
        self._roles = roles
        self._owners = owners
        self._organisation = Ground(as_of, index.everything, expected)
        self._systems: list[tuple[Record, Ground]] = []
        self._releases: list[tuple[Record, str, Ground]] = []
        for system in sorted(index.everything["system/1"], key=lambda record: record.header.key or ""):
            if system.body.get("lifecycle") == "retired":
                continue
            name = system.header.key or ""
            supplier = system.body.get("supplier")
            by_kind = index.of_system(name)
            by_kind["system/1"] = [system]
            self._systems.append((system, Ground(as_of, by_kind, expected, supplier, system)))
            latest = max(
                index.by_system.get(name, {}).get("release/1", ()),
                key=lambda record: (record.body.get("released_on", ""), record.index),
                default=None,
            )
            if latest is not None:
                version = latest.header.key or ""
                ground = index.of_release(name, version)
                ground["system/1"] = [system]
                subject = f"{name}/{version}"
                self._releases.append((system, subject, Ground(as_of, ground, expected, supplier, system)))

    def findings(self, requirement: Requirement) -> list[Finding]:
        if requirement.scope == "organisation":
            return [self._about_organisation(requirement)]
        if not self._systems:
            return [self._without_system(requirement)]
        if requirement.scope == "system":
            return [
                self._about_system(requirement, system, system.header.key or "", ground)
                for system, ground in self._systems
            ]
        found = [self._about_system(requirement, system, subject, ground) for system, subject, ground in self._releases]
        released = {subject.partition("/")[0] for _, subject, _ in self._releases}
        for system, ground in self._systems:
            name = system.header.key or ""
            if name not in released:
                found.append(self._about_system(requirement, system, name, ground, unreleased=True))
        return found

    def _about_organisation(self, requirement: Requirement) -> Finding:
        applies = _applies(self._conduct, requirement, self._roles)
        holds = not requirement.when or any(matches(system.body, requirement.when) for system, _ in self._systems)
        return self._judge(requirement, None, self._organisation, applies, holds)

    def _without_system(self, requirement: Requirement) -> Finding:
        applies = _applies(self._conduct, requirement, self._roles)
        if applies.level == "not expected":
            return self._finding(requirement, None, Status.NOT_APPLICABLE, applies.why, level=applies.level)
        sentence = "No AI system is recorded yet, so nothing could be looked at."
        return self._finding(requirement, None, Status.NOT_ASSESSED, sentence, level=applies.level)

    def _about_system(
        self, requirement: Requirement, system: Record, subject: str, ground: Ground, *, unreleased: bool = False
    ) -> Finding:
        roles = tuple(role for role in system.body.get("roles", ()) if role in self._conduct.profiles) or self._roles
        applies = _applies(self._conduct, requirement, roles)
        holds = not requirement.when or matches(system.body, requirement.when)
        if unreleased and holds and applies.level != "not expected":
            sentence = f"No release of “{system.title}” is recorded, so nothing could be looked at."
            return self._finding(requirement, subject, Status.NOT_ASSESSED, sentence, level=applies.level)
        return self._judge(requirement, subject, ground, applies, holds)

    def _judge(
        self, requirement: Requirement, subject: str | None, ground: Ground, applies: Applies, holds: bool
    ) -> Finding:
        position = self._position(requirement, subject)
        if position is not None and position.body["position"] == "not-applicable":
            sentence = f"{_speaker(position)} says: {position.body['reason']}"
            return self._finding(
                requirement, subject, Status.NOT_APPLICABLE, sentence, (_basis(position),), level=applies.level
            )
        if applies.level == "not expected" or not holds:
            why = applies.why if holds or applies.level == "not expected" else _unless(requirement, applies)
            return self._finding(requirement, subject, Status.NOT_APPLICABLE, why, level="not expected")
        backing, expired = self._backing(requirement, subject, ground)
        weighed = [_or_runs(need, weigh(need, ground), backing, self._as_of) for need in requirement.needs]
        results = tuple(
            _result(need.at_least, outcome, backing) for need, outcome in zip(requirement.needs, weighed, strict=True)
        )
        if (
            applies.level == "relevant"
            and not requirement.when
            and not (backing or position or any(r.seen for r in results))
        ):
            return self._finding(requirement, subject, Status.NOT_APPLICABLE, applies.why, level="relevant")
        status, sentence = _verdict(results, backing, position)
        if status in (Status.MET, Status.PARTLY_MET):
            for record in expired[-1:]:
                sentence += f" The evidence “{record.title}” expired on {record.header.valid_until}."
            if requirement.attested_only:
                sentence += " Software keeps this statement; it cannot check the deed."
        basis = tuple({entry.record_id: entry for result in results for entry in result.basis}.values())
        basis += tuple(entry for entry in map(_basis, backing) if entry.record_id not in {b.record_id for b in basis})
        if position is not None and position.body["position"] in ("not-done", "planned"):
            basis += (_basis(position),)
            finding = self._finding(requirement, subject, status, sentence, basis, results, applies.level)
            return finding._replace(said=_taken_back(position))
        return self._finding(requirement, subject, status, sentence, basis, results, applies.level)

    def _finding(
        self,
        requirement: Requirement,
        subject: str | None,
        status: Status,
        sentence: str,
        basis: tuple[Basis, ...] = (),
        needs: tuple[NeedResult, ...] = (),
        level: str = "expected",
    ) -> Finding:
        standing = [_need_strength(result) for result in needs if result.satisfied]
        strength = min(standing) if standing and status in (Status.MET, Status.PARTLY_MET) else None
        if strength is None and status is Status.PARTLY_MET and basis:
            strength = max(entry.strength for entry in basis)
        return Finding(
            requirement=requirement.id,
            action=requirement.action,
            subject=subject,
            status=status,
            strength=strength,
            sentence=sentence,
            basis=basis,
            needs=needs,
            owner=self._owners.get(requirement.action),
            due=self._due(requirement, subject),
            stale=any(result.stale and not result.satisfied for result in needs),
            attested_only=requirement.attested_only,
            level=level,
        )

    def _speaks_for(self, record: Record, subject: str | None) -> bool:
        system = record.header.system
        if subject is None:
            return True
        base = subject.partition("/")[0]
        return system is None or system in (subject, base) or (subject == base and system.startswith(base + "/"))

    def _position(self, requirement: Requirement, subject: str | None) -> Record | None:
        found = [
            record
            for record in self._index.everything["position/1"]
            if cites((record.body["requirement"],), requirement)
            and self._speaks_for(record, subject)
            and in_force(record, self._as_of, None)
            and (subject is not None or record.header.system is None)
        ]
        return max(found, key=lambda record: (len(record.body["requirement"]), record.index), default=None)

    def _backing(
        self, requirement: Requirement, subject: str | None, ground: Ground
    ) -> tuple[list[Record], list[Record]]:
        """What names this requirement: evidence, attestations and results in force; expired evidence."""
        found, expired = [], []
        for kind, name in _BACKING_KINDS.items():
            for record in ground.of(kind):
                if not (cites(record.body.get(name) or (), requirement) and self._speaks_for(record, subject)):
                    continue
                if in_force(record, self._as_of, None):
                    found.append(record)
                elif kind == "evidence/1" and (record.header.valid_until or "9") < self._as_of.isoformat():
                    expired.append(record)
        replaced = any(record.header.kind == "evidence/1" for record in found)
        return found, [] if replaced else expired

    def _due(self, requirement: Requirement, subject: str | None) -> str | None:
        dates = [
            record.body["due"]
            for record in self._index.everything["plan/1"]
            if record.body["status"] == "open"
            and cites(record.body["requirements"], requirement)
            and self._speaks_for(record, subject)
        ]
        return min(dates, default=None)


def _or_runs(need: Need, outcome: Weighed, backing: Sequence[Record], as_of: date) -> Weighed:
    """The outcome, or runs of tests that name the requirement where the need takes them instead (`or-named-tests`)."""
    if need.test != "or-named-tests" or outcome.satisfied:
        return outcome
    runs = tuple(
        record
        for record in backing
        if record.header.kind == "test/1"
        and record.body.get("outcome") != "nothing ran"
        and in_force(record, as_of, need.max_age_days)
    )
    return Weighed(runs, (), (*outcome.about, *runs), True, "") if runs else outcome


def _taken_back(position: Record) -> Ask:
    header = position.header
    return Ask(header.kind, header.key, True, header.system, {"position": "applies"}, ("reason",))


def _speaker(position: Record) -> str:
    """The office that took a position, at the start of a sentence."""
    office = str(position.body["owner"])
    return office[:1].upper() + office[1:] if office.lower().startswith(("the ", "our ")) else f"The {office}"


def _unless(requirement: Requirement, applies: Applies) -> str:
    choices = {
        name.replace("_", " "): " or ".join(map(str, value)) if isinstance(value, list | tuple) else str(value).lower()
        for name, value in requirement.when.items()
    }
    wanted = ", ".join(f"{name} is {value}" for name, value in choices.items())
    return f"Applies only where {wanted}. {applies.why}"


def _lifts(backing: Record, record: Record) -> Strength | None:
    """To which step a backing record lifts another, if it backs it."""
    header, names = record.header, backing.body.get("backs") or ()
    if names and not {header.id, header.key, f"{header.kind.partition('/')[0]}:{header.key}"} & set(names):
        return None
    kind = backing.header.kind
    if kind == "attestation/1":
        if backing.header.origin is not Origin.ATTESTED or not backing.independent:
            return None
        return {"supports": Strength.INDEPENDENTLY_VERIFIED, "supports in part": Strength.EVIDENCED}.get(
            backing.body["result"]
        )
    if kind == "trace/1":
        return _traced(backing, record)
    if kind in ("test/1", "scan/1"):
        return Strength.EVIDENCED if backing.body["outcome"] in ("pass", "clean") else None
    if kind in _DATA_TESTS:
        topic = _DATASET if _about_dataset(backing, record) else str(record.body.get("topic", ""))
        outcomes = ("clean", "treated", "pass") if backing is record else _DATA_TESTS[kind].get(topic, ())
        measured = backing.header.origin is Origin.MEASURED
        return Strength.TESTED if measured and backing.body["outcome"] in outcomes else None
    return backing.strength if backing.strength >= Strength.EVIDENCED else None


def _traced(trace: Record, record: Record) -> Strength | None:
    """A trace proves that these very bytes went into a step that succeeded, or came out of it; nothing else."""
    body, digest = trace.body, record.body.get("sha256") or record.body.get("weights_sha256")
    if not digest or body.get("exit_code") not in (0, None):
        return None
    known = {one.get("sha256") for side in ("inputs", "outputs") for one in body.get(side) or ()}
    return trace.strength if digest in known or digest == body.get("inputs_sha256") else None


def _about_dataset(backing: Record, record: Record) -> bool:
    return record.header.kind == "dataset/1" and record.header.key == backing.header.key


MOST_PROOFS = 100
"""So many of the strongest and newest records of a need are named; the others are counted."""


def _raised(record: Record, backing: Sequence[Record]) -> tuple[Strength, tuple[str, ...]]:
    """What the record is worth with its backing, and the ids of the records that lift it."""
    strength = record.strength
    lifted_by: list[str] = []
    for other in backing:
        step = _lifts(other, record)
        if step is not None and other.header.id != record.header.id:
            lifted_by.append(other.header.id)
            strength = max(strength, step)
    return strength, tuple(lifted_by)


def _basis(record: Record, backing: Sequence[Record] = ()) -> Basis:
    strength, lifted_by = _raised(record, backing)
    return Basis(record.header.id, record.index, record.header.kind, record.title, strength, lifted_by)


def _result(at_least: int, weighed: Weighed, backing: Sequence[Record]) -> NeedResult:
    ranked = [(*_raised(record, backing), record) for record in weighed.counting]
    ranked.sort(key=lambda entry: (-entry[0], -entry[2].index))
    basis = tuple(
        Basis(record.header.id, record.index, record.header.kind, record.title, strength, lifted_by)
        for strength, lifted_by, record in ranked[: max(MOST_PROOFS, at_least)]
    )
    return NeedResult(
        satisfied=weighed.satisfied,
        counted=len(weighed.counting),
        wanted=at_least,
        missing=weighed.missing,
        stale=bool(weighed.stale),
        seen=bool(weighed.about),
        basis=basis,
        asks=weighed.asks,
    )


def _need_strength(result: NeedResult) -> Strength:
    """With several records wanted, the weakest of the best ones counts."""
    place = min(max(result.wanted, 1), len(result.basis))
    return result.basis[place - 1].strength


def _verdict(results: Sequence[NeedResult], backing: Sequence[Record], position: Record | None) -> tuple[Status, str]:
    refused = [record for record in backing if record.body.get("result") == "does not support"]
    if refused:
        return Status.NOT_MET, f"An assessor looked and does not support it: {refused[0].title}"
    missing = " ".join(dict.fromkeys(result.missing for result in results if result.missing))
    failing = [record for record in backing if record.body.get("outcome") == "fail" and not _run_again(record, backing)]
    if position is not None and position.body["position"] in ("not-done", "planned"):
        word = "is planned" if position.body["position"] == "planned" else "is not done"
        return Status.NOT_MET, f"{_speaker(position)} says it {word}: {position.body['reason']}"
    if all(result.satisfied for result in results):
        if failing:
            return Status.PARTLY_MET, _failing(failing[0])
        return Status.MET, _resting(results)
    if any(result.satisfied or result.counted for result in results):
        return Status.PARTLY_MET, missing
    if any(_lifts(record, record) is not None for record in backing):
        return Status.PARTLY_MET, f"There is proof on file, but: {missing}"
    if failing or any(result.seen for result in results):
        return Status.NOT_MET, missing or _failing(failing[0])
    return Status.NOT_ASSESSED, missing


def _run_again(run: Record, backing: Sequence[Record]) -> bool:
    """True when the same tests ran later and did not fail."""
    same = (run.header.kind, run.header.system, run.title)
    return any(
        other.index > run.index
        and other.body.get("outcome") != "fail"
        and (other.header.kind, other.header.system, other.title) == same
        for other in backing
    )


def _failing(run: Record) -> str:
    if run.header.kind == "dataset-scan/1":
        return f"The data set “{run.title}” holds what it must not."
    if run.header.kind == "dataset-contamination/1":
        return f"The data set “{run.title}” holds more of a benchmark than the limit that was set."
    if run.header.kind == "leak-test/1":
        return f"In the leak test “{run.title}” the model gave away what it must not."
    if run.header.kind == "dataset-quality/1":
        return f"The data set “{run.title}” has faults that it must not have."
    if run.header.kind == "dataset-rights/1":
        return f"The data set “{run.title}” holds documents that their sources refuse."
    if run.header.kind == "dataset-bias/1":
        return f"In “{run.title}”, groups differ by more than the limit that was set."
    bad = run.body.get("failed", 0) + run.body.get("errors", 0)
    return f"The test run “{run.title}” fails" + (f": {bad} of {run.body['tests']} tests." if bad else ".")


def _resting(results: Sequence[NeedResult]) -> str:
    titles = list(dict.fromkeys(result.basis[0].title for result in results if result.basis))
    shown = ", ".join(f"“{title}”" for title in titles[:3])
    return f"Rests on {shown}." if len(titles) <= 3 else f"Rests on {shown} and {len(titles) - 3} more."
