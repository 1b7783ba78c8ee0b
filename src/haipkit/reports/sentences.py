"""From records to the sentences of an answer: in an order that reads well, each with its proof, and never a dump.

Tells. Looks nothing up: everything comes from `Told`.
"""

from collections.abc import Collection, Iterable

from haipkit.kernel.words import ACTIONS
from haipkit.records.record import Record
from haipkit.reports.document import Claim
from haipkit.reports.gaps import risk_rank
from haipkit.reports.phrases import Namer, phrase_of, the
from haipkit.reports.registry import Told
from haipkit.reports.shared import Shelf, kind_words, system_name
from haipkit.reports.text import join, quoted, sentence_case

_ORDER = (
    "organisation",
    "commitment",
    "owner",
    "policy",
    "approval",
    "decision",
    "document",
    "system",
    "release",
    "supplier",
    "risk",
    "evaluation",
    "test",
    "scan",
    "inventory",
    "control",
    "safeguard",
    "dataset",
    "dataset-scan",
    "dataset-duplicates",
    "dataset-contamination",
    "dataset-rights",
    "dataset-quality",
    "dataset-bias",
    "data-removal",
    "leak-test",
    "canaries",
    "private-training",
    "marking",
    "channel",
    "monitoring",
    "incident",
    "publication",
    "sharing",
    "membership",
    "standard",
    "study",
    "project",
    "training",
    "plan",
    "position",
    "attestation",
    "evidence",
)
_SILENT = frozenset({"redaction/1", "key-event/1"})
_MOST = 4
"""Records of one kind that an answer tells one by one; the rest are told together."""


def namer_of(told: Told) -> Namer:
    """Turns `helpdesk/2.1` or the key of a record into words for people."""
    systems = {record.header.key: record for record in told.of_kind("system/1")}
    titles = {
        record.header.key: record.title
        for kind in ("policy/1", "plan/1", "document/1", "system/1")
        for record in told.of_kind(kind)
    }

    def name(reference: str | None) -> str:
        if reference is None:
            return "our organisation"
        if reference.partition("/")[0] in systems:
            return system_name(told, reference).replace(", release ", " ")
        return titles.get(reference, reference)

    return name


def answer_claims(
    told: Told, shelf: Shelf, records: Iterable[Record], requirements: Collection[str] | None = None
) -> list[Claim]:
    """The paragraphs of an answer. `requirements` limits what may lift a record's strength."""
    by_kind: dict[str, list[Record]] = {}
    for record in {record.header.id: record for record in records}.values():
        if record.header.kind not in _SILENT:
            by_kind.setdefault(record.header.kind, []).append(record)
    name = namer_of(told)
    claims: list[Claim] = []
    for kind in sorted(by_kind, key=_place):
        found = sorted(by_kind[kind], key=lambda record: _weight(told, record))
        if kind == "owner/1":
            claims += _owners(shelf, found, requirements)
            continue
        claims += [shelf.claim(phrase_of(record, name), record, requirements) for record in found[:_MOST]]
        if len(found) > _MOST:
            claims.append(_the_rest(shelf, found[_MOST:], requirements))
    return claims


def _place(kind: str) -> tuple[int, str]:
    short = kind.partition("/")[0]
    return (_ORDER.index(short) if short in _ORDER else len(_ORDER)), kind


def _weight(told: Told, record: Record) -> tuple[int, ...]:
    """Worst risks first; of other kinds the newest first."""
    if record.header.kind == "risk/1":
        return risk_rank(record, told.assessment.as_of)
    return (-record.index,)


def _owners(shelf: Shelf, records: list[Record], requirements: Collection[str] | None) -> list[Claim]:
    """One sentence an office, whatever number of actions it answers for."""
    by_office: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda record: int(record.body.get("action") or 0)):
        by_office.setdefault(str(record.body.get("office") or "an erased office"), []).append(record)
    claims = []
    for office, found in by_office.items():
        numbers = [int(record.body.get("action") or 0) for record in found]
        named = join([f"{number} ({ACTIONS[number][0]})" for number in numbers if number in ACTIONS])
        word = "action" if len(numbers) == 1 else "actions"
        claims.append(
            shelf.joint_claim(f"{sentence_case(the(office))} answers for {word} {named}.", found, requirements)
        )
    return claims


def _the_rest(shelf: Shelf, records: list[Record], requirements: Collection[str] | None) -> Claim:
    shown = join([quoted(record.title) for record in records[:3]])
    more = ", among them " if len(records) > 3 else ": "
    kind = kind_words(records[0].header.kind)
    return shelf.joint_claim(
        f"Of this kind ({kind}) we recorded {len(records)} more{more}{shown}.", records, requirements
    )
