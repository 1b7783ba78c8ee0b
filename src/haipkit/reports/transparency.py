"""A system card for each release: what it can do, its limits, how it was tested, what changed since the last one."""

from collections.abc import Sequence

from haipkit.kernel.errors import UsageError
from haipkit.kernel.words import RISK_DOMAINS
from haipkit.records.record import Record
from haipkit.reports.document import Block, Cell, Claim, Document, Heading, Note, Paragraph, Table
from haipkit.reports.phrases import free, phrase_of
from haipkit.reports.registry import Told, report
from haipkit.reports.sentences import namer_of
from haipkit.reports.shared import Shelf, compose, organisation
from haipkit.reports.text import count, day, join, join_phrases, quoted, stop

_ASPECTS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("Safety", "safety", frozenset({"cbrn", "health-safety", "self-replication", "cascading"})),
    ("Security", "security", frozenset({"cyber"})),
    ("Society", "effects on society", frozenset({"society"})),
    ("Human rights and democracy", "human rights", frozenset({"democracy"})),
)
"""Which risk domains of an evaluation speak about which aspect."""
_RED_TEAM = frozenset({"red-team", "adversarial"})
_LISTS = (
    ("What it can do", "capabilities"),
    ("Limits", "limitations"),
    ("Meant for", "appropriate_uses"),
    ("Not meant for", "inappropriate_uses"),
    ("Effects on society", "effects_on_society"),
    ("What changed", "changes"),
)
_TEXTS = (("Model", "model"), ("Instructions", "instructions"))


@report("transparency")
def transparency(told: Told) -> Document:
    """System cards: the latest release of every system in use, or of the one named by the option `system`."""
    shelf = Shelf(told)
    systems = _chosen(told)
    cards = [(system, _releases(told, shelf, system)) for system in systems]
    blocks: list[Block] = [Paragraph(_answer(cards), lead=True)]
    for system, releases in cards:
        blocks += _Card(told, shelf, system, releases).blocks()
    names = join([system.title for system in systems])
    return compose(
        told,
        shelf,
        report="transparency",
        title="What our AI systems can and cannot do",
        subtitle="Transparency report, one card for each system",
        blocks=blocks,
        unchecked=("How the systems behave today. Each result holds for the release and the day that it names.",),
        facts=(("Systems", names or "none"),),
        contents=len(systems) > 1,
    )


def _chosen(told: Told) -> list[Record]:
    wanted = told.options.get("system")
    known = sorted(told.of_kind("system/1"), key=lambda record: record.header.key or "")
    if wanted is None:
        return [record for record in known if record.body.get("lifecycle") != "retired"]
    found = [record for record in known if record.header.key == wanted.partition("/")[0]]
    if not found:
        keys = ", ".join(record.header.key or "" for record in known) or "none"
        raise UsageError(f"no system is called {wanted!r}", advice=f"Systems on record: {keys}.")
    return found


def _releases(told: Told, shelf: Shelf, system: Record) -> list[Record]:
    """The releases of a system, newest first; of several records about one version the last one counts."""
    key = system.header.key
    newest: dict[str, Record] = {}
    everything = {record.header.id: record for record in [*told.history, *told.of_kind("release/1")]}
    for record in sorted(everything.values(), key=lambda record: record.index):
        if record.header.kind == "release/1" and (record.header.system or "").partition("/")[0] == key:
            newest[str(record.body.get("version"))] = record
    wanted = told.options.get("system", "").partition("/")[2]
    found = sorted(
        newest.values(), key=lambda record: (str(record.body.get("released_on")), record.index), reverse=True
    )
    if not wanted:
        return found
    place = next((place for place, record in enumerate(found) if record.body.get("version") == wanted), None)
    if place is None:
        versions = join([str(record.body.get("version")) for record in found]) or "none"
        raise UsageError(f"{key} has no release {wanted!r}", advice=f"Releases on record: {versions}.")
    return found[place:]


def _answer(cards: Sequence[tuple[Record, list[Record]]]) -> str:
    if not cards:
        return "No AI system in use is recorded, so there is nothing to describe yet."
    described = sum(bool(releases) for _, releases in cards)
    systems = count(len(cards), "AI system")
    if len(cards) == described == 1:
        return f"We describe one AI system, {quoted(cards[0][0].title)}, by its latest release on record."
    if described < len(cards):
        return f"We describe {systems}, {described or 'none'} of them with a release on record."
    return f"We describe {systems}, each by its latest release on record."


