"""A report as tagged PDF (PDF/UA-1) through Typst.

Same document, same bytes: the fonts are those inside Typst (Libertinus Serif, New Computer Modern, DejaVu Sans Mono),
the creation time is midnight UTC of the day the report speaks for, and everything a person wrote goes in as data,
never as markup. Characters that these fonts lack, such as Japanese ones, become boxes that carry the characters as
alternative text, and a note at the end counts them. Only where those fonts lack a character are the fonts of this
machine asked to fill in; then the bytes depend on them, and are the same each time on the same machine.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import groupby, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.kernel.clock import parse_instant
from haipkit.kernel.errors import InternalFault
from haipkit.kernel.words import STATUS_GLYPH, Strength
from haipkit.reports.document import Document
from haipkit.reports.render.svg import checked_svg
from haipkit.reports.render.tree import as_tree, mapped
from haipkit.reports.text import count, ranges, visible

if TYPE_CHECKING:
    from typst import Fonts

_TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
_PLAIN = re.compile(r"[\x20-\x7e\n\u00a0-\u017f]*")
_NOT_SHOWN = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_LONG_WORD = re.compile(r"\S{26,}")
_EAST_ASIAN = re.compile(r"CJK|Gothic|Mincho|Han|IPA")
_PROBE = b'#set document(title: "probe")\n#set text(font: sys.inputs.fonts.split("|"))\n#sys.inputs.text'
_BOX = "▯"
_BREAK = "\u200b"
_WORDLESS = " –"
"""Stands in a heading that has no word the fonts can show: PDF/UA wants text there, and boxes are none."""
_CODE_POINTS, _CODE_WIDTH = 7.2, 444.0
"""Size of code, and the width of a line of it, in points; a long command is set smaller, so that it stays one line."""


def render_pdf(document: Document, *, system_fonts: bool = True) -> bytes:
    """The document as PDF/UA-1. Raises BadInput when a chart is not plain SVG, InternalFault when Typst refuses.

    `system_fonts` allows fonts of this machine to show what those inside Typst do not hold.
    """
    import typst

    tree = mapped(as_tree(document), visible)
    fonts = _fonts(False)
    fallback: list[str] = []
    lacking = _lacking(tree, fonts, fallback)
    if lacking and system_fonts:
        all_fonts = _fonts(True)
        fallback = _filling(all_fonts)
        if fallback:
            fonts, lacking = all_fonts, _lacking(tree, all_fonts, fallback)
    _prepare(tree, lacking)
    words = {
        "steps": {strength.word: int(strength) for strength in Strength},
        "glyphs": {str(status): glyph for status, glyph in STATUS_GLYPH.items()},
        "fonts": fallback,
        "owner": tree["identity_shown"][0]["value"],
        "missing": len(lacking),
        "missing_note": (
            f"This file shows {count(len(lacking), 'character')} as boxes because neither its own fonts nor those of "
            "the machine that made it hold them; a screen reader still reads them. The HTML form shows them all."
        ),
    }
    try:
        return bytes(
            typst.compile(
                _TEMPLATE.read_bytes(),
                font_paths=fonts,
                ignore_system_fonts=not fallback,
                sys_inputs={"document": json.dumps(tree), "words": json.dumps(words)},
                pdf_standards=["ua-1"],
                timestamp=int(parse_instant(document.as_of, where="as_of").timestamp()),
            )
        )
    except typst.TypstError as fault:
        raise InternalFault(f"the PDF could not be set: {fault.message}", where=document.report) from fault


@cache
def _fonts(system_fonts: bool) -> "Fonts":
    import typst

    return typst.Fonts(include_system_fonts=system_fonts, include_embedded_fonts=True)


def _filling(fonts: "Fonts") -> list[str]:
    """The family of this machine that is asked first, one for Chinese, Japanese and Korean where there is one; Typst
    goes on to the others by itself. Empty: the machine has no font of its own."""
    families = set(fonts.families()) - set(_fonts(False).families())
    return sorted(families, key=lambda name: (not _EAST_ASIAN.search(name), "Serif" not in name, name))[:1]


def _lacking(tree: Any, fonts: "Fonts", fallback: list[str]) -> frozenset[str]:
    """The characters of the document that the fonts cannot show: asked of Typst itself, on a page of each one once."""
    unusual = {character for text in _texts(tree) if not _PLAIN.fullmatch(text) for character in text}
    unusual = {character for character in unusual if not _PLAIN.fullmatch(character) and not character.isspace()}
    lacking: set[str] = set()
    while refused := _refused(sorted(unusual - lacking), fonts, fallback):
        lacking |= refused
    return frozenset(lacking)


def _refused(characters: list[str], fonts: "Fonts", fallback: list[str]) -> set[str]:
    import typst

    if not characters:
        return set()
    inputs = {"text": " ".join(characters), "fonts": "|".join(["Libertinus Serif", *fallback])}
    try:
        typst.compile(
            _PROBE, font_paths=fonts, ignore_system_fonts=not fallback, sys_inputs=inputs, pdf_standards=["ua-1"]
        )
    except typst.TypstError as fault:
        found = {character for shown in _NOT_SHOWN.findall(fault.diagnostic) for character in _unescaped(shown)}
        # Every round must shrink the set, else a text that Typst reports in another way would loop for ever.
        return found & set(characters) or set(characters)
    return set()


def _unescaped(shown: str) -> str:
    """Undo the escapes of Rust's debug form: `\\u{200b}`, `\\"`, `\\\\`."""
    plain = re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found.group(1), 16)), shown)
    return re.sub(r"\\(.)", r"\1", plain)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _prepare(tree: dict[str, Any], lacking: frozenset[str]) -> None:
    """Reshape the tree for the template: boxes for missing characters, breaks in long words, widths for columns."""
    del tree["data"]
    boxes = {ord(character): _BOX for character in lacking}

    def shown(text: str) -> Any:
        return _pieces(_LONG_WORD.sub(_breakable, text), lacking)

    for block in tree["blocks"]:
        if block["type"] == "figure":
            block["alt"] = f"{block['title']}. {block['description']}"
            block["svg"] = checked_svg(block["svg"]).translate(boxes)
            _measure(block["table"])
        elif block["type"] == "table":
            _measure(block)
        elif block["type"] == "code":
            block["points"] = str(round(max(min(_CODE_POINTS, _CODE_WIDTH / (0.603 * len(block["text"]) + 1)), 4.5), 2))
    _number_notes(tree["blocks"])
    first = next((place for place, b in enumerate(tree["blocks"]) if b["type"] == "heading"), len(tree["blocks"]))
    tree["lead_in"] = first
    tree["heading"] = shown(tree["title"])
    tree["subtitle"] = shown(tree["subtitle"])
    tree["identity_shown"] = [{"name": fact["name"], "value": shown(fact["value"])} for fact in tree["identity"]]
    tree["blocks"] = [_shown_block(block, shown) for block in tree["blocks"]]
    for block, after in zip_longest(tree["blocks"], tree["blocks"][1:]):
        if block["type"] == "heading":
            block["text"] = _with_words(block["text"])
        elif block["type"] == "paragraph" and after is not None and after["type"] == "figure":
            block["sticky"] = True


