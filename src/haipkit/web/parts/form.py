"""From a record kind's own model to a form, and from what was sent back to values: no field is written down twice."""

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from haipkit.web.words import say
from haipkit.workspace.forms import choices

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from haipkit.records.kinds import Kind

MADE_ELSEWHERE = frozenset(
    {
        *("attestation", "redaction", "key-event", "dataset-scan", "dataset-duplicates", "dataset-contamination"),
        *("dataset-rights", "dataset-quality", "dataset-bias", "data-removal", "canaries", "leak-test"),
        *("private-training", "evaluation-plan", "evaluation-run", "comparison", "trace"),
    }
)
"""Kinds that commands of their own make; typed by hand they would be worth a claim."""
SPARE_ROWS = 2
_TALL = 2000
_FEW = 6


@dataclass(frozen=True, slots=True)
class Box:
    """One field as it is drawn. `type`: line, text, lines, day, number, choice, choices, yesno, rows.

    `value` is what was typed or stands: a text, for `choices` a list; `rows` holds boxes of each row.
    """

    name: str
    label: str
    type: str
    needed: bool = False
    hint: str = ""
    value: Any = ""
    options: tuple[tuple[str, str], ...] = ()
    wrong: str = ""
    rows: tuple[tuple["Box", ...], ...] = ()
    listed: bool = False
    """A select instead of radio buttons: there are many options."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A form: what is needed first, the rest folded away unless something stands there."""

    needed: tuple[Box, ...]
    others: tuple[Box, ...]
    open: bool = False
    faults: tuple[tuple[str, str], ...] = field(default=())
    """(name of the field, what is wrong), for the list on top."""


def draw_form(model: "type[BaseModel]", values: Mapping[str, Any], wrong: Mapping[str, str]) -> Drawn:
    """The boxes of a model, filled with JSON values or with texts as they were typed."""
    boxes = [_box(name, info, values.get(name), wrong) for name, info in model.model_fields.items()]
    needed = tuple(box for box in boxes if box.needed)
    others = tuple(box for box in boxes if not box.needed)
    shown = any(box.wrong or (box.value not in ("", "no", []) and box.type != "rows") for box in others)
    known = {box.name: box.label for box in boxes}
    faults = tuple((name, f"{known.get(name.partition('.')[0], name)}: {what}") for name, what in wrong.items())
    return Drawn(needed, others, shown, faults)


def _box(name: str, info: "FieldInfo", value: Any, wrong: Mapping[str, str]) -> Box:
    label = name.rpartition(".")[2].replace("_", " ")
    box = Box(
        name=name,
        label=say(label[:1].upper() + label[1:]),
        type=_type(info),
        needed=info.is_required(),
        hint=say(" ".join((info.description or "").split())) if info.description else "",
        wrong=wrong.get(name, ""),
    )
    if box.type in ("choice", "choices"):
        options = tuple((word, say(word.replace("-", " "))) for word in choices(info.annotation))
        many = value if isinstance(value, list | tuple) else [value] if value else []
        shown = [str(one) for one in many] if box.type == "choices" else str(value or "")
        return replace(box, options=options, value=shown, listed=box.type == "choice" and len(options) > _FEW)
    if box.type == "yesno":
        default = "yes" if info.default is True else "no" if info.default is False else ""
        return replace(box, value={True: "yes", False: "no", None: default}.get(value, str(value)))
    if box.type == "rows":
        return _rows(box, info, value, wrong)
    if box.type == "lines":
        return replace(
            box, value="\n".join(str(one) for one in value) if isinstance(value, list | tuple) else value or ""
        )
    return replace(box, value="" if value is None else str(value))


def _rows(box: Box, info: "FieldInfo", value: Any, wrong: Mapping[str, str]) -> Box:
    inner = _inner_model(info.annotation)
    assert inner is not None
    given = list(value) if isinstance(value, list | tuple) else [value] if isinstance(value, Mapping) else []
    several = _is_many(info.annotation)
    wanted = len(given) + SPARE_ROWS if several else 1
    rows = tuple(
        tuple(
            replace(
                _box(
                    f"{box.name}.{place}.{name}",
                    field_info,
                    (given[place] if place < len(given) else {}).get(name),
                    wrong,
                ),
                needed=False,
            )
            for name, field_info in inner.model_fields.items()
        )
        for place in range(wanted)
    )
    return replace(box, rows=rows, value="" if not given else "given")


def _type(info: "FieldInfo") -> str:
    annotation = info.annotation
    if _inner_model(annotation) is not None:
        return "rows"
    many = _is_many(annotation)
    if choices(annotation):
        return "choices" if many else "choice"
    if many:
        return "lines"
    plain = _plain(annotation)
    if bool in plain:
        return "yesno"
    if int in plain:
        return "number"
    shown = f"{annotation} {info.metadata}"
    if "_day" in shown:
        return "day"
    longest = max((getattr(one, "max_length", 0) or 0 for one in _metadata(annotation, info)), default=0)
    return "text" if longest > _TALL else "line"


