"""The fast engine's inner loop: one pass over the bytes of every document, driven by the compiled rule table.

Written in the part of Python that numba compiles; `fast.py` compiles it together with `checks` and `grammar`. It
decides exactly as `base.Judge` does, so a change there is a change here; tests hold both against each other.
"""

from typing import Any

import numpy as np

from haipkit.detectors import checks, grammar, kernel_fold, neighbours
from haipkit.detectors.model import AFTER, ALONE, BEFORE, BEFORE_NOT, FAR, PROVED, REFUSED, SEEMING

DIGIT, AT, COLON, TRIGGER = 1, 2, 4, 8
RUN = 24
SCRATCH = 8704
PAIRS = 4096
FACTS = 8
NOTHING = (9, 0, REFUSED, -1)

Array = Any


# The rule table lies in two flat arrays. `codes` (uint8) begins with five tables of 256 bytes. `ints` (int32) begins
# with the places of all other tables, in the order of NAMES:
#   ELEMENTS: class, least, most · FORM_AT, FORM_RULE, FORM_WALK: by form · OFFSETS: from a start to the first digit
#   HEADS: by offset, first digit, length of the digit run, class of the next byte: a list of forms; list 0 is empty
#   LIST_AT, LIST_FORMS · TRIGGER_AT: by byte · TRIGGERS: form, offset, distance of a fixed byte, that byte or -1
#   MAIL, URL: rules with these grammars · NOT_AT: by rule, NOT_ENDS: by value to ignore
#   RULE_FACTS: check, raw, joins, proof (2 check, 1 check and word, 0 none), needs a word, list of words, list of
#   opposed words, reach
#   WORD_BY_LAST, WORD_BY_FIRST: by list and byte · WORDS_LAST, WORDS_FIRST: words in that order · WORD_ENDS: by word
#   PREVIOUS: by byte before the first digit, a bit for every offset it allows · SLOTS: by byte, its place in NEXT
# and in `codes`: MEMBERS: by class and byte · NOT_BYTES · WORD_BYTES · PAIRS_BEFORE, PAIRS_AFTER: by list and pair of
# bytes · SECOND: by list of forms and the second byte after the digit run · NEXT: by trigger and the byte after it.
EVENTS, LOWERED, SEPARATING, FOLLOWING = 0, 256, 512, 768
NAMES = (
    "ELEMENTS", "FORM_AT", "FORM_RULE", "FORM_WALK", "OFFSETS", "HEADS", "LIST_AT", "LIST_FORMS", "TRIGGER_AT",
    "TRIGGERS", "MAIL", "URL", "RULE_FACTS", "NOT_AT", "NOT_ENDS", "WORD_BY_LAST", "WORD_BY_FIRST", "WORDS_LAST",
    "WORDS_FIRST", "WORD_ENDS", "PREVIOUS", "MEMBERS", "NOT_BYTES", "WORD_BYTES", "OFFSET_COUNT", "MAIL_COUNT",
    "URL_COUNT", "FOLLOWING_COUNT", "PAIRS_BEFORE", "PAIRS_AFTER", "SECOND", "SLOTS", "NEXT",
)  # fmt: skip
(
    ELEMENTS, FORM_AT, FORM_RULE, FORM_WALK, OFFSETS, HEADS, LIST_AT, LIST_FORMS, TRIGGER_AT,
    TRIGGERS, MAIL, URL, RULE_FACTS, NOT_AT, NOT_ENDS, WORD_BY_LAST, WORD_BY_FIRST, WORDS_LAST,
    WORDS_FIRST, WORD_ENDS, PREVIOUS, MEMBERS, NOT_BYTES, WORD_BYTES, OFFSET_COUNT, MAIL_COUNT,
    URL_COUNT, FOLLOWING_COUNT, PAIRS_BEFORE, PAIRS_AFTER, SECOND, SLOTS, NEXT,
) = range(len(NAMES))  # fmt: skip


