"""The base engine and its fallback: one alternation over bytes finds candidates, shapes and checks judge them.

The alternation is only a net: it says "some form begins here". What a candidate is, `Judge` decides in plain Python, on
the few places that the net brings up. google-re2 pulls the net in linear time; where it has no wheel, `re` does, over
the same bounded patterns.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from haipkit.detectors import grammar, neighbours
from haipkit.detectors.checks import CHECKS
from haipkit.detectors.fold import SITE
from haipkit.detectors.model import (
    AFTER,
    ALONE,
    BEFORE,
    BEFORE_NOT,
    FAR,
    PROVED,
    REFUSED,
    SEEMING,
    Element,
    Form,
    Rule,
    Rules,
)
from haipkit.detectors.notation import WORD
from haipkit.detectors.table import JOINS, LOWER, RAW, SEPARATORS

_TRIGGERS = {
    "mail": rb"[0-9A-Za-z_!#~%&'+\x80-\xff-]@[0-9A-Za-z]",
    "url_credentials": rb"://[^\x00-\x20/:@\x22\x27<>`]*:[^\x00-\x20/\x22\x27<>`]*@",
    "iban": rb"\b[A-Z]{2}[0-9]{2}[ -]?[0-9A-Z]{4}[ -]?[0-9A-Z]{4}[ -]?[0-9A-Z]{3}",
    "phone_international": rb"(?:\(?\+|\b00)[1-9](?:[ ()./-]{0,4}[0-9]){7}",
    "ipv6": rb"\b[23fF][0-9A-Fa-f]{3}:(?:[0-9A-Fa-f]{1,4}:|:)",
    "jwt": rb"\beyJ[0-9A-Za-z_-]{7}",
    "mac": rb"\b[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})\b",
    "private_key": rb"-----BEGIN [A-Z ]{0,30}PRIVATE KEY",
}
_SIGNATURE = bytes(
    0x30 if 0x30 <= b <= 0x39 else 0x41 if 0x41 <= b <= 0x5A else 0x61 if 0x61 <= b <= 0x7A else b for b in range(256)
)
_ENDS = bytes(0x30 if neighbours.ends_claim(b) else 0x20 for b in range(256))
_MEMO = 1 << 16

# (tier, distance of its word, standing, -end, form). Tiers: 0 proved by itself, 1 by a word near it, 2 by its form, 3
# refused with no word for it. A refused value that wins is consumed without a finding: what a word or a shape
# announces and a check denies is not read as something else.
Weight = tuple[int, int, int, int, int]
Found = list[tuple[int, int, int, int]]


Finder = Callable[[bytes, int], tuple[int, int] | None]


def class_of(members: frozenset[int]) -> bytes:
    """A byte class as RE2 and `re` both read it."""
    return b"[" + b"".join(b"\\x%02x" % byte for byte in sorted(members)) + b"]"


def pattern_of(elements: Sequence[Element]) -> bytes:
    parts = []
    for element in elements:
        one = class_of(element.members) if len(element.members) > 1 else b"\\x%02x" % next(iter(element.members))
        if element.most > 1:
            one += b"{%d,%d}" % (element.least, element.most)
        parts.append(one)
    return b"".join(parts)


def net_of(rules: Rules) -> bytes:
    """One alternation in which every form of the table can begin."""
    parts = set()
    for form in rules.forms:
        if form.grammar:
            parts.add(_TRIGGERS[form.grammar])
            continue
        first = rb"\b" if form.elements[0].members <= WORD else b""
        last = rb"\b" if form.elements[-1].members <= WORD else b""
        if literal_of(form):
            # The net would need a state for every place in a long token; its beginning is telling enough.
            parts.add(first + pattern_of(_beginning(form.elements)))
        else:
            parts.add(first + pattern_of(form.elements) + last)
    return b"|".join(b"(?:" + part + b")" for part in sorted(parts))


def literal_of(form: Form) -> bytes:
    """The first three bytes of a token form, or nothing when a form does not begin with three fixed bytes."""
    if form.anchor != "byte" or any(len(element.members) > 1 or element.most > 1 for element in form.elements[:3]):
        return b""
    return bytes(next(iter(element.members)) for element in form.elements[:3])


def _beginning(elements: Sequence[Element]) -> list[Element]:
    """The fixed bytes of a token, at most twelve, and at most four bytes of what follows them."""
    begun: list[Element] = []
    for element in elements[:12]:
        if len(element.members) > 1 or element.most > 1:
            few = min(element.least, 4)
            return [*begun, Element(element.members, few, few)]
        begun.append(element)
    return begun


def words_pattern(words: Sequence[bytes], *, backwards: bool) -> bytes:
    parts = []
    for word in words:
        one = word[::-1] if backwards else word
        first = rb"\b" if one[0] in WORD else b""
        last = rb"\b" if one[-1] in WORD else b""
        parts.append(first + b"".join(b"\\x%02x" % byte for byte in one) + last)
    return b"|".join(parts)


@lru_cache(maxsize=1)
def re2_module() -> Any | None:
    """google-re2, or None where it is not installed."""
    try:
        import re2
    except ImportError:
        return None
    return re2


def finder_of(pattern: bytes, *, use_re2: bool) -> Finder:
    """`find(text, at) -> (start, end)` of the leftmost match from `at`, or None; with RE2 the longest one there."""
    if not use_re2:
        search = re.compile(pattern).search
        return lambda text, at: None if (match := search(text, at)) is None else match.span()
    re2 = re2_module()
    assert re2 is not None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.longest_match = True
    options.never_capture = True
    options.max_mem = 1 << 28
    options.log_errors = False
    compiled = re2.compile(pattern, options)
    whole = getattr(getattr(compiled, "_regexp", None), "Match", None)
    if whole is None:
        return lambda text, at: None if (match := compiled.search(text, at)) is None else match.span()
    # The wrapper builds a generator and an object for every match; the engine below it gives plain spans.
    unanchored = re2._Anchor.UNANCHORED

    def find(text: bytes, at: int) -> tuple[int, int] | None:
        (span,) = whole(unanchored, text, at, len(text))
        return span if span[0] >= 0 else None

    return find


@lru_cache(maxsize=2)
def site_finder(*, use_re2: bool) -> Finder:
    """Finds the first character of a text that folding would change."""
    return finder_of(SITE.pattern, use_re2=use_re2)


class Judge:
    """Decides about one place in the text. `first` and `stop` are the ends of the document around it."""

    def __init__(self, rules: Rules, *, use_re2: bool) -> None:
        self.rules = rules
        self.use_re2 = use_re2
        self.net = finder_of(net_of(rules), use_re2=use_re2)
        self._exact = [re.compile(pattern_of(form.elements)) for form in rules.forms]
        self._grammar = [grammar.WALKS.index(form.grammar) for form in rules.forms]
        self._checks = [next(f for f in CHECKS if f.__name__ == rule.check) for rule in rules.rules]
        self._raw = [rule.check in RAW for rule in rules.rules]
        self._joins = [sum(1 << JOINS.index(mark) for mark in rule.joins) for rule in rules.rules]
        self._not_values = [frozenset(value.encode() for value in rule.not_values) for rule in rules.rules]
        names = sorted(rules.words)
        self._before = {
            name: finder_of(words_pattern(rules.words[name], backwards=True), use_re2=use_re2) for name in names
        }
        self._after = {
            name: finder_of(words_pattern(rules.words[name], backwards=False), use_re2=use_re2) for name in names
        }
        self._signs = [_signs(form.elements) for form in rules.forms]
        self._literal = [literal_of(form) for form in rules.forms]
        self.tokens: dict[bytes, list[int]] = {}
        for number, literal in enumerate(self._literal):
            if literal:
                self.tokens.setdefault(literal, []).append(number)
        self._begun: dict[bytes, tuple[int, ...]] = {}
        self._memo: dict[bytes, tuple[tuple[int, ...], tuple[int, ...]]] = {}
        self.mail = [n for n, form in enumerate(rules.forms) if form.anchor == "mail"]
        self.url = [n for n, form in enumerate(rules.forms) if form.anchor == "url"]

    def forms_at(self, text: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Forms that may begin as `text` does: those anchored at a digit, and those at another byte."""
        key = text.translate(_SIGNATURE)
        found = self._memo.get(key)
        if found is None:
            fitting = [
                n
                for n in self._beginning(key[:4])
                if _may_fit(self._signs[n], key, whole=self.use_re2 and not self.rules.forms[n].grammar)
            ]
            digit = tuple(n for n in fitting if self.rules.forms[n].anchor == "digit")
            found = (digit, tuple(n for n in fitting if self.rules.forms[n].anchor == "byte"))
            if len(self._memo) >= _MEMO:
                self._memo.clear()
                self._begun.clear()
            self._memo[key] = found
        return found

    def _beginning(self, key: bytes) -> tuple[int, ...]:
        """Forms that may begin with a signature of four bytes or fewer."""
        found = self._begun.get(key)
        if found is None:
            found = tuple(
                n
                for n, signs in enumerate(self._signs)
                if signs and not self._literal[n] and _may_fit(signs, key, whole=False)
            )
            self._begun[key] = found
        return found

    def end_of(self, number: int, t: bytes, p: int, stop: int) -> int:
        """Where form `number` that begins at `p` ends, or -1."""
        match = self._exact[number].match(t, p, stop)
        if match is None:
            return -1
        walk = self._grammar[number]
        return grammar.walk(walk, t, p, stop) if walk else match.end()

    def weigh(self, number: int, t: bytes, p: int, first: int, stop: int) -> Weight | None:
        """How well form `number` fits at `p`, or None when it does not; the least weight wins."""
        end = self.end_of(number, t, p, stop)
        rule_number = self.rules.forms[number].rule
        rule = self.rules.rules[rule_number]
        if end < 0 or neighbours.joined(t, p, end, first, stop, self._joins[rule_number]):
            return None
        written = t[p:end]
        bare = written.translate(None, SEPARATORS)
        if bare in self._not_values[rule_number]:
            return None
        value = written if self._raw[rule_number] else bare
        kept = self._checks[rule_number](value, len(value))
        distance = self._distance(rule, t, p, end, first, stop) if rule.context else -1
        if not kept:
            return (1, distance, REFUSED, -end, number) if distance >= 0 else (3, 0, REFUSED, -end, number)
        if rule.needs_context and distance < 0:
            return None
        if rule.not_after:
            opposed = self._nearest(self._before[rule.not_after], _unclaimed(t[max(first, p - BEFORE_NOT) : p]))
            against = opposed >= 0 and (distance < 0 or opposed < distance)
            if against and neighbours.words_in(t, p - opposed, p) < 2:
                return None
        if rule.proof == "check":
            return 0, distance if distance >= 0 else ALONE, PROVED, -end, number
        standing = PROVED if rule.proof == "check+context" else SEEMING
        return 1 if distance >= 0 else 2, max(distance, 0), standing, -end, number

    def _distance(self, rule: Rule, t: bytes, p: int, end: int, first: int, stop: int) -> int:
        if rule.reach:
            line = t[max(first, p - rule.reach) : p]
            return self._nearest(self._before[rule.context], line[line.rfind(b"\n") + 1 :])
        before = self._nearest(self._before[rule.context], _spoken_for(t[max(first, p - BEFORE) : p]))
        if before >= 0:
            return before
        span = self._after[rule.context](t[end : min(stop, end + AFTER)].partition(b"\n")[0].translate(LOWER), 0)
        return FAR + span[0] if span else -1

    @staticmethod
    def _nearest(find: Finder, window: bytes) -> int:
        """Bytes between the window's end and the end of the last word in it, or -1."""
        span = find(window.translate(LOWER)[::-1], 0)
        return span[0] if span else -1


