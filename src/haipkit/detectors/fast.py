"""The fast engine: compiles the kernel with numba, keeps its code in a folder of our own, and lays out its tables.

Compiling takes many seconds, so nobody waits for it by surprise: `is_warm` says whether the compiled code of exactly
these sources, this interpreter, this numba and this processor lies ready, and `warm` makes it so.
"""

import hashlib
import os
import platform
import sys
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haipkit.detectors import checks, grammar, kernel, kernel_fold, model, neighbours
from haipkit.detectors.kernel import AT, COLON, DIGIT, PAIRS, RUN, SCRATCH, TRIGGER, pair
from haipkit.detectors.model import Form, Rules
from haipkit.detectors.notation import DIGITS, WORD
from haipkit.detectors.table import JOINS, LOWER, RAW, SEPARATORS
from haipkit.kernel.errors import CannotWrite, Unavailable

_READY = "ready"
_MODULES = (checks, grammar, neighbours, kernel_fold, kernel)
ENTRY = "scan_documents"
# Called so often that a call would cost more than the work: numba counts references to arrays around every call.
INLINED = ("match", "pair", "letter", "is_word", "meaning", "copied", "after_digit", "unfolded")
Places = npt.NDArray[np.int64]


@lru_cache(maxsize=1)
def cache_folder() -> Path | None:
    """Where the compiled code of this very combination belongs; None when numba is not installed.

    Everything that could make stale code wrong is in the name: no folder is ever read by another combination.
    """
    try:
        versions = [metadata.version("numba"), metadata.version("llvmlite"), metadata.version("numpy")]
    except metadata.PackageNotFoundError:
        return None
    digest = hashlib.sha256("\n".join([sys.version, *versions, platform.machine(), _processor()]).encode())
    for module in (*_MODULES, model, sys.modules[__name__]):
        digest.update(Path(str(module.__file__)).read_bytes())
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(base) / "haipkit" / f"scan-{digest.hexdigest()[:24]}"