def run_check(code: int, v: Array, n: int) -> bool:
    """The check at place `code` of checks.CHECKS."""
    if code == 1:
        return checks.luhn(v, n)
    if code == 2:
        return checks.card(v, n)
    if code == 3:
        return checks.mod97(v, n)
    if code == 4:
        return checks.us_ssn(v, n)
    if code == 5:
        return checks.us_ein(v, n)
    if code == 6:
        return checks.uk_nino(v, n)
    if code == 7:
        return checks.uk_nhs(v, n)
    if code == 8:
        return checks.it_codice_fiscale(v, n)
    if code == 9:
        return checks.it_partita_iva(v, n)
    if code == 10:
        return checks.fr_nir(v, n)
    if code == 11:
        return checks.fr_siret(v, n)
    if code == 12:
        return checks.de_steuer_id(v, n)
    if code == 13:
        return checks.de_sozialversicherung(v, n)
    if code == 14:
        return checks.jp_my_number(v, n)
    if code == 15:
        return checks.jp_corporate(v, n)
    if code == 16:
        return checks.ipv4(v, n)
    if code == 17:
        return checks.ipv4_alone(v, n)
    if code == 18:
        return checks.mac(v, n)
    if code == 19:
        return checks.date_ymd(v, n)
    if code == 20:
        return checks.date_dmy(v, n)
    if code == 21:
        return checks.date_kanji(v, n)
    if code == 22:
        return checks.date_words(v, n)
    if code == 23:
        return checks.date_english(v, n)
    if code == 24:
        return checks.crc32_base62(v, n)
    if code == 25:
        return checks.mixed(v, n)
    if code == 26:
        return checks.year_like(v, n)
    if code == 27:
        return checks.nanp(v, n)
    return True


def letter(c: int) -> bool:
    """A letter or digit of lowered text."""
    return 48 <= c <= 57 or 97 <= c <= 122


def match(form: int, t: Array, p: int, stop: int, ints: Array, codes: Array) -> int:
    """Where the elements of form `form` that begin at `p` end, or -1."""
    at = p
    members = ints[MEMBERS]
    for k in range(ints[ints[FORM_AT] + form], ints[ints[FORM_AT] + form + 1]):
        e = ints[ELEMENTS] + 3 * k
        kind, least, most = members + 256 * ints[e], ints[e + 1], ints[e + 2]
        run = 0
        while run < most and at + run < stop and codes[kind + t[at + run]]:
            run += 1
        if run < least:
            return -1
        at += run
    return at


def pair(a: int, b: int) -> int:
    """A place in a table of PAIRS flags for two neighbouring bytes."""
    return (a * 33 ^ b) & (PAIRS - 1)


def word_before(words: int, t: Array, low: int, p: int, ints: Array, codes: Array) -> int:
    """Bytes between the end of the last word of a list in t[low:p] and `p`, or -1."""
    if p <= low:
        return -1
    pairs = ints[PAIRS_BEFORE] + PAIRS * words
    last = codes[LOWERED + t[p - 1]]
    before = last
    for e in range(p, low, -1):
        last = before
        before = codes[LOWERED + t[e - 2]] if e - 2 >= low else 0
        if not codes[pairs + pair(before, last)]:
            continue
        begin, end = ints[ints[WORD_BY_LAST] + 257 * words + last], ints[ints[WORD_BY_LAST] + 257 * words + last + 1]
        if begin == end or (e < p and letter(last) and letter(codes[LOWERED + t[e]])):
            continue
        for k in range(begin, end):
            word = ints[ints[WORDS_LAST] + k]
            at, size = ints[ints[WORD_ENDS] + word], ints[ints[WORD_ENDS] + word + 1] - ints[ints[WORD_ENDS] + word]
            start = e - size
            if start < low:
                continue
            same = 0
            while same < size and codes[LOWERED + t[start + same]] == codes[ints[WORD_BYTES] + at + same]:
                same += 1
            if same == size and not (
                start > low and letter(codes[ints[WORD_BYTES] + at]) and letter(codes[LOWERED + t[start - 1]])
            ):
                return p - e
    return -1


