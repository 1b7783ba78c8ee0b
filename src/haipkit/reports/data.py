"""What is in the data: one chapter a data set, with what scans and tests found, as counts and never as values."""

from collections.abc import Iterable, Mapping, Sequence

from haipkit.records.record import Record
from haipkit.reports.data_figures import figures
from haipkit.reports.document import Block, Bullets, Claim, Document, Heading, Note, Paragraph
from haipkit.reports.lineage import lineage, lineage_figure
from haipkit.reports.phrases import phrase_of
from haipkit.reports.registry import Told, report
from haipkit.reports.sentences import namer_of
from haipkit.reports.shared import Shelf, compose
from haipkit.reports.text import count, join, quoted

_LOOKS = (
    ("dataset-scan/1", "Personal data and secrets", "haip scan PATHS --dataset {key}"),
    ("dataset-duplicates/1", "Copies and near copies", "haip data dedup PATHS --dataset {key}"),
    (
        "dataset-contamination/1",
        "Overlap with benchmarks",
        "haip data contamination PATHS --benchmark FILE --dataset {key}",
    ),
    ("dataset-rights/1", "Rights and opt-outs", "haip data rights PATHS --dataset {key}"),
    ("dataset-quality/1", "Quality and languages", "haip data quality PATHS --dataset {key}"),
    (
        "dataset-bias/1",
        "Balance between groups",
        "haip data bias TABLE --label COLUMN --groups COLUMNS --dataset {key}",
    ),
    ("data-removal/1", "Complaints and removals", ""),
)
_MODELS = (("leak-test/1", "What the model gives away"), ("private-training/1", "Training that protects privacy"))


@report("data")
def data(told: Told) -> Document:
    """All data sets, or those of the system in the option `system`, or the one in the option `dataset`."""
    shelf = Shelf(told)
    sets = _sets(told)
    blocks: list[Block] = [Paragraph(_lead(told, sets), lead=True)]
    if not sets:
        blocks.append(
            Note(
                "how-to",
                "How to begin",
                "List each source with the command haip add dataset, then look into it with haip scan.",
            )
        )
    for key in sets:
        blocks += _chapter(told, shelf, key, sets)
    blocks += _models(told, shelf)
    blocks += _traces(told, shelf)
    return compose(
        told,
        shelf,
        report="data",
        title="What is in our data",
        subtitle="Data sets, what was found in them, and what was done about it",
        blocks=blocks,
        unchecked=(
            "Names of persons and other personal details that have no fixed form, unless a sample is told above.",
            "Files that a scan could not read; each chapter counts them.",
        ),
        contents=len(sets) > 2,
    )


def _wanted(told: Told, record: Record) -> bool:
    system, dataset = told.options.get("system", ""), told.options.get("dataset", "")
    about = (record.header.system or "").partition("/")[0]
    return (not system or about == system.partition("/")[0]) and (not dataset or record.header.key == dataset)


def _sets(told: Told) -> dict[str, list[Record]]:
    """Data sets by key, with the records that list them; a data set that was only looked into has none."""
    found: dict[str, list[Record]] = {}
    for record in sorted(told.of_kind("dataset/1"), key=lambda record: record.index):
        if _wanted(told, record):
            found.setdefault(str(record.header.key), []).append(record)
    for kind, *_ in _LOOKS:
        for record in sorted(told.of_kind(kind), key=lambda record: record.index):
            if record.header.key and _wanted(told, record):
                found.setdefault(_data_set(record, found), [])
    return found


def _data_set(record: Record, sets: Mapping[str, Sequence[Record]]) -> str:
    """The key of the data set that a look was at. A removal has a key of its own and gives the data set's name."""
    name = str(record.body.get("name"))
    if record.header.kind != "data-removal/1":
        return str(record.header.key)
    return next((key for key, listed in sets.items() if name in (key, *(one.title for one in listed))), name)


def _lead(told: Told, sets: Mapping[str, Sequence[Record]]) -> str:
    if not sets:
        return "No data set is on record yet."
    scanned = {record.header.key for record in told.of_kind("dataset-scan/1")} & set(sets)
    unread = [key for key in sets if key not in scanned]
    words = count(len(sets), "data set")
    if not scanned:
        return f"{words} on record; no scan has looked into {'it' if len(sets) == 1 else 'any of them'} yet."
    if not unread:
        return f"{words} on record, {'and it was' if len(sets) == 1 else 'and each was'} scanned."
    return f"{words} on record; not scanned: {join([quoted(_title(sets[key], key)) for key in unread])}."


def _title(listed: Sequence[Record], key: str) -> str:
    return listed[0].title if listed else key


def _chapter(told: Told, shelf: Shelf, key: str, sets: Mapping[str, Sequence[Record]]) -> Iterable[Block]:
    listed = sets[key]
    name = namer_of(told)
    yield Heading(2, _title(listed, key), f"data-{key}")
    for record in listed:
        yield shelf.claim(phrase_of(record, name), record)
    if not listed:
        yield Claim("This data set is not on the list: its origin and the ground for using it are not recorded.", None)
    unseen = []
    for kind, title, command in _LOOKS:
        looks = [r for r in told.of_kind(kind) if r.header.key and _data_set(r, sets) == key and _wanted(told, r)]
        if not looks and command:
            unseen.append(Claim(f"{title}: {command.format(key=key)}", None))
        if looks:
            yield Heading(3, title, f"data-{key}-{kind.partition('/')[0]}")
        for record in sorted(looks, key=lambda record: record.index):
            yield shelf.claim(phrase_of(record, name), record)
            yield from figures(record, key)
    if unseen:
        yield Heading(3, "What nobody has looked at yet", f"data-{key}-open")
        yield Bullets(tuple(unseen))


def _models(told: Told, shelf: Shelf) -> Iterable[Block]:
    name = namer_of(told)
    for kind, title in _MODELS:
        found = [record for record in told.of_kind(kind) if _wanted(told, record)]
        if found:
            yield Heading(2, title, f"models-{kind.partition('/')[0]}")
            for record in sorted(found, key=lambda record: record.index):
                yield shelf.claim(phrase_of(record, name), record)
                yield from figures(record, "model")


def _traces(told: Told, shelf: Shelf) -> Iterable[Block]:
    """How data became releases, where the steps were traced."""
    traces = [record for record in told.of_kind("trace/1") if _wanted_system(told, record)]
    if traces:
        steps = lineage(traces, [*told.of_kind("dataset/1"), *told.of_kind("release/1")])
        yield Heading(2, "How data became releases", "lineage")
        yield lineage_figure(steps)
        name = namer_of(told)
        for step in steps:
            yield shelf.claim(phrase_of(step.record, name), step.record)


def _wanted_system(told: Told, record: Record) -> bool:
    system = told.options.get("system", "").partition("/")[0]
    return not system or (record.header.system or "").partition("/")[0] in ("", system)