def _metadata(annotation: Any, info: "FieldInfo") -> list[Any]:
    found = list(info.metadata)
    for inner in (annotation, *get_args(annotation)):
        if get_origin(inner) is Annotated:
            for one in inner.__metadata__:
                found += [one, *getattr(one, "metadata", ())]
    return found


def _plain(annotation: Any) -> set[Any]:
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return {leaf for part in get_args(annotation) for leaf in _plain(part)}
    return {annotation}


def _is_many(annotation: Any) -> bool:
    if get_origin(annotation) is tuple:
        return True
    return get_origin(annotation) is not Literal and any(_is_many(inner) for inner in get_args(annotation))


def _inner_model(annotation: Any) -> "type[BaseModel] | None":
    if hasattr(annotation, "model_fields"):
        found: type[BaseModel] = annotation
        return found
    if get_origin(annotation) is Literal:
        return None
    return next((model for inner in get_args(annotation) if (model := _inner_model(inner)) is not None), None)


# What comes back


def read_form(model: "type[BaseModel]", form: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was typed, as the model expects it; empty fields left out. A number that is none stays text."""
    values = {name: _value(name, info, form) for name, info in model.model_fields.items()}
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _value(name: str, info: "FieldInfo", form: Mapping[str, Sequence[str]]) -> Any:
    kind = _type(info)
    sent = [one.strip() for one in form.get(name, ())]
    last = sent[-1] if sent else ""
    if kind == "choices":
        return [one for one in sent if one]
    if kind == "lines":
        return [line.strip() for line in last.split("\n") if line.strip()]
    if kind == "number":
        return int(last) if last.isascii() and last.lstrip("-").isdigit() and len(last) < 18 else last
    if kind == "yesno":
        return {"yes": True, "no": False}.get(last, last)
    if kind == "rows":
        return _row_values(name, info, form)
    return last


def _row_values(name: str, info: "FieldInfo", form: Mapping[str, Sequence[str]]) -> Any:
    inner = _inner_model(info.annotation)
    assert inner is not None
    places = sorted(
        {
            int(part)
            for key in form
            if key.startswith(f"{name}.") and (part := key.split(".")[1]).isdigit() and len(part) < 4
        }
    )
    rows = []
    for place in places:
        row = {
            field_name: value
            for field_name, field_info in inner.model_fields.items()
            if (value := _value(f"{name}.{place}.{field_name}", field_info, form)) not in (None, "", [], False)
        }
        if row:
            rows.append(row)
    return rows if _is_many(info.annotation) else (rows[0] if rows else None)


def check_form(kind: "Kind", model: "type[BaseModel]", values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by field, in words; empty when the model takes the values."""
    from pydantic import ValidationError

    try:
        model.model_validate(dict(values))
    except ValidationError as fault:
        found: dict[str, str] = {}
        for error in fault.errors():
            place = [str(part) for part in error["loc"]]
            nested = len(place) > 2 and place[0] in model.model_fields and _type(model.model_fields[place[0]]) == "rows"
            found.setdefault(".".join(place[:3]) if nested else (place[0] if place else ""), _mistake(error))
        return found
    return {}


def _mistake(error: Mapping[str, Any]) -> str:
    kind, more = error["type"], error.get("ctx", {})
    if kind in ("missing", "string_too_short", "too_short"):
        return say("please fill this in.")
    if kind == "literal_error":
        return say("choose one of the answers.")
    if kind == "string_too_long":
        return say(
            "at most {limit} characters; this has {length}.", limit=more["max_length"], length=len(error["input"])
        )
    if kind in ("int_type", "int_parsing"):
        return say("write a whole number.")
    if kind == "bool_parsing":
        return say("choose yes or no.")
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(more.get("pattern", ""), say("this does not have the expected form."))
    message = str(error["msg"]).removeprefix("Value error, ").split("\n")[0]
    return message[:1].lower() + message[1:].rstrip(".") + "."


_PATTERNS = {
    r"^[A-Z]{2}$": say("write each country as two capital letters, such as FR or JP, one a line."),
    r"^(https?://|mailto:|tel:)\S+$": say("write the whole address: https://…, mailto:… or tel:…"),
    r"^[0-9a-f]{64}$": say("write the SHA-256 as 64 small hexadecimal digits."),
    r"^([1-9]|1[0-2])(\.[0-9]{1,2}([a-z])?)?$": say("write a number of our requirements, such as 6, 6.2 or 6.2a."),
}


def kept_file(text: str) -> tuple[str, int, str, str]:
    """A file that an earlier try at the form left here, as the form names it. Raises ValueError."""
    sha256, size, media_type, name = json.loads(text)
    return str(sha256), int(size), str(media_type), str(name)