def word_after(words: int, t: Array, p: int, high: int, ints: Array, codes: Array) -> int:
    """Bytes between `p` and the start of the first word of a list in t[p:high], or -1."""
    if p >= high:
        return -1
    pairs = ints[PAIRS_AFTER] + PAIRS * words
    following = codes[LOWERED + t[p]]
    for s in range(p, high):
        first = following
        following = codes[LOWERED + t[s + 1]] if s + 1 < high else 0
        if not codes[pairs + pair(first, following)]:
            continue
        begin, end = (
            ints[ints[WORD_BY_FIRST] + 257 * words + first],
            ints[ints[WORD_BY_FIRST] + 257 * words + first + 1],
        )
        if begin == end or (s > p and letter(first) and letter(codes[LOWERED + t[s - 1]])):
            continue
        for k in range(begin, end):
            word = ints[ints[WORDS_FIRST] + k]
            at, size = ints[ints[WORD_ENDS] + word], ints[ints[WORD_ENDS] + word + 1] - ints[ints[WORD_ENDS] + word]
            if s + size > high:
                continue
            same = 0
            while same < size and codes[LOWERED + t[s + same]] == codes[ints[WORD_BYTES] + at + same]:
                same += 1
            if same == size and not (
                s + size < high
                and letter(codes[ints[WORD_BYTES] + at + size - 1])
                and letter(codes[LOWERED + t[s + size]])
            ):
                return s - p
    return -1


def is_ignored(rule: int, v: Array, n: int, ints: Array, codes: Array) -> bool:
    """Is v[:n] one of the values that the rule ignores?"""
    for k in range(ints[ints[NOT_AT] + rule], ints[ints[NOT_AT] + rule + 1]):
        at = ints[ints[NOT_ENDS] + k]
        if ints[ints[NOT_ENDS] + k + 1] - at == n:
            same = 0
            while same < n and v[same] == codes[ints[NOT_BYTES] + at + same]:
                same += 1
            if same == n:
                return True
    return False


def bare(t: Array, p: int, end: int, v: Array, ints: Array, codes: Array) -> int:
    """Copy t[p:end] without separators to `v`; how many bytes that are."""
    n = 0
    for i in range(p, min(end, p + SCRATCH)):
        if not codes[SEPARATING + t[i]]:
            v[n] = t[i]
            n += 1
    return n


def written(t: Array, p: int, end: int, v: Array) -> int:
    """Copy t[p:end] to `v`; how many bytes that are."""
    n = min(end - p, SCRATCH)
    for i in range(n):
        v[i] = t[p + i]
    return n


def weigh(
    form: int, t: Array, p: int, end: int, stop: int, v: Array, ints: Array, codes: Array
) -> tuple[int, int, int, int]:
    """(tier, distance, standing, end) of a form whose elements are t[p:end]; end is -1 when it is not one.

    As base.Judge.weigh does.
    """
    number = ints[ints[FORM_WALK] + form]
    if number > 0:
        end = grammar.walk(number, t, p, stop)
        if end < 0:
            return NOTHING
    rule = ints[ints[FORM_RULE] + form]
    facts = ints[RULE_FACTS] + FACTS * rule
    if neighbours.joined(t, p, end, 0, stop, ints[facts + 2]):
        return NOTHING
    n = bare(t, p, end, v, ints, codes)
    if is_ignored(rule, v, n, ints, codes):
        return NOTHING
    if ints[facts + 1]:
        n = written(t, p, end, v)
    kept = run_check(ints[facts], v, n)
    words = ints[facts + 5]
    distance = -1
    if words >= 0:
        distance = distance_of(words, ints[facts + 7], t, p, end, stop, ints, codes)
    if not kept:
        return (1, distance, REFUSED, end) if distance >= 0 else (3, 0, REFUSED, end)
    if ints[facts + 4] and distance < 0:
        return NOTHING
    opposed = ints[facts + 6]
    if opposed >= 0:
        against = word_before(opposed, t, unclaimed(t, max(0, p - BEFORE_NOT), p), p, ints, codes)
        if against >= 0 and (distance < 0 or against < distance) and neighbours.words_in(t, p - against, p) < 2:
            return NOTHING
    proof = ints[facts + 3]
    if proof == 2:
        return 0, distance if distance >= 0 else ALONE, PROVED, end
    standing = PROVED if proof == 1 else SEEMING
    return (1, distance, standing, end) if distance >= 0 else (2, 0, standing, end)


