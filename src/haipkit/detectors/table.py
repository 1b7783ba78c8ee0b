"""Reads the rule table: `rules/*.toml` of the product, and a file of the user's own in the same form."""

import hashlib
import json
import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from haipkit.detectors import checks, grammar
from haipkit.detectors.fold import fold
from haipkit.detectors.model import BEFORE, PROOFS, Element, Form, Rule, Rules
from haipkit.detectors.notation import anchor_of, read_shape
from haipkit.kernel.errors import BadInput

_FOLDER = Path(__file__).parent / "rules"
_FIELDS = {
    "name", "kind", "country", "priority", "proof", "shapes", "groups", "separators", "grammar", "check", "context",
    "not_after", "joins", "not_values", "reach", "misses", "source",
}  # fmt: skip
_CHECKS = {function.__name__: number for number, function in enumerate(checks.CHECKS)}
# The numbers of digits (or of characters) a check reads. A shape of another length would make it read beside the value.
_LENGTHS = {
    "card": (14, 19), "us_ssn": (9, 9), "us_ein": (9, 9), "uk_nino": (9, 9), "uk_nhs": (10, 10),
    "it_codice_fiscale": (16, 16), "it_partita_iva": (11, 13), "fr_nir": (15, 15), "fr_siret": (14, 14),
    "de_steuer_id": (11, 11), "de_sozialversicherung": (12, 12), "jp_my_number": (12, 12), "jp_corporate": (13, 14),
    "date_ymd": (8, 8), "nanp": (10, 11),
}  # fmt: skip


@lru_cache(maxsize=8)
def load_rules(extra: Path | None = None) -> Rules:
    """The product's rules, and those of the TOML file `extra`. Raises BadInput naming file and rule."""
    paths = sorted(_FOLDER.glob("*.toml"))
    words: dict[str, dict[str, list[str]]] = {}
    rows: list[tuple[str, dict[str, Any]]] = []
    for path in [*paths, *([extra] if extra else [])]:
        table = _parse(path)
        for name, lists in table.pop("words", {}).items():
            where = f"{path.name}, words {name}"
            if not isinstance(lists, dict) or not all(_are_texts(one) for one in lists.values()):
                raise BadInput('word lists are given by language: en = ["…"]', where=where)
            words[name] = lists
        entries = table.pop("rule", [])
        if table or not isinstance(entries, list):
            raise BadInput(
                f"only [words.…] and [[rule]] belong here, not {', '.join(table) or 'rule'}", where=path.name
            )
        rows += [(path.name, entry) for entry in entries]
    rules = [_rule(entry, file, words) for file, entry in rows]
    return compile_rules(
        rules, {name: [word for one in lists.values() for word in one] for name, lists in words.items()}
    )


def only(rules: Rules, kinds: Collection[str]) -> Rules:
    """The table cut down to some kinds. Raises BadInput for a kind that no rule has."""
    unknown = sorted(set(kinds) - set(rules.kinds))
    if unknown:
        raise BadInput(f"no rule finds {', '.join(unknown)}", advice=f"There are: {', '.join(rules.kinds)}.")
    chosen = [rule for rule in rules.rules if rule.kind in kinds]
    return compile_rules(chosen, {name: [word.decode() for word in lists] for name, lists in rules.words.items()})


def compile_rules(rules: Iterable[Rule], words: dict[str, list[str]]) -> Rules:
    """Order rules by priority, expand their shapes, fold their words, and name the whole by its digest."""
    ordered = sorted(rules, key=lambda rule: rule.priority)
    seen: set[str] = set()
    forms: list[Form] = []
    for number, rule in enumerate(ordered):
        if rule.name in seen:
            raise BadInput(f"two rules are called {rule.name}")
        seen.add(rule.name)
        forms += _forms(number, rule)
    used = {rule.context for rule in ordered} | {rule.not_after for rule in ordered}
    folded = {name: _folded(words[name]) for name in sorted(used - {""})}
    content = json.dumps(
        [[asdict(rule) for rule in ordered], {name: [w.hex() for w in one] for name, one in folded.items()}],
        sort_keys=True,
    )
    return Rules(tuple(ordered), tuple(forms), folded, hashlib.sha256(content.encode()).hexdigest())


LOWER = bytes(byte + 32 if 0x41 <= byte <= 0x5A else 0x20 if byte in b"_-\n\r\t" else byte for byte in range(256))


def _folded(words: list[str]) -> tuple[bytes, ...]:
    """Every word as it stands in folded, lowered text; accented letters in both cases, since only ASCII is lowered."""
    found = {fold(form.encode())[0].translate(LOWER) for word in words for form in (word.lower(), word.upper())}
    return tuple(sorted(found))