def _spoken_for(window: bytes) -> bytes:
    """The part of a window whose words may speak for what follows: not beyond a line end and a number."""
    line = window.rfind(b"\n")
    if line < 0:
        return window
    number = window.translate(_SIGNATURE).rfind(b"0")
    return window[min(line, number) + 1 :] if number >= 0 else window


def _unclaimed(window: bytes) -> bytes:
    """The part of a window in which a word speaks against what follows: no number, line or sentence ends between."""
    return window[window.translate(_ENDS).rfind(b"0") + 1 :]


def _signs(elements: Sequence[Element]) -> tuple[tuple[frozenset[int], int, int, bool], ...]:
    """Per element: its signature bytes, least, most, and whether the next one could take some of its bytes."""
    signs = [frozenset(_SIGNATURE[byte] for byte in element.members) for element in elements]
    return tuple(
        (
            signs[n],
            one.least,
            one.most,
            one.least != one.most and n + 1 < len(signs) and not signs[n].isdisjoint(signs[n + 1]),
        )
        for n, one in enumerate(elements)
    )


def _may_fit(signs: tuple[tuple[frozenset[int], int, int, bool], ...], key: bytes, *, whole: bool) -> bool:
    """Could a text with this signature begin with these elements? Says yes where it cannot tell."""
    at = 0
    size = len(key)
    for allowed, least, most, open_end in signs:
        run = 0
        while run < most and at + run < size and key[at + run] in allowed:
            run += 1
        if run < least:
            return at + run == size and not whole
        if open_end:
            return True
        at += run
    return not whole or at == size or not (key[at - 1] in WORD and key[at] in WORD)