def distance_of(words: int, reach: int, t: Array, p: int, end: int, stop: int, ints: Array, codes: Array) -> int:
    """Distance of the nearest word that speaks for t[p:end], or -1. As base.Judge does."""
    if reach:
        low = max(0, p - reach)
        for i in range(p - 1, low - 1, -1):
            if t[i] == 10:
                low = i + 1
                break
        return word_before(words, t, low, p, ints, codes)
    distance = word_before(words, t, spoken_for(t, max(0, p - BEFORE), p), p, ints, codes)
    if distance >= 0:
        return distance
    high = min(stop, end + AFTER)
    for i in range(end, high):
        if t[i] == 10:
            high = i
            break
    distance = word_after(words, t, end, high, ints, codes)
    return distance + FAR if distance >= 0 else -1


def spoken_for(t: Array, low: int, p: int) -> int:
    """Words in t[low:p] before this place do not speak for what begins at `p`: a line end and a number lie between."""
    line = False
    number = False
    for i in range(p - 1, low - 1, -1):
        if t[i] == 10:
            line = True
        elif 48 <= t[i] <= 57:
            number = True
        if line and number:
            return i + 1
    return low


def unclaimed(t: Array, low: int, p: int) -> int:
    """Where in t[low:p] a word speaks against what follows: no number, line or sentence ends between."""
    for i in range(p - 1, low - 1, -1):
        if neighbours.ends_claim(t[i]):
            return i + 1
    return low


def best_of(forms: int, t: Array, p: int, stop: int, v: Array, ints: Array, codes: Array) -> tuple[int, int, int]:
    """(rule, end, standing) of the list of forms `forms` at `p`; end is -1 when none is there."""
    tier, distance, standing, end, rule = 9, 0, REFUSED, -1, -1
    for k in range(ints[ints[LIST_AT] + forms], ints[ints[LIST_AT] + forms + 1]):
        form = ints[ints[LIST_FORMS] + k]
        e = match(form, t, p, stop, ints, codes)
        if e < 0:
            continue
        one, far, stands, e = weigh(form, t, p, e, stop, v, ints, codes)
        if e < 0:
            continue
        better = one < tier
        if one == tier:
            better = far < distance or (far == distance and (stands < standing or (stands == standing and e > end)))
        if better:
            tier, distance, standing, end, rule = one, far, stands, e, ints[ints[FORM_RULE] + form]
    return rule, end, standing


def scan_text(t: Array, n: int, v: Array, found: Array, count: int, ints: Array, codes: Array) -> int:
    """Append (start, end, rule) of everything in t[:n] to `found` from `count` on; the new count, or -1: no room."""
    resume = 0
    room = found.shape[0] - 64
    i = 0
    while i < n:
        # Eight bytes without an event are skipped at once.
        while i + 8 <= n and not (
            codes[t[i]] | codes[t[i + 1]] | codes[t[i + 2]] | codes[t[i + 3]]
            | codes[t[i + 4]] | codes[t[i + 5]] | codes[t[i + 6]] | codes[t[i + 7]]
        ):  # fmt: skip
            i += 8
        while i < n and codes[t[i]] == 0:
            i += 1
        if i == n:
            break
        event = codes[t[i]]
        if count > room:
            return -1
        if event & DIGIT:
            j = i + 1
            while j < n and 48 <= t[j] <= 57:
                j += 1
            following = codes[FOLLOWING + t[j]] if j < n else codes[FOLLOWING + 10]
            first = t[i] - 48
            run = min(j - i, RUN - 1)
            possible = ints[ints[PREVIOUS] + t[i - 1]] if i > 0 else 1
            for k in range(ints[OFFSET_COUNT] - 1, -1, -1):
                if not possible >> k & 1:
                    continue
                p = i - ints[ints[OFFSETS] + k]
                # Most starts lie inside a word, in hashes and names with digits: nothing begins there.
                if p < resume or (p > 0 and grammar.is_word(t[p - 1]) and grammar.is_word(t[p])):
                    continue
                forms = ints[ints[HEADS] + ((10 * k + first) * RUN + run) * ints[FOLLOWING_COUNT] + following]
                if forms == 0 or (j + 1 < n and not codes[ints[SECOND] + 256 * forms + t[j + 1]]):
                    continue
                rule, end, standing = best_of(forms, t, p, n, v, ints, codes)
                if end >= 0:
                    resume = end
                    if standing != REFUSED:
                        found[count, 0], found[count, 1], found[count, 2] = p, end, rule
                        count += 1
            i = j
            continue
        if event & TRIGGER and (i + 1 == n or codes[ints[NEXT] + 256 * ints[ints[SLOTS] + t[i]] + t[i + 1]]):
            count = take_triggered(i, t, n, v, found, count, ints, codes)
        if event & AT:
            count = take_mail(i, t, n, v, found, count, ints, codes)
        if event & COLON and i + 2 < n and t[i + 1] == 47 and t[i + 2] == 47:
            count = take_url(i, t, n, found, count, ints, codes)
        i += 1
    return count


