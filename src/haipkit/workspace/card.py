"""The dataset card: what is on record about a data set, and its files by digest, as Croissant."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.kernel.errors import BadInput, NotFound
from haipkit.workspace.open import Workspace

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import CorpusFile
    from haipkit.exports.croissant import Column, File

MOST_FILES = 10_000
"""More files than this make a card that no reader opens: pack them, or describe the folder's archive."""
_SAMPLE = 1 << 20
_TERMS = {
    "dataset-scan/1": "personalSensitiveInformation",
    "dataset-bias/1": "dataBiases",
    "dataset-quality/1": "dataLimitations",
    "dataset-contamination/1": "dataLimitations",
    "dataset-duplicates/1": "dataLimitations",
    "dataset-rights/1": "dataLimitations",
    "data-removal/1": "dataReleaseMaintenancePlan",
}
"""Which RAI term tells of which record."""


def dataset_card(
    workspace: Workspace, name: str, paths: Sequence[str], progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Croissant JSON-LD of the data set with this key, its files read under `paths` (none: without files).

    Raises NotFound for a data set that is not on the list and BadInput for a file that cannot be read whole.
    """
    from haipkit.exports.croissant import croissant
    from haipkit.reports.phrases import phrase_of
    from haipkit.workspace.ask import state
    from haipkit.workspace.forms import slug

    key, records = slug(name), state(workspace, kinds=["organisation/1", "dataset/1", *_TERMS])
    listed = [record for record in records if record.header.kind == "dataset/1"]
    found = [record for record in listed if record.header.key == key]
    if not found:
        known = ", ".join(sorted({str(record.header.key) for record in listed})) or "none yet"
        raise NotFound(
            f"there is no data set {key!r} on your list", advice=f"`haip add dataset` lists one. Known: {known}."
        )
    about = [record for record in records if record.header.key == key and record.header.kind in _TERMS]
    measured = [record.body for record in about if record.header.kind == "dataset-scan/1"]
    notes: dict[str, list[str]] = {}
    for record in about:
        if record.header.kind != "dataset-scan/1":
            notes.setdefault(_TERMS[record.header.kind], []).append(phrase_of(record, _plain))
    owner = next((record for record in records if record.header.kind == "organisation/1"), None)
    return croissant(
        found[-1].body,
        read_files(paths, progress),
        creator=owner.title if owner is not None else workspace.config.origin,
        measured=measured,
        notes=notes,
    )


def _plain(reference: str | None) -> str:
    return reference or "our organisation"


def read_files(paths: Sequence[str], progress: Callable[[int, int], None] | None = None) -> "list[File]":
    """Every data file under `paths` with its digest and columns. Raises NotFound and BadInput."""
    from haipkit.adapters.corpus_files import open_file, survey
    from haipkit.adapters.unpack import Hashed
    from haipkit.exports.croissant import File

    found = survey(paths) if paths else None
    files = found.files if found else []
    if found and found.faults:
        raise BadInput(str(found.faults[0]), advice="A card lists files by digest, so each has to be readable.")
    if len(files) > MOST_FILES:
        raise BadInput(f"{len(files):,} files are too many for a card", advice="Pack them into fewer files first.")
    made, done, total = [], 0, sum(file.size for file in files)
    for file in files:
        try:
            with open_file(file.path) as stream:
                digest = Hashed(stream).finish()
        except OSError as fault:
            raise BadInput(f"cannot be read: {fault.strerror or fault}", where=file.name) from fault
        made.append(File(file.name, file.size, digest, file.format, file.packing, _columns(file)))
        done += file.size
        if progress is not None:
            progress(done, total)
    return made


def _columns(file: "CorpusFile") -> "tuple[Column, ...]":
    """Columns of a table, from its schema or its first megabyte; none where it has no columns that can be read."""
    from haipkit.exports.croissant import Column

    schema = _schema(file)
    if schema is None:
        return ()
    columns = []
    for field in schema:
        kind, repeated = field.type, False
        if hasattr(kind, "value_type"):
            kind, repeated = kind.value_type, True
        columns.append(Column(field.name, _type_word(str(kind)), repeated))
    return tuple(columns) if len({column.name for column in columns}) == len(columns) else ()


def _type_word(kind: str) -> str:
    if kind.startswith(("int", "uint")):
        return "sc:Integer"
    if kind.startswith(("float", "double", "half", "decimal")):
        return "sc:Float"
    if kind.startswith("bool"):
        return "sc:Boolean"
    if kind.startswith(("timestamp", "date")):
        return "sc:Date"
    return "sc:Text"


def _schema(file: "CorpusFile") -> Any:
    import io

    import pyarrow as pa

    if "://" in file.path or file.format not in ("parquet", "csv", "jsonl") or (file.packing and file.format == "csv"):
        return None
    try:
        if file.format == "parquet":
            import pyarrow.parquet as pq

            return pq.read_schema(file.path)
        head = _head(file)
        if file.format == "csv":
            from pyarrow import csv

            tab = "\t" if file.name.endswith(".tsv") else ","
            return csv.read_csv(io.BytesIO(head), parse_options=csv.ParseOptions(delimiter=tab)).schema
        from pyarrow import json as lines

        return lines.read_json(io.BytesIO(head)).schema
    except (pa.ArrowException, OSError):
        return None


def _head(file: "CorpusFile") -> bytes:
    """The first whole lines of a file, unpacked, at most about a megabyte."""
    from haipkit.adapters.corpus_files import open_file
    from haipkit.adapters.unpack import Unpacked

    with open_file(file.path) as stream:
        unpacked, head = Unpacked(stream, file.packing), b""
        while len(head) < _SAMPLE and (piece := unpacked.read(_SAMPLE - len(head))):
            head += piece
    return head[: head.rfind(b"\n") + 1] if len(head) >= _SAMPLE and b"\n" in head else head


def write_card(card: dict[str, Any], path: Path) -> None:
    """Keep a card as a file, whole or not at all. Raises CannotWrite."""
    from haipkit.workspace.config import save

    save(path, (json.dumps(card, ensure_ascii=False, indent=2) + "\n").encode())