class _Card:
    """The card of one system at its latest (or chosen) release."""

    def __init__(self, told: Told, shelf: Shelf, system: Record, releases: Sequence[Record]) -> None:
        self._told, self._shelf, self._system = told, shelf, system
        self._release = releases[0] if releases else None
        self._before = releases[1] if len(releases) > 1 else None
        self._key = system.header.key or ""
        self._name = namer_of(told)
        self._anchor = f"system-{self._key}"

    def blocks(self) -> list[Block]:
        version = f", release {self._release.body.get('version')}" if self._release else ""
        found: list[Block] = [Heading(2, f"{self._system.title}{version}", self._anchor)]
        if self._release is None:
            found.append(
                Note(
                    "caution",
                    "No release",
                    "No release of this system is recorded; the card says what the other records tell.",
                )
            )
        for title, part in (
            ("Who stands behind it", self._makers),
            ("What it can do", lambda: self._list("capabilities", "This release can do the following", "capability")),
            ("Its limits", lambda: self._list("limitations", "Known limits of this release", "limit")),
            ("What it is meant for, and what not", self._uses),
            ("How it was tested", self._evaluations),
            ("Red-team results", self._red_team),
            ("Effects on society", self._society),
            ("How to use it", self._instructions),
            ("Data", lambda: self._records("dataset/1", "No data set is recorded for this system.")),
            (
                "How people can recognise it",
                lambda: self._records("marking/1", "No notice or mark is recorded for this system."),
            ),
            ("How we watch it", self._watching),
            ("How to report a problem", lambda: self._records("channel/1", "No way to report a problem is recorded.")),
            ("What is new", self._updates),
        ):
            found.append(Heading(3, title, f"{self._anchor}-{title.lower().replace(' ', '-').replace(',', '')}"))
            found += part()
        return found

    def _claim(self, record: Record, text: str | None = None) -> Claim:
        return self._shelf.claim(text if text is not None else phrase_of(record, self._name), record)

    def _about(self, kind: str, *, everywhere: bool = True) -> list[Record]:
        """Records for this release, its system, or (`everywhere`) the whole organisation; oldest first."""
        here = {self._key}
        if self._release is not None:
            here.add(f"{self._key}/{self._release.body.get('version')}")
        found = [
            record
            for record in self._told.of_kind(kind)
            if record.header.system in here or (everywhere and record.header.system is None)
        ]
        return sorted(found, key=lambda record: record.index)

    def _records(self, kind: str, absent: str) -> list[Block]:
        return [self._claim(record) for record in self._about(kind)] or [Claim(absent, None)]

    def _makers(self) -> list[Block]:
        found: list[Block] = []
        who = organisation(self._told)
        found.append(self._claim(who) if who is not None else Claim("No organisation is recorded.", None))
        found.append(self._claim(self._system))
        supplier = self._system.body.get("supplier")
        for record in self._told.of_kind("supplier/1"):
            if supplier and record.header.key == supplier:
                found.append(self._claim(record))
        model = (self._release.body.get("model") if self._release else None) or self._system.body.get("model")
        source = self._release if self._release is not None and self._release.body.get("model") else self._system
        found.append(
            self._claim(source, f"Its model: {stop(model)}") if model else Claim("No model is recorded.", None)
        )
        return found

    def _field(self, name: str) -> list[str]:
        return list((self._release.body.get(name) or ()) if self._release is not None else ())

    def _list(self, name: str, lead: str, missing: str) -> list[Block]:
        items = self._field(name)
        if not items or self._release is None:
            return [Claim(f"No {missing} is recorded.", None)]
        return [self._claim(self._release, f"{lead}: {join_phrases(items)}.")]

    def _uses(self) -> list[Block]:
        return [
            *self._list("appropriate_uses", "It is meant for", "use that it is meant for"),
            *self._list("inappropriate_uses", "It is not meant for", "use that it is not meant for"),
        ]

    def _evaluations(self) -> list[Block]:
        done = self._about("evaluation/1", everywhere=False)
        other = [record for record in done if not set(record.body.get("domains") or ()) & set(RISK_DOMAINS)]
        rows: list[Block] = []
        told: set[str] = set()
        for title, word, domains in _ASPECTS:
            rows.append(Heading(4, title, f"{self._anchor}-tested-{word.replace(' ', '-')}"))
            found = [record for record in done if set(record.body.get("domains") or ()) & domains]
            if not found:
                rows.append(Claim(f"No evaluation of {word} is recorded.", None))
            for record in found:
                again = record.header.id in told
                told.add(record.header.id)
                rows.append(self._claim(record, f"See “{record.title}” above." if again else None))
        tests = [*other, *self._about("test/1", everywhere=False), *self._about("scan/1", everywhere=False)]
        if tests:
            rows.append(Heading(4, "Other tests", f"{self._anchor}-other-tests"))
            rows += [self._claim(record) for record in tests]
        return rows

    def _red_team(self) -> list[Block]:
        found = [
            record for record in self._about("evaluation/1", everywhere=False) if record.body.get("method") in _RED_TEAM
        ]
        return [self._claim(record, _red_team_words(record)) for record in found] or [
            Claim("No red-team result is recorded.", None)
        ]

    def _society(self) -> list[Block]:
        found = self._list("effects_on_society", "Known effects on people and society", "effect on society")
        risks = [r for r in self._about("risk/1", everywhere=False) if r.body.get("domain") in ("society", "democracy")]
        return [*found, *(self._claim(record) for record in risks)]

    def _instructions(self) -> list[Block]:
        text = self._release.body.get("instructions") if self._release is not None else None
        published = [
            record
            for record in self._about("publication/1")
            if record.body.get("type") in ("instructions-for-use", "transparency-report", "notice")
        ]
        found = [self._claim(self._release, free(text))] if text and self._release is not None else []
        return [*(found or [Claim("No instructions are recorded.", None)]), *(self._claim(r) for r in published)]

    def _watching(self) -> list[Block]:
        incidents = self._about("incident/1")
        found = self._records("monitoring/1", "No monitoring of this system is recorded.")
        return [*found, *(self._claim(record) for record in incidents)]

    def _updates(self) -> list[Block]:
        if self._release is None:
            return [Claim("No release is recorded.", None)]
        body = self._release.body
        when = f"This release came out on {day(body.get('released_on'))}: {free(body.get('summary'))}"
        found: list[Block] = [self._claim(self._release, when)]
        changes = self._field("changes")
        if changes:
            found.append(self._claim(self._release, f"What changed: {join_phrases(changes)}."))
        if self._before is None:
            return [*found, Paragraph("No earlier release is recorded, so there is nothing to compare with.")]
        return [*found, _difference(self._before, self._release, self._shelf)]


