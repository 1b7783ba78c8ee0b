"""What every report needs: from findings and records to claims, proofs and tables, and the sections that end each one.

Tells. Looks nothing up: everything comes from `Told`.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from haipkit.assessment.finding import Basis, Finding, NeedResult
from haipkit.conduct.model import Need
from haipkit.kernel.words import ACTIONS, Origin, Status, Strength
from haipkit.records.kinds import KINDS
from haipkit.records.record import Record
from haipkit.reports.document import (
    Block,
    Bullets,
    Cell,
    Claim,
    Code,
    Document,
    Facts,
    Figure,
    Heading,
    Note,
    Paragraph,
    Proof,
    Table,
)
from haipkit.reports.registry import LedgerHead, Told
from haipkit.reports.text import count, day, join, ours, quoted, stop

ROLE_WORDS = {
    "model-developer": "model developer",
    "application-developer": "application developer",
    "deployer": "deployer",
}
NOT_CHECKED = "What was not checked"
HOW_TO_VERIFY = "How to verify this report"
NO_WITNESS = "No witness has countersigned this log: the operator could still show different logs to different people."
_RULES = {
    "approved": "approved by an office",
    "treated": "each one treated or accepted for a limited time",
    "all-domains": "each of the seven domains looked at",
    "no-open-serious": "no serious one open without an action",
    "incidents-documented": "each one with what was done",
    "fresh-publication": "not older than the latest release",
    "owners-named": "one for each action that is expected of us",
    "reviewed": "its review not overdue",
    "suppliers-asked": "each one asked about the Code",
    "or-named-tests": "or a run of tests that names this requirement",
    "prohibited-uses-checked": "held against the ruled-out uses within a year",
}
"""The named rules of `assessment.need`, in words."""


class Shelf:
    """The records of a report by id, each with the strength that assessment found for it."""

    def __init__(self, told: Told) -> None:
        self._records = {record.header.id: record for record in told.history}
        for found in told.records.values():
            self._records.update((record.header.id, record) for record in found)
        self._weighed: dict[str, list[tuple[str, Basis]]] = {}
        for finding in told.assessment.findings:
            for basis in finding.basis:
                self._weighed.setdefault(basis.record_id, []).append((finding.requirement, basis))

    def find(self, record_id: str) -> Record | None:
        return self._records.get(record_id)

    def weigh(self, record: Record, requirements: Collection[str] | None = None) -> tuple[Strength, tuple[str, ...]]:
        """The strength of a record, lifted by what backs it for these requirements (None: for any)."""
        best: tuple[Strength, tuple[str, ...]] = (record.strength, ())
        for requirement, basis in self._weighed.get(record.header.id, ()):
            if (requirements is None or requirement in requirements) and basis.strength > best[0]:
                best = (basis.strength, basis.backed_by)
        return best

    def proofs(self, record: Record, requirements: Collection[str] | None = None) -> tuple[Proof, ...]:
        """The record itself, then the records that lift it."""
        strength, backed_by = self.weigh(record, requirements)
        backing = [found for found in map(self.find, backed_by) if found is not None]
        return (as_proof(record, strength), *(as_proof(other, other.strength) for other in backing))

    def claim(self, text: str, record: Record, requirements: Collection[str] | None = None) -> Claim:
        """A sentence that rests on one record."""
        return Claim(text, self.weigh(record, requirements)[0], self.proofs(record, requirements))

    def joint_claim(self, text: str, records: Sequence[Record], requirements: Collection[str] | None = None) -> Claim:
        """A sentence that rests on several records together: as strong as the weakest of them."""
        proofs = [proof for record in records for proof in self.proofs(record, requirements)]
        strength = min((self.weigh(record, requirements)[0] for record in records), default=None)
        return Claim(text, strength, tuple(dict.fromkeys(proofs)))

    def of_finding(self, finding: Finding) -> tuple[Proof, ...]:
        proofs: dict[str, Proof] = {}
        for basis in finding.basis:
            record = self.find(basis.record_id)
            digests = kept_attachments(record) if record is not None else ()
            proofs[basis.record_id] = Proof(
                basis.record_id, basis.index, basis.kind, basis.title, basis.strength, digests
            )
        for basis in finding.basis:
            for other in map(self.find, basis.backed_by):
                if other is not None and other.header.id not in proofs:
                    proofs[other.header.id] = as_proof(other, other.strength)
        return tuple(proofs.values())

    def with_lost_bytes(self) -> list[Record]:
        return sorted((record for record in self._records.values() if record.missing), key=lambda record: record.index)

    def imported(self) -> list[Record]:
        return [record for record in self._records.values() if record.header.origin is Origin.IMPORTED]


def kept_attachments(record: Record) -> tuple[str, ...]:
    return tuple(a.sha256 for a in record.header.attachments if a.sha256 not in record.missing)


def as_proof(record: Record, strength: Strength) -> Proof:
    header = record.header
    return Proof(header.id, record.index, header.kind, record.title, strength, kept_attachments(record))


def organisation(told: Told) -> Record | None:
    found = told.of_kind("organisation/1")
    return found[0] if found else None


def organisation_name(told: Told) -> str:
    record = organisation(told)
    return record.title if record is not None else told.head.origin


def system_name(told: Told, subject: str | None) -> str:
    """A subject for people: `Helpdesk, release 2.1` of `helpdesk/2.1`."""
    if subject is None:
        return "Organisation"
    key, _, version = subject.partition("/")
    name = next((record.title for record in told.of_kind("system/1") if record.header.key == key), key)
    return f"{name}, release {version}" if version else name


def kind_words(kind: str) -> str:
    known = KINDS.get(kind)
    return known.title.lower() if known is not None and known.title != "AI system" else (known.title if known else kind)


def need_words(need: Need) -> str:
    """What a need asks for, in one phrase."""
    known = KINDS.get(need.kind)
    words = known.title if known is not None else need.kind
    conditions = []
    for name, value in need.where.items():
        several = value if isinstance(value, list | tuple) else (value,)
        shown = join([_value_words(item) for item in several], "or")
        conditions.append(f"{name.replace('_', ' ')}: {shown}")
    if conditions:
        words += f" ({'; '.join(conditions)})"
    if need.at_least > 1:
        words += f", at least {need.at_least}"
    if need.max_age_days is not None:
        words += f", not older than {need.max_age_days} days"
    if need.origins:
        words += f", {join(need.origins, 'or')}"
    if need.test is not None:
        words += f", {_RULES.get(need.test, f'rule “{need.test}”')}"
    return words


def need_strength(result: NeedResult) -> Strength | None:
    """Of as many records as are wanted, the best ones, the strength of the weakest; None while the need is open."""
    if not result.satisfied or not result.basis:
        return None
    ranked = sorted((basis.strength for basis in result.basis), reverse=True)
    return ranked[min(max(result.wanted, 1), len(ranked)) - 1]


def _value_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def action_title(action: int) -> str:
    name = ACTIONS[action][1]
    return f"Principle 12: {name}" if action == 12 else f"Action {action}: {name}"


def verify_command(head: LedgerHead) -> str:
    return f"haip verify bundle.zip --key '{head.verifier_key}'"


def identity(told: Told, *more: tuple[str, str]) -> Facts:
    """The title-page facts: who, in which role, as of when. What proves it stands with how to verify it."""
    roles = join([ROLE_WORDS.get(role, role) for role in told.assessment.roles]) or "none recorded"
    return Facts(
        (
            ("Organisation", organisation_name(told)),
            ("Role", roles),
            *more,
            ("As of", f"{day(told.assessment.as_of)} ({told.assessment.as_of})"),
        )
    )


def _place_in_log(told: Told) -> Facts:
    """At which checkpoint of which log the report was written, and by which edition of our reading."""
    head = told.head
    return Facts(
        (
            ("Log", head.origin),
            ("Checkpoint", f"{count(head.size, 'entry', 'entries')}, root {head.root}"),
            ("Witnesses", join(head.witnesses) if head.witnesses else "none"),
            ("Edition of our reading", told.conduct.digest[:16]),
        )
    )


def compose(
    told: Told,
    shelf: Shelf,
    *,
    report: str,
    title: str,
    subtitle: str,
    blocks: Iterable[Block],
    unchecked: Sequence[str] = (),
    facts: Sequence[tuple[str, str]] = (),
    contents: bool = False,
    data: dict[str, object] | None = None,
) -> Document:
    """A document with its title page and with the two sections that end every report."""
    body = list(blocks)
    body += _not_checked(told, shelf, unchecked)
    body += _how_to_verify(told, register_of(body))
    return Document(
        report=report,
        title=title,
        subtitle=subtitle,
        language="en",
        as_of=told.assessment.as_of,
        verify=verify_command(told.head),
        identity=identity(told, *facts),
        blocks=tuple(body),
        contents=contents,
        data={"conduct": told.conduct.digest, "checkpoint": _head_data(told.head), **(data or {})},
    )


def _head_data(head: LedgerHead) -> dict[str, object]:
    return {
        "origin": head.origin,
        "size": head.size,
        "root": head.root,
        "verifier_key": head.verifier_key,
        "witnesses": list(head.witnesses),
    }


def _not_checked(told: Told, shelf: Shelf, more: Sequence[str]) -> list[Block]:
    findings = told.assessment.findings
    said = [finding for finding in findings if finding.attested_only and finding.strength is not None]
    unknown = [finding for finding in findings if finding.status is Status.NOT_ASSESSED]
    unread = [clause for clause in told.conduct.clauses.values() if clause.unchecked]
    claimed = [finding for finding in findings if finding.strength is Strength.CLAIMED]
    items = [
        "Whether any law is kept. This report speaks about the Code of Conduct; dates from law are reminders, "
        "not legal advice.",
        "Whether what people wrote is true. A record proves who stated what and when, and that nobody changed it "
        "since.",
    ]
    if unknown:
        items.append(f"{count(len(unknown), 'point')} that nobody has looked at yet. They are neither met nor failed.")
    if claimed:
        one = len(claimed) == 1
        items.append(
            f"{count(len(claimed), 'finding')} that {'rests' if one else 'rest'} on the organisation’s word alone, "
            "marked “claimed”."
        )
    if said:
        items.append(
            f"The deeds behind {count(len(said), 'statement')} that software can keep but not check "
            f"(requirement {join(sorted({finding.requirement for finding in said}, key=in_order))})."
        )
    imported = shelf.imported()
    if imported:
        tools = sorted({record.header.tool.name for record in imported if record.header.tool is not None})
        by = f" ({join(tools)})" if tools else ""
        items.append(f"Results that came from other tools{by}: their bytes are kept, the tests were not repeated.")
    if unread:
        items.append(
            f"{count(len(unread), 'clause')} of the official documents that software cannot check: they describe, "
            "define or address governments."
        )
    lost = shelf.with_lost_bytes()
    if lost:
        names = join([f"{quoted(record.title)} (ledger entry {record.index})" for record in lost[:10]])
        rest = f" and {len(lost) - 10} more" if len(lost) > 10 else ""
        items.append(
            f"Files whose bytes are no longer kept: {names}{rest}. What rested on them alone counts as claimed."
        )
    if not told.head.witnesses:
        items.append(NO_WITNESS)
    return [Heading(2, NOT_CHECKED, "not-checked"), Bullets((*items, *more))]


def _how_to_verify(told: Told, register: Table | None) -> list[Block]:
    head = told.head
    blocks: list[Block] = [
        Heading(2, HOW_TO_VERIFY, "verify"),
        Paragraph(
            "This report comes in a bundle: one zip file with the report, the records that it rests on, a proof for "
            "each that it stands in the log, and the signed head of the log. You need that file and the public key "
            "below. Get the key from the organisation by a second way, such as its website or a call, and compare it."
        ),
        Code(head.verifier_key),
        Bullets(
            (
                "With haipkit, on any computer and without an account, run the first command below. It answers valid, "
                "invalid or unknown.",
                "Without haipkit, build the verifier in the folder docs/spec/verifier-go of its source and run the "
                "second command. It is a short Go program that shares no code with haipkit.",
                "Without either, follow docs/spec: the formats are public (RFC 6962, RFC 9901, C2SP signed notes), "
                "and it describes them well enough to write a verifier of your own.",
            ),
            ordered=True,
        ),
        Code(verify_command(head)),
        Code(f"verifier bundle.zip '{head.verifier_key}'"),
        Paragraph("The answer names the log and its head. They have to be these:"),
        _place_in_log(told),
    ]
    if head.witnesses:
        blocks.append(Paragraph(f"The head of the log is countersigned by {join(head.witnesses)}."))
    else:
        blocks.append(Note("caution", "No witness", NO_WITNESS))
    if register is not None:
        blocks += [
            Heading(3, "The records behind this report", "records"),
            Paragraph(
                "Each sentence with a proof names its entries in the log by these numbers. A file is named by the "
                "SHA-256 of its bytes."
            ),
            register,
        ]
    return blocks


def register_of(blocks: Iterable[Block]) -> Table | None:
    """A table of every record that the blocks rest on, by ledger entry."""
    proofs: dict[str, Proof] = {}

    def enter(found: Iterable[Proof]) -> None:
        for proof in found:
            known = proofs.get(proof.record_id)
            if known is None or proof.strength > known.strength:
                proofs[proof.record_id] = proof

    for block in blocks:
        _each_proof(block, enter)
    if not proofs:
        return None
    rows = tuple(
        (
            Cell(str(proof.index), numeric=True),
            Cell(f"{proof.title} ({kind_words(proof.kind)})"),
            Cell(proof.record_id, mono=True),
            Cell("", strength=proof.strength),
            Cell(" ".join(proof.attachments) or "none", mono=bool(proof.attachments)),
        )
        for proof in sorted(proofs.values(), key=lambda proof: (proof.index, proof.record_id))
    )
    return Table("Records behind this report", ("Entry", "What", "Record", "Strength", "Files (SHA-256)"), rows)


def _each_proof(block: Block, enter: Callable[[Iterable[Proof]], None]) -> None:
    if isinstance(block, Claim):
        enter(block.proofs)
    elif isinstance(block, Bullets):
        for item in block.items:
            if isinstance(item, Claim):
                enter(item.proofs)
    elif isinstance(block, Table | Figure):
        table = block.table if isinstance(block, Figure) else block
        for row in table.rows:
            for cell in row:
                enter(cell.proofs)


def in_order(reference: str) -> tuple[int, int, str]:
    """Sorts `2.1a` before `10.1a`."""
    action, _, rest = reference.partition(".")
    number = rest.rstrip("abcdefghijklmnopqrstuvwxyz")
    return int(action), int(number or 0), rest[len(number) :]


def sentence(finding: Finding) -> str:
    """The finding's sentence as we say it; words that somebody of ours wrote stay as they are."""
    written = finding.said is not None or (finding.status is Status.NOT_APPLICABLE and finding.basis)
    return finding.sentence if written else ours(finding.sentence)


def what_is_missing(findings: Iterable[Finding], shown: int = 99) -> list[str]:
    """The open needs of these findings, each said once."""
    missing: dict[str, None] = {}
    for finding in findings:
        if finding.status in (Status.MET, Status.NOT_APPLICABLE):
            continue
        open_needs = [stop(ours(need.missing)) for need in finding.needs if not need.satisfied and need.missing]
        missing.update(dict.fromkeys(open_needs or [stop(sentence(finding))]))
    return list(missing)[:shown]