def _number_notes(blocks: list[dict[str, Any]]) -> None:
    """Give each claim its footnote; within a section the same records are footnoted once and named again."""
    seen: dict[str, str] = {}
    for place, block in enumerate(blocks):
        if block["type"] == "heading" and block["level"] == 2:
            seen = {}
        items = block["items"] if block["type"] == "bullets" else [block]
        for position, item in enumerate(items):
            if item["type"] != "claim" or "proofs" not in item:
                continue
            rests_on = json.dumps(item["proofs"])
            if rests_on in seen:
                item["again"] = seen[rests_on]
            else:
                item["note"] = seen[rests_on] = f"note-{place}-{position}"
                item["footnote"] = _footnote(item["proofs"])


_NAMED = 6
"""Records that one footnote names in full; the others by their entry in the log."""


def _footnote(proofs: list[dict[str, Any]]) -> str:
    named = [
        f"ledger entry {proof['index']}, record {proof['record']} ({proof['kind']}, {proof['strength']})"
        for proof in proofs[:_NAMED]
    ]
    if len(proofs) > _NAMED:
        named.append("and " + _entries(proofs[_NAMED:]))
    return "; ".join(named) + "."


def _entries(proofs: list[dict[str, Any]]) -> str:
    return ("entry " if len(proofs) == 1 else "entries ") + ranges(proof["index"] for proof in proofs)