def _red_team_words(record: Record) -> str:
    result = {"pass": "passed", "fail": "failed", "mixed": "mixed", "informational": "for information"}
    body = record.body
    who = "by an independent party" if body.get("performed_by") == "independent" else "by ourselves"
    outcome = result.get(str(body.get("result")), "unknown")
    text = f"“{record.title}”, {who}, {day(body.get('performed_on'))}. Result: {outcome}."
    limits = body.get("limitations")
    return " ".join(
        part
        for part in (
            text,
            free(body.get("summary")),
            f"What it does not show: {join_phrases(limits)}." if limits else "",
        )
        if part
    )


def _difference(before: Record, after: Record, shelf: Shelf) -> Block:
    """What the two release records say differently, line by line."""
    rows: list[tuple[Cell, ...]] = []
    for title, name in _LISTS[:-1]:
        old, new = list(before.body.get(name) or ()), list(after.body.get(name) or ())
        added = [item for item in new if item not in old]
        gone = [item for item in old if item not in new]
        if added or gone:
            rows.append((Cell(title), Cell(join_phrases(gone) or "–"), Cell(join_phrases(added) or "–")))
    for title, name in _TEXTS:
        if before.body.get(name) != after.body.get(name):
            rows.append((Cell(title), Cell(str(before.body.get(name) or "–")), Cell(str(after.body.get(name) or "–"))))
    old_version, new_version = before.body.get("version"), after.body.get("version")
    if not rows:
        text = f"The records of {old_version} and {new_version} say the same about abilities, limits, uses and effects."
        return shelf.joint_claim(text, [before, after])
    caption = f"Difference between release {old_version} ({before.body.get('released_on')}) and {new_version}"
    return Table(caption, ("What", f"Only in {old_version}", f"New in {new_version}"), tuple(rows))