@lru_cache(maxsize=8)
def judge_of(rules: Rules, *, use_re2: bool) -> Judge:
    return Judge(rules, use_re2=use_re2)


def scan(text: bytes, starts: list[int], stops: list[int], rules: Rules, *, use_re2: bool) -> Found:
    """(document, start, end, rule) for every value in folded `text`, in which document n is text[starts[n]:stops[n]].

    Between two documents stands a byte that belongs to none. Findings may overlap.
    """
    judge = judge_of(rules, use_re2=use_re2)
    found: Found = []
    find = judge.net
    at = resume = 0
    while (span := find(text, at)) is not None:
        p, e = span
        document = bisect_right(starts, p) - 1
        first, stop = starts[document], stops[document]
        at = p + 1
        if text[p + 1] == 0x40:
            _take_mail(judge, text, p + 1, first, stop, document, found)
        if text.startswith(b"://", p):
            _take_url(judge, text, p, first, stop, document, found)
            continue
        digit, other = judge.forms_at(text[p:e]) if use_re2 else judge.forms_at(text[p : p + 1])
        for number in (*other, *judge.tokens.get(text[p : p + 3], ())):
            _take_single(judge, number, text, p, first, stop, document, found)
        if p < resume or not digit:
            continue
        weighed = [one for number in digit if (one := judge.weigh(number, text, p, first, stop)) is not None]
        if weighed:
            _, _, standing, ahead, number = min(weighed)
            resume = -ahead
            if standing != REFUSED:
                found.append((document, p, -ahead, rules.forms[number].rule))
    return found


def _take_single(
    judge: Judge, number: int, t: bytes, p: int, first: int, stop: int, document: int, found: Found
) -> None:
    if p > first and t[p - 1] == 0x2D and t[p] != 0x2D:
        return
    one = judge.weigh(number, t, p, first, stop)
    if one is not None and one[2] != REFUSED:
        found.append((document, p, -one[3], judge.rules.forms[number].rule))


def _take_mail(judge: Judge, t: bytes, at: int, first: int, stop: int, document: int, found: Found) -> None:
    start = grammar.mail_start(t, at, first)
    end = grammar.mail_end(t, at, stop)
    if start < 0 or end < 0 or grammar.is_file_name(t, at, end):
        return
    for number in judge.mail:
        rule = judge.rules.forms[number].rule
        if t[start:end] not in judge._not_values[rule]:
            found.append((document, start, end, rule))


def _take_url(judge: Judge, t: bytes, at: int, first: int, stop: int, document: int, found: Found) -> None:
    start = grammar.url_start(t, at, first)
    end = grammar.url_credentials(t, at, stop)
    if start >= 0 and end >= 0:
        found += [(document, start, end, judge.rules.forms[number].rule) for number in judge.url]