_SHOWN = frozenset({"text", "caption", "columns", "title", "description", "name", "value", "tag"})
_KEPT = frozenset(
    {
        "type",
        "svg",
        "alt",
        "proofs",
        "kind",
        "anchor",
        "status",
        "strength",
        "points",
        "note",
        "again",
        "footnote",
        "entries",
    }
)


def _shown_block(value: Any, shown: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: inner if key in _KEPT else _shown_text(inner, shown) if key in _SHOWN else _shown_block(inner, shown)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_shown_block(inner, shown) for inner in value]
    return value


def _shown_text(value: Any, shown: Any) -> Any:
    return [shown(item) for item in value] if isinstance(value, list) else shown(value)


def _breakable(found: re.Match[str]) -> str:
    """A word too long for a line may break: after punctuation where there is some, else every 16 characters."""
    word = re.sub(r"([/.\-_=+,:;|?&])(?=\w)", "\\1" + _BREAK, found.group())
    return re.sub(rf"([^{_BREAK}]{{16}})(?=[^{_BREAK}])", "\\1" + _BREAK, word)


def _pieces(text: str, lacking: frozenset[str]) -> Any:
    """The text itself, or a list of texts, None where a line may break, and runs of characters that cannot be shown."""
    if _BREAK not in text and lacking.isdisjoint(text):
        return text
    parts: list[Any] = []
    for place, chunk in enumerate(text.split(_BREAK)):
        if place:
            parts.append(None)
        for missing, run in groupby(chunk, key=lacking.__contains__):
            word = "".join(run)
            parts.append({"missing": word, "shown": len(word)} if missing else word)
    return parts


def _with_words(shown: Any) -> Any:
    parts = [shown] if isinstance(shown, str) else shown
    words = "".join(part for part in parts if isinstance(part, str))
    return shown if any(unicodedata.category(character)[0] in "LNPS" for character in words) else [*parts, _WORDLESS]


def _measure(table: dict[str, Any]) -> None:
    """Column widths in millimetres: each holds its longest word, and what is left goes by the length of the cells."""
    narrow, wanted, right = [], [], []
    for row in table["rows"]:
        for cell in row:
            if "proofs" in cell:
                cell["entries"] = _entries(cell["proofs"])
    for place, name in enumerate(table["columns"]):
        cells = [row[place] for row in table["rows"] if place < len(row)]
        lengths = [_length(cell) for cell in cells]
        right.append(bool(cells) and all(cell.get("numeric") for cell in cells))
        longest = max([_longest_word(name), *map(_longest_cell_word, cells)])
        mean = sum(lengths) / len(lengths) if lengths else 0
        narrow.append(longest * _LETTER + _GAP)
        wanted.append(max(narrow[-1], min(max(lengths, default=0), max(2 * mean, 24)) * _LETTER + _GAP))
    table["widths"], table["right"] = [round(width, 1) for width in _shared_out(narrow, wanted)], right


_LETTER, _GAP, _LINE = 1.52, 3.5, 162.0
"""Millimetres: an average letter in a table, the space between columns, the line."""


def _shared_out(narrow: list[float], wanted: list[float]) -> list[float]:
    if sum(wanted) <= _LINE:
        spare = _LINE - sum(wanted)
        widest = max(range(len(wanted)), key=lambda place: wanted[place])
        # A table of one or two short columns stays narrow: figures far from their names are hard to read.
        return [width + (spare if place == widest and len(wanted) > 2 else 0) for place, width in enumerate(wanted)]
    room = _LINE - sum(narrow)
    if room <= 0:
        return [width * _LINE / sum(narrow) for width in narrow]
    more = [want - least for want, least in zip(wanted, narrow, strict=True)]
    return [least + room * extra / sum(more) for least, extra in zip(narrow, more, strict=True)]


def _longest_word(text: str) -> float:
    words = [len(word) if len(word) < 26 else 17 for word in text.split()]
    return max(words, default=0)


def _longest_cell_word(cell: dict[str, Any]) -> float:
    marks = [len(cell["status"]) + 3] if "status" in cell else []
    if "strength" in cell:
        marks.append(max(map(len, cell["strength"].split())) + 3)
    return max([_longest_word(cell["text"]), *marks]) * (1.05 if cell.get("mono") else 1)


def _length(cell: dict[str, Any]) -> int:
    marks = [cell.get("status", ""), cell.get("strength", "")]
    return len(cell["text"]) + len(cell.get("entries", "")) + sum(len(mark) + 3 for mark in marks if mark)