def _processor() -> str:
    """Model and features of the processor: code compiled for one may be an illegal instruction on another."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
    return platform.processor()


def is_warm() -> bool:
    """Does the compiled code lie ready? Imports nothing."""
    folder = cache_folder()
    return folder is not None and (folder / _READY).is_file()


def warm() -> Path:
    """Compile the kernel where that is not done yet, and return the folder of the compiled code.

    Raises Unavailable without numba and CannotWrite when the folder cannot be written.
    """
    from haipkit.detectors.controls import control_batch, verify_controls
    from haipkit.detectors.scan import scan_batch
    from haipkit.detectors.table import load_rules

    folder = cache_folder()
    if folder is None:
        raise Unavailable("the fast engine needs numba", advice="Install the extra: haipkit[fast].")
    if is_warm():
        return folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        rules = load_rules()
        verify_controls(scan_batch(control_batch(rules), rules, engine="fast"), rules)
        (folder / _READY).write_text("compiled and checked\n", encoding="utf-8")
    except OSError as fault:
        raise CannotWrite(f"the compiled scanner cannot be kept: {fault}", where=str(folder)) from fault
    return folder


@lru_cache(maxsize=1)
def compiled() -> Callable[..., tuple[int, int]]:
    """The kernel as machine code; it releases the GIL. From the cache folder, or compiled into it."""
    import numba

    folder = cache_folder()
    jit = numba.njit(nogil=True, error_model="numpy")
    inlined = numba.njit(nogil=True, error_model="numpy", inline="always")
    twins: dict[str, types.ModuleType] = {}
    for module in _MODULES:
        # Functions refer to one another by the names of their module; in the twin these names lead to compiled twins.
        twin = types.ModuleType(module.__name__)
        names = vars(twin)
        names.update(vars(module))
        names.update(twins)
        for name, function in vars(module).items():
            if isinstance(function, types.FunctionType) and function.__module__ == module.__name__:
                copy = types.FunctionType(function.__code__, names, name, function.__defaults__)
                names[name] = cached(copy, folder) if name == ENTRY else inlined(copy) if name in INLINED else jit(copy)
        twins[module.__name__.rpartition(".")[2]] = twin
    entry: Callable[..., tuple[int, int]] = vars(twins["kernel"])[ENTRY]
    return entry


def cached(function: types.FunctionType, folder: Path | None) -> Any:
    """Compile with the cache of numba in `folder`, whatever the environment says about its place."""
    import numba
    from numba.core import config

    before = config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    try:
        return numba.njit(nogil=True, error_model="numpy", cache=True)(function)
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]


def _ranges(keys: Sequence[int]) -> list[int]:
    """For sorted bytes `keys`, where each byte begins, and the end: 257 places."""
    return [int(place) for place in np.searchsorted(np.asarray(keys, dtype=np.int64), np.arange(257))]


def _ends(values: Iterable[Sequence[Any]]) -> list[int]:
    return [0, *accumulate(len(value) for value in values)]


def _flags(members: Iterable[int]) -> bytes:
    chosen = set(members)
    return bytes(byte in chosen for byte in range(256))


def _events(triggers: Collection[int], grammars: Mapping[str, Sequence[int]]) -> bytes:
    """For each byte, what it may begin: the class byte that the prefilter reads."""
    events = bytearray(256)
    for members, event, present in (
        (DIGITS, DIGIT, True),
        (triggers, TRIGGER, True),
        (b"@", AT, grammars["mail"]),
        (b":", COLON, grammars["url"]),
    ):
        for byte in members if present else ():
            events[byte] |= event
    return bytes(events)


@lru_cache(maxsize=8)
def tables_of(rules: Rules) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """`ints` and `codes` of the kernel for `rules`, as described there."""
    classes: dict[frozenset[int], int] = {}
    elements = [
        (classes.setdefault(element.members, len(classes)), element.least, element.most)
        for form in rules.forms
        for element in form.elements
    ]
    triggers = _triggers(rules.forms)
    slots = {byte: place for place, byte in enumerate(sorted({one[0] for one in triggers}))}
    grammars = {name: [form.rule for form in rules.forms if form.anchor == name] for name in ("mail", "url")}
    following, heads, lists, previous, offsets = _heads(rules.forms)
    ints: dict[str, Sequence[Any]] = {
        "ELEMENTS": elements,
        "FORM_AT": _ends(form.elements for form in rules.forms),
        "FORM_RULE": [form.rule for form in rules.forms],
        "FORM_WALK": [grammar.WALKS.index(form.grammar) for form in rules.forms],
        "OFFSETS": offsets,
        "HEADS": heads,
        "PREVIOUS": previous,
        "LIST_AT": _ends(lists),
        "LIST_FORMS": [number for one in lists for number in one],
        "TRIGGER_AT": _ranges([trigger for trigger, *_ in triggers]),
        "TRIGGERS": [one[1:] for one in triggers],
        "SLOTS": [slots.get(byte, 0) for byte in range(256)],
        "MAIL": grammars["mail"],
        "URL": grammars["url"],
        "RULE_FACTS": _rule_facts(rules),
        "NOT_AT": _ends(rule.not_values for rule in rules.rules),
        "NOT_ENDS": _ends(value for rule in rules.rules for value in rule.not_values),
        **_words(rules),
    }
    begins = frozenset(trigger for trigger, *_ in triggers)
    codes = _events(begins, grammars) + LOWER + _flags(SEPARATORS) + following + _flags(b"\xc2\xe2\xef\x80\xbc")
    second = [frozenset().union(*(_second(rules.forms[number]) for number in one)) for one in lists]
    parts = {
        "SECOND": b"".join(map(_flags, second)),
        "NEXT": b"".join(_flags(_next(rules.forms, byte)) for byte in slots),
        "MEMBERS": b"".join(map(_flags, classes)),
    }
    header = dict.fromkeys(kernel.NAMES, 0)
    for name, part in (parts | _texts(rules)).items():
        header[name] = len(codes)
        codes += part
    header |= {"OFFSET_COUNT": len(offsets), "MAIL_COUNT": len(grammars["mail"]), "URL_COUNT": len(grammars["url"])}
    header["FOLLOWING_COUNT"] = max(following) + 1
    flat = {name: np.asarray(values, dtype=np.int32).reshape(-1) for name, values in ints.items()}
    at = len(header)
    for name, values in flat.items():
        header[name] = at
        at += len(values)
    whole = np.concatenate([np.array([header[name] for name in kernel.NAMES], dtype=np.int32), *flat.values()])
    return whole, np.frombuffer(bytearray(codes), dtype=np.uint8)


def _triggers(forms: Sequence[Form]) -> list[tuple[int, ...]]:
    return sorted(
        (form.trigger, number, form.offset, *_beside(form))
        for number, form in enumerate(forms)
        if form.anchor == "byte"
    )


def _texts(rules: Rules) -> dict[str, bytes]:
    """The values to ignore and the words, end to end, and the pairs of bytes that words have at their ends."""
    lists = [rules.words[name] for name in sorted(rules.words)]
    return {
        "NOT_BYTES": b"".join(value.encode() for rule in rules.rules for value in rule.not_values),
        "WORD_BYTES": b"".join(word for one in lists for word in one),
        "PAIRS_BEFORE": b"".join(_pairs(one, last=True) for one in lists),
        "PAIRS_AFTER": b"".join(_pairs(one, last=False) for one in lists),
    }


def _rule_facts(rules: Rules) -> list[tuple[int, ...]]:
    names = sorted(rules.words)
    numbers = {function.__name__: number for number, function in enumerate(checks.CHECKS)}
    return [
        (
            numbers[rule.check],
            rule.check in RAW,
            sum(1 << JOINS.index(mark) for mark in rule.joins),
            {"check": 2, "check+context": 1}.get(rule.proof, 0),
            rule.needs_context,
            names.index(rule.context) if rule.context else -1,
            names.index(rule.not_after) if rule.not_after else -1,
            rule.reach,
        )
        for rule in rules.rules
    ]


def _words(rules: Rules) -> dict[str, Sequence[Any]]:
    """Words numbered through all lists, and for each list their order by last and by first byte."""
    by_last: list[int] = []
    by_first: list[int] = []
    last: list[list[int]] = []
    first: list[list[int]] = []
    words: list[bytes] = []
    for name in sorted(rules.words):
        begin = len(words)
        words += rules.words[name]
        numbers = range(begin, len(words))
        for order, places, end in ((by_last, last, -1), (by_first, first, 0)):
            ordered = sorted(numbers, key=lambda number, end=end: words[number][end])  # type: ignore[misc]
            places.append([begin + place for place in _ranges([words[number][end] for number in ordered])])
            order += ordered
    return {
        "WORD_BY_LAST": last,
        "WORD_BY_FIRST": first,
        "WORDS_LAST": by_last,
        "WORDS_FIRST": by_first,
        "WORD_ENDS": _ends(words),
    }


def _heads(forms: Sequence[Form]) -> tuple[bytes, Any, list[tuple[int, ...]], list[int], list[int]]:
    """The prefilter: which digit forms can go on from a first digit, the length of its run and the byte after it.

    Returns the class of every following byte, the table, the lists of forms that it names, by byte before the first
    digit the offsets that it allows as bits, and the offsets.
    """
    digit = [(number, form, *_first_run(form)) for number, form in enumerate(forms) if form.anchor == "digit"]
    offsets = sorted({form.offset for _, form, *_ in digit})
    kinds: dict[tuple[bool, ...], int] = {}
    following = bytes(kinds.setdefault(tuple(byte in after for *_, after in digit), len(kinds)) for byte in range(256))
    examples = {kind: byte for byte, kind in enumerate(following)}
    heads = np.zeros((len(offsets), 10, RUN, len(kinds)), dtype=np.int32)
    lists: dict[tuple[int, ...], int] = {(): 0}
    for place, first, run, kind in np.ndindex(*heads.shape):
        fitting = tuple(
            number
            for number, form, firsts, runs, after in digit
            if form.offset == offsets[place] and 48 + first in firsts and run in runs and examples[kind] in after
        )
        heads[place, first, run, kind] = lists.setdefault(fitting, len(lists))
    allowed = [
        frozenset().union(*(_before_digit(form) for _, form, *_ in digit if form.offset == offset))
        for offset in offsets
    ]
    previous = [sum((byte in allowed[k]) << k for k in range(len(offsets))) for byte in range(256)]
    return following, heads, list(lists), previous, offsets


def _second(form: Form) -> frozenset[int]:
    """The bytes that can stand as the second one after the first digit run."""
    skipped = 0
    rest = list(form.elements)
    while rest and skipped < form.offset:
        skipped += rest.pop(0).least
    while rest and rest[0].members <= DIGITS:
        rest.pop(0)
    if len(rest) < 2 or rest[0].most > 1 or rest[0].members & DIGITS:
        return frozenset(range(256))
    return rest[1].members


def _next(forms: Sequence[Form], trigger: int) -> frozenset[int]:
    """The bytes that can stand after a trigger in the forms that it announces."""
    found: set[int] = set()
    for form in forms:
        if form.anchor == "byte" and form.trigger == trigger:
            at = 0
            for number, element in enumerate(form.elements):
                if at == form.offset:
                    found |= form.elements[number + 1].members if number + 1 < len(form.elements) else set(range(256))
                    break
                at += element.least
    return frozenset(found)


def _beside(form: Form) -> tuple[int, int]:
    """Another fixed byte of a form and its distance from the trigger; (0, -1) when there is none."""
    at = 0
    for element in form.elements:
        if at != form.offset and len(element.members) == 1 and element.members != {form.trigger}:
            return at - form.offset, next(iter(element.members))
        if element.least != element.most:
            break
        at += element.least
    return 0, -1


def _pairs(words: Sequence[bytes], *, last: bool) -> bytes:
    """Flags over pairs of neighbouring bytes: may a word end, or begin, with them?"""
    flags = bytearray(PAIRS)
    for word in words:
        for other in range(256) if len(word) == 1 else word[-2:-1] if last else word[1:2]:
            flags[pair(other, word[-1]) if last else pair(word[0], other)] = 1
    return bytes(flags)


def _before_digit(form: Form) -> frozenset[int]:
    """The bytes that can stand before the first digit of a form."""
    skipped = 0
    before = frozenset(range(256)) - WORD
    for element in form.elements:
        if skipped >= form.offset:
            break
        skipped += element.least
        before = element.members
    return before


def _first_run(form: Form) -> tuple[frozenset[int], range, frozenset[int]]:
    """First digits a form can have, lengths of its first digit run, and the bytes that can follow that."""
    anything = frozenset(range(256))
    firsts: frozenset[int] | None = None
    least = most = skipped = 0
    for element in form.elements:
        if skipped < form.offset:
            skipped += element.least
            continue
        firsts = firsts or element.members
        if element.members <= DIGITS:
            least += element.least
            most += element.most
        elif not element.members & DIGITS:
            return firsts, range(min(least, RUN - 1), min(most, RUN - 1) + 1), element.members
        else:
            return firsts, range(min(least, RUN - 1), RUN), anything
    longest = RUN if form.grammar else min(most, RUN - 1) + 1
    return firsts or DIGITS, range(min(least, RUN - 1), longest), anything if form.grammar else anything - WORD


def scan(data: npt.NDArray[np.uint8], begins: Places, stops: Places, rules: Rules) -> Places:
    """(start, end, rule) in bytes of `data` for every value in its documents; int64 of shape (findings, 3)."""
    kernel_code = compiled()
    ints, codes = tables_of(rules)
    longest = int((stops - begins).max(initial=0))
    folded = np.empty(longest, dtype=np.uint8)
    data = data.view()
    data.flags.writeable = False
    view = folded.view()
    view.flags.writeable = False
    site_at = np.empty(longest // 2 + 1, dtype=np.int64)
    spare = np.empty(longest // 2 + 1, dtype=np.int64)
    scratch = np.empty(SCRATCH, dtype=np.uint8)
    room = 4096
    parts: list[Places] = []
    document = 0
    while document < len(begins):
        found = np.empty((room, 3), dtype=np.int64)
        count, reached = kernel_code(
            data, begins, stops, document, folded, view, site_at, spare, scratch, found, ints, codes
        )
        parts.append(found[:count])
        if reached == document and reached < len(begins):
            room *= 4
        document = reached
    return np.concatenate(parts) if parts else np.empty((0, 3), dtype=np.int64)