def take_triggered(i: int, t: Array, n: int, v: Array, found: Array, count: int, ints: Array, codes: Array) -> int:
    for k in range(ints[ints[TRIGGER_AT] + t[i]], ints[ints[TRIGGER_AT] + t[i] + 1]):
        one = ints[TRIGGERS] + 4 * k
        beside = i + ints[one + 2]
        if beside < 0 or beside >= n or (ints[one + 3] >= 0 and t[beside] != ints[one + 3]):
            continue
        form = ints[one]
        p = i - ints[one + 1]
        if p < 0 or (p > 0 and t[p - 1] == 45 and t[p] != 45):
            continue
        if not codes[ints[MEMBERS] + 256 * ints[ints[ELEMENTS] + 3 * ints[ints[FORM_AT] + form]] + t[p]]:
            continue
        end = match(form, t, p, n, ints, codes)
        if end < 0:
            continue
        _, _, standing, end = weigh(form, t, p, end, n, v, ints, codes)
        if end >= 0 and standing != REFUSED:
            found[count, 0], found[count, 1], found[count, 2] = p, end, ints[ints[FORM_RULE] + form]
            count += 1
    return count


def take_mail(i: int, t: Array, size: int, v: Array, found: Array, count: int, ints: Array, codes: Array) -> int:
    start = grammar.mail_start(t, i, 0)
    if start < 0:
        return count
    end = grammar.mail_end(t, i, size)
    if end < 0 or grammar.is_file_name(t, i, end):
        return count
    n = written(t, start, end, v)
    for k in range(ints[MAIL_COUNT]):
        if not is_ignored(ints[ints[MAIL] + k], v, n, ints, codes):
            found[count, 0], found[count, 1], found[count, 2] = start, end, ints[ints[MAIL] + k]
            count += 1
    return count


def take_url(i: int, t: Array, n: int, found: Array, count: int, ints: Array, codes: Array) -> int:
    start = grammar.url_start(t, i, 0)
    if start < 0:
        return count
    end = grammar.url_credentials(t, i, n)
    if end < 0:
        return count
    for k in range(ints[URL_COUNT]):
        found[count, 0], found[count, 1], found[count, 2] = start, end, ints[ints[URL] + k]
        count += 1
    return count


def scan_documents(
    data: Array, begins: Array, stops: Array, document: int, folded: Array, view: Array, site_at: Array, spare: Array,
    v: Array, found: Array, ints: Array, codes: Array,
) -> tuple[int, int]:  # fmt: skip
    """Scan the documents data[begins[d]:stops[d]] from `document` on.

    Writes (start, end, rule), starts and ends in bytes of `data`, and returns how many, and the document at which the
    room ended. `view` is `folded`, read-only.
    """
    count = 0
    while document < begins.shape[0]:
        begin, stop = begins[document], stops[document]
        high = np.uint8(0)
        sites = 0
        t = data[begin:stop]
        for c in t:
            high |= c
        if high & 0x80:
            n, sites = kernel_fold.fold_into(data, begin, stop, folded, site_at, spare, codes)
            if sites:
                t = view[:n]
        after = scan_text(t, t.shape[0], v, found, count, ints, codes)
        if after < 0:
            return count, document
        for k in range(count, after):
            found[k, 0] = begin + kernel_fold.unfolded(found[k, 0], site_at, spare, sites)
            found[k, 1] = begin + kernel_fold.unfolded(found[k, 1], site_at, spare, sites)
        count = after
        document += 1
    return count, document