def _forms(number: int, rule: Rule) -> list[Form]:
    where = f"rule {rule.name}"
    if rule.grammar in ("mail", "url_credentials"):
        return [Form(number, (), rule.grammar, rule.grammar.split("_")[0], 0, 0)]
    found = {}
    for shape in rule.shapes:
        for separator in rule.separators if "~" in shape else ("",):
            elements = read_shape(shape, separator, where)
            length = _LENGTHS.get(rule.check)
            if length and not rule.grammar and not _fits(elements, length):
                raise BadInput(f"the check {rule.check} does not read values of the shape {shape!r}", where=where)
            found[elements] = Form(number, elements, rule.grammar, *anchor_of(elements, where))
    return list(found.values())


def _fits(elements: tuple[Element, ...], length: tuple[int, int]) -> bool:
    kept = [element for element in elements if not element.members <= frozenset(SEPARATORS)]
    return bool(length[0] <= sum(e.least for e in kept) and sum(e.most for e in kept) <= length[1])


# Marks that join a value to its neighbours, in the order of their bits in grammar.joined.
JOINS = "-./:#[("
# What a check does not see, unless it reads the value as written.
SEPARATORS = b" -./():,+"
RAW = ("ipv4", "ipv4_alone", "date_dmy", "date_kanji", "date_words", "date_english", "crc32_base62", "mixed")


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput(f"this rule file cannot be read: {fault}", where=str(path)) from fault
    except tomllib.TOMLDecodeError as fault:
        raise BadInput(f"this rule file is not TOML: {fault}", where=str(path)) from fault


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)


def _rule(entry: Any, file: str, words: dict[str, Any]) -> Rule:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise BadInput("every [[rule]] needs a name", where=file)
    where = f"{file}, rule {entry['name']}"
    unknown = set(entry) - _FIELDS
    if unknown:
        raise BadInput(f"unknown field {', '.join(sorted(unknown))}", where=where)

    def text(field: str, default: str = "", allowed: Collection[str] | None = None) -> str:
        value = entry.get(field, default)
        if not isinstance(value, str) or (allowed is not None and value not in allowed):
            known = f" (known: {', '.join(sorted(filter(None, allowed)))})" if allowed else ""
            raise BadInput(f"{field} cannot be {value!r}{known}", where=where)
        return value

    def texts(field: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = entry.get(field, list(default))
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise BadInput(f"{field} is a list of texts", where=where)
        return tuple(value)

    shapes = (*(_digits(one, where) for one in entry.get("groups", [])), *texts("shapes"))
    rule = Rule(
        name=text("name"),
        kind=text("kind"),
        country=text("country") or None,
        priority=entry.get("priority", 500),
        proof=text("proof", "form+context", PROOFS),
        shapes=shapes,
        separators=texts("separators", (" ", "-", "")),
        grammar=text("grammar", "", grammar.WALKS),
        check=text("check", "none", _CHECKS),
        context=text("context", "", ("", *words)),
        not_after=text("not_after", "", ("", *words)),
        joins=text("joins", "-./:"),
        not_values=texts("not_values"),
        reach=entry.get("reach", 0),
        misses=text("misses"),
        source=text("source"),
    )
    if not re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", rule.name) or not re.fullmatch(
        r"[a-z0-9]+(-[a-z0-9]+)*", rule.kind
    ):
        raise BadInput("name and kind are lower-case words joined by hyphens", where=where)
    if not isinstance(rule.priority, int) or isinstance(rule.priority, bool):
        raise BadInput("priority is a whole number", where=where)
    if not set(rule.joins) <= set(JOINS):
        raise BadInput(f"joins is made of the marks {JOINS}", where=where)
    if type(rule.reach) is not int or not 0 <= rule.reach <= BEFORE:
        raise BadInput(f"reach is a number of bytes from 0 to {BEFORE}", where=where)
    if rule.needs_context and not rule.context:
        raise BadInput(f"the proof {rule.proof!r} needs a context, the name of a word list", where=where)
    if rule.proof == "check" and rule.check == "none" and not rule.grammar and not rule.shapes[0][:3].isalpha():
        raise BadInput('a rule without a check cannot have the proof "check"', where=where)
    if not shapes and rule.grammar not in ("mail", "url_credentials"):
        raise BadInput("a rule needs shapes or groups", where=where)
    return replace(rule, not_values=tuple(re.sub(r"[^0-9A-Za-z@.]", "", value) for value in rule.not_values))


def _digits(lengths: Any, where: str) -> str:
    if not isinstance(lengths, list) or not lengths or not all(type(n) is int and 1 <= n <= 20 for n in lengths):
        raise BadInput(f"groups are lists of lengths like [4, 4, 4, 4], not {lengths!r}", where=where)
    return "~".join(f"\\d{{{n}}}" for n in lengths)
