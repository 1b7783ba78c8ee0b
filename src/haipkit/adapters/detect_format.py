"""Which of the formats read here a file has, told by its content. The name only appears in messages."""

from collections.abc import Callable
from typing import Any

from haipkit.adapters._limits import MAX_BYTES, check_size, read_json, xml_root
from haipkit.adapters._values import line
from haipkit.adapters.imported import Imported
from haipkit.kernel.errors import BadInput

_EXPECTED = (
    "Read here: JUnit XML (<testsuites>), SARIF 2.1.0, Inspect logs (.eval or .json), CycloneDX 1.4 to 1.7 "
    "(JSON or XML), what pytest --haip-out writes, and results of garak, promptfoo, lm-eval, deepteam, PyRIT, Moonshot "
    "and AI Verify. Anything else can be kept with `haip evidence add`."
)
_SQLITE = b"SQLite format 3\x00"


def detect(data: bytes, name: str, *, max_bytes: int = MAX_BYTES) -> str:
    """The format, named as its reader: `junit`, `inspect`, `garak` … Raises BadInput that says what is read."""
    check_size(data, name, max_bytes)
    if data.startswith(_SQLITE):
        return "pyrit"
    if data.startswith(b"PK"):
        return _zipped(data, name, max_bytes)
    if _looks_like_xml(data):
        root = xml_root(data, name, max_bytes)
        if root.tag in ("testsuites", "testsuite"):
            return "junit"
        if root.tag == "bom" and "cyclonedx" in root.namespace:
            return "cyclonedx"
        raise BadInput(
            f"XML with the root element <{line(root.tag, limit=60)}> is not known here", where=name, advice=_EXPECTED
        )
    if (found := _lines_format(data, name, max_bytes)) is not None:
        return found
    try:
        document = read_json(data, name, max_bytes)
    except BadInput as fault:
        raise BadInput(fault.what, where=fault.where, advice=_EXPECTED) from None
    found = _json_format(document)
    if found is None:
        raise BadInput("this JSON is in no format known here", where=name, advice=_EXPECTED)
    return found


def read_any(
    data: bytes, *, name: str, max_bytes: int = MAX_BYTES, beside: Callable[[str], bytes | None] | None = None
) -> list[Imported]:
    """Detect the format and read it: the records that the file holds, in its order. Raises BadInput.

    `beside` gives the bytes of a file of the same folder by name, for formats that keep their samples there.
    """
    from importlib import import_module

    form = detect(data, name, max_bytes=max_bytes)
    module = import_module(f"haipkit.adapters.read_{form}")
    more = {"beside": beside} if form == "lm_eval" else {}
    records: list[Imported] = module.read(data, name=name, max_bytes=max_bytes, **more)
    return records


def _looks_like_xml(data: bytes) -> bool:
    return data[:200].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<")


def _zipped(data: bytes, name: str, max_bytes: int) -> str:
    from haipkit.adapters._archive import Archive

    members = Archive(data, name, max_bytes, max_bytes)
    if "header.json" in members or "_journal/start.json" in members:
        return "inspect"
    raise BadInput("this ZIP archive is not an Inspect log", where=name, advice=_EXPECTED)


def _lines_format(data: bytes, name: str, max_bytes: int) -> str | None:
    """Told by the first line, where that is a JSON object of its own and more lines follow or it says what it is."""
    first = data.lstrip().split(b"\n", 1)[0].strip()
    if not (first.startswith(b"{") and first.endswith(b"}")):
        return None
    try:
        entry = read_json(first, name, max_bytes)
    except BadInput:
        return None
    if "entry_type" in entry:
        return "garak"
    if {"attempt_id", "probe", "detector"} <= set(entry):
        raise BadInput(
            "this is garak's hit log, which holds failures alone: no rate follows from it",
            where=name,
            advice="Import the *.report.jsonl that lies beside it.",
        )
    if {"doc_id", "filtered_resps"} <= set(entry):
        raise BadInput(
            "these are samples of lm-eval, which do not say what was run",
            where=name,
            advice="Import the results_*.json that lies beside them; the samples are read with it.",
        )
    return None


def _json_format(document: object) -> str | None:
    if not isinstance(document, dict):
        return None
    if document.get("bomFormat") == "CycloneDX":
        return "cyclonedx"
    if document.get("format") == "haipkit-pytest":
        return "pytest"
    if isinstance(document.get("eval"), dict) and "status" in document:
        return "inspect"
    if "runs" in document and ("version" in document or "sarif" in str(document.get("$schema", "")).lower()):
        return "sarif"
    return _evaluation_format(document)


def _evaluation_format(document: dict[str, Any]) -> str | None:
    inner = document.get("results")
    if isinstance(inner, dict):
        if "lm_eval_version" in document:
            return "lm_eval"
        if isinstance(inner.get("results"), list):
            return "promptfoo"
    if "overview" in document and "test_cases" in document:
        return "deepteam"
    if {"raw_results", "start_time", "status"} <= set(document):
        return "moonshot"
    if {"gid", "cid", "testArguments", "output"} <= set(document):
        return "ai_verify"
    return None
