"""Forms of open length: where does the value that begins at `p` end? `walk(t, p, stop) -> end`, or -1 for "not this".

`t` is the folded text as byte codes and `stop` the end of the document. Every walk is bounded, so that scanning is
linear. Like the checks, these functions are what both engines run; numba compiles them as they stand.
"""

from collections.abc import Sequence

import numpy as np

Text = Sequence[int]

# Lengths of the IBAN by country: SWIFT, IBAN Registry (ISO 13616-1), release 99.
_IBAN = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
    "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 "
    "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 "
    "PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
_IBAN_LENGTH = np.zeros(676, dtype=np.int64)
for _entry in _IBAN.split():
    _IBAN_LENGTH[(ord(_entry[0]) - 65) * 26 + ord(_entry[1]) - 65] = int(_entry[2:])

MAIL_LOCAL = 64
MAIL_DOMAIN = 253
TOKEN = 8192
SCHEME = 24
CREDENTIALS = 256


def is_word(c: int) -> bool:
    """An ASCII letter, digit or underscore. Every other byte is a boundary, kana and kanji included."""
    return 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122 or c == 95


def iban(t: Text, p: int, stop: int) -> int:
    """Exactly as many letters and digits as the country has, compact or in groups of four with one separator."""
    if p + 15 > stop or not (65 <= t[p] <= 90 and 65 <= t[p + 1] <= 90):
        return -1
    length = int(_IBAN_LENGTH[(t[p] - 65) * 26 + t[p + 1] - 65])
    if length == 0:
        return -1
    separator = 0
    if t[p + 4] == 32 or t[p + 4] == 45:
        separator = t[p + 4]
    at = p
    for count in range(length):
        if separator and count and count % 4 == 0:
            if at >= stop or t[at] != separator:
                return -1
            at += 1
        if at >= stop or not (48 <= t[at] <= 57 or 65 <= t[at] <= 90):
            return -1
        at += 1
    return at


def phone_international(t: Text, p: int, stop: int) -> int:
    """E.164: "+" or "00", a country code, then as many digits as that country's numbers have, in any grouping.

    Between digits stand at most three of blank, hyphen, full stop, slash and parentheses. A trunk prefix in parentheses
    does not count. "+" and code may stand in parentheses together.
    """
    opened = t[p] == 40
    plus = opened or t[p] == 43
    at = p + 2 if opened or not plus else p + 1
    if plus and not opened and p > 0 and is_word(t[p - 1]) and not _after_label(t, p):
        return -1
    if at + 7 > stop or not 49 <= t[at] <= 57:
        return -1
    one = t[at] - 48
    if one == 1 or one == 7:
        size = 1
    else:
        if not 48 <= t[at + 1] <= 57:
            return -1
        two = one * 10 + t[at + 1] - 48
        short = two in (
            20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60,
            61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
        )  # fmt: skip
        size = 2 if short else 3
    code = 0
    for i in range(size):
        if not 48 <= t[at + i] <= 57:
            return -1
        code = code * 10 + t[at + i] - 48
    if size == 3 and not _is_assigned(code):
        return -1
    if not plus and code not in (1, 33, 39, 44, 49, 81):
        return -1
    low, high = 7, 12
    if code == 1:
        low, high = 10, 10
    elif code == 33:
        low, high = 9, 9
    elif code == 44 or code == 81:
        low, high = 9, 10
    elif code == 39:
        low, high = 6, 11
    elif code == 49:
        low, high = 6, 13
    if opened and (at + size >= stop or t[at + size] != 41):
        return -1
    return _national(t, at + size, stop, low, high, code)


def _after_label(t: Text, p: int) -> bool:
    """Does a word of three to ten letters end at `p`, as in "TEL+81"? An exponent or a piece of a code does not."""
    at = p
    while at > 0 and p - at < 11 and (65 <= t[at - 1] <= 90 or 97 <= t[at - 1] <= 122):
        at -= 1
    return 3 <= p - at <= 10 and (at == 0 or not (is_word(t[at - 1]) or t[at - 1] == 43 or t[at - 1] == 47))


def mac(t: Text, p: int, stop: int) -> int:
    """Six pairs with one separator, and no seventh, even a line before: longer runs are keys and fingerprints."""
    mark = t[p + 2]
    before = p
    while before > 0 and p - before < 32 and (t[before - 1] == 32 or t[before - 1] == 10 or t[before - 1] == 9):
        before -= 1
    if before >= 3 and t[before - 1] == mark and _is_pair(t, before - 3) and (before < 4 or not is_word(t[before - 4])):
        return -1
    end = p + 17
    if end + 2 < stop and t[end] == mark and _is_pair(t, end + 1) and (end + 3 >= stop or not is_word(t[end + 3])):
        return -1
    return end


def _is_pair(t: Text, at: int) -> bool:
    return _is_hex(t[at]) and _is_hex(t[at + 1])


def _is_assigned(code: int) -> bool:
    """A country code of three digits that the ITU has assigned (E.164, list of 2016 with its amendments)."""
    return (
        code in (211, 212, 213, 216, 218, 290, 291, 297, 298, 299, 385, 386, 387, 389, 420, 421, 423, 670, 800, 808)
        or code in (850, 852, 853, 855, 856, 870, 878, 880, 881, 882, 883, 886, 888, 979, 998)
        or 220 <= code <= 258
        or 260 <= code <= 269
        or 350 <= code <= 359
        or 370 <= code <= 383
        or 500 <= code <= 509
        or 590 <= code <= 599
        or 672 <= code <= 683
        or 685 <= code <= 692
        or 960 <= code <= 968
        or 970 <= code <= 977
        or 992 <= code <= 996
    )


def _national(t: Text, at: int, stop: int, low: int, high: int, code: int) -> int:
    digits = 0
    lead = 0
    end = -1
    while digits <= high:
        gap = 0
        trunk = False
        while at + gap < stop and gap < 4 and t[at + gap] in (32, 40, 41, 45, 46, 47):
            gap += 1
            mark = t[at + gap - 1]
            following = t[at + gap] if at + gap < stop else 0
            if (mark == 46 and not 48 <= following <= 57) or (mark == 41 and following == 47):
                gap = 4
                break
            if (
                t[at + gap - 1] == 40
                and gap < 4
                and at + gap + 1 < stop
                and t[at + gap] == 48
                and t[at + gap + 1] == 41
            ):
                trunk = True
                break
        if trunk and digits == 0:
            at += gap + 2
            continue
        if gap == 4 or at + gap >= stop or not 48 <= t[at + gap] <= 57:
            break
        at += gap
        if gap and digits >= low and low < high and t[at - 1] == 32 and _run(t, at, stop) + digits > high:
            break
        run = _run(t, at, stop)
        if gap and run == 1 and digits >= low and low < high:
            break
        for i in range(at, at + run):
            if digits + i - at < 6:
                lead = lead * 10 + t[i] - 48
        digits += run
        at += run
        if digits <= high:
            end = at
            if digits == high:
                break
    if digits < low or digits > high or end < 0:
        return -1
    if lead < 100000 and code in (1, 33, 44, 49, 81):
        return -1
    if code == 1 and not _is_nanp(lead):
        return -1
    return end


def _is_nanp(lead: int) -> bool:
    """The first six digits of a North American number: neither half begins with 0 or 1, or is a service code N11."""
    area, exchange = lead // 1000, lead % 1000
    return area >= 200 and exchange >= 200 and area % 100 != 11 and exchange % 100 != 11


def _run(t: Text, at: int, stop: int) -> int:
    """Digits in a row from `at`, at most 16."""
    n = 0
    while n < 16 and at + n < stop and 48 <= t[at + n] <= 57:
        n += 1
    return n


def ipv6(t: Text, p: int, stop: int) -> int:
    """RFC 4291 text form: eight groups, or fewer and one "::". An embedded dotted quad is left out.

    What begins after another group and its colon is the rest of an address that this rule does not read.
    """
    if p > 1 and t[p - 1] == 58:
        back = p - 2
        while back >= 0 and p - 2 - back < 4 and _is_hex(t[back]):
            back -= 1
        if back < p - 2 and (back < 0 or not is_word(t[back])):
            return -1
    at = p
    groups = 0
    squeezed = False
    while True:
        run = 0
        while at + run < stop and run < 5 and _is_hex(t[at + run]):
            run += 1
        if run == 0 or run > 4:
            break
        groups += 1
        at += run
        if groups == 8 or at >= stop or t[at] != 58:
            break
        if at + 1 < stop and t[at + 1] == 58:
            if squeezed:
                return -1
            squeezed = True
            at += 2
        elif at + 1 < stop and _is_hex(t[at + 1]):
            at += 1
        else:
            break
    if at < stop and (is_word(t[at]) or (t[at] == 58 and at + 1 < stop and is_word(t[at + 1]))):
        return -1
    return at if (groups == 8 and not squeezed) or (squeezed and 1 <= groups <= 7) else -1


def _is_hex(c: int) -> bool:
    return 48 <= c <= 57 or 65 <= c <= 70 or 97 <= c <= 102


def _is_base64url(c: int) -> bool:
    return is_word(c) or c == 45


def jwt(t: Text, p: int, stop: int) -> int:
    """RFC 7519 compact form: two objects that begin with {" in base64url, and a signature."""
    at = p
    limit = min(stop, p + TOKEN)
    for part in range(3):
        start = at
        if part == 1 and (at + 3 > limit or t[at] != 101 or t[at + 1] != 121 or t[at + 2] != 74):
            return -1
        while at < limit and _is_base64url(t[at]):
            at += 1
        if at - start < (10 if part < 2 else 20):
            return -1
        if part < 2:
            if at >= limit or t[at] != 46:
                return -1
            at += 1
    return at


_PRIVATE_KEY = tuple(b"PRIVATE KEY")
_BLOCK = tuple(b" BLOCK")


def _ends_in(t: Text, p: int, at: int, word: tuple[int, ...]) -> bool:
    """Does t[p:at] end in `word`?"""
    if at - p < len(word):
        return False
    for i in range(len(word)):  # noqa: SIM110 (numba compiles no generators)
        if t[at - len(word) + i] != word[i]:
            return False
    return True


def private_key(t: Text, p: int, stop: int) -> int:
    """RFC 7468: from "-----BEGIN … PRIVATE KEY-----" to the end of the body and its closing line, if any."""
    at = p + 11
    limit = min(stop, at + 40)
    while at < limit and (65 <= t[at] <= 90 or t[at] == 32):
        at += 1
    words = at
    if _ends_in(t, p, words, _BLOCK):
        words -= len(_BLOCK)
    if not _ends_in(t, p, words, _PRIVATE_KEY):
        return -1
    if at + 5 > stop or t[at] != 45 or t[at + 4] != 45:
        return -1
    at += 5
    limit = min(stop, at + TOKEN)
    body = at
    while at < limit and t[at] != 0 and not (t[at] == 45 and at + 1 < stop and t[at + 1] == 45):
        at += 1
    if at + 8 < stop and t[at] == 45 and t[at + 5] == 69 and t[at + 6] == 78 and t[at + 7] == 68:
        at += 5
        limit = min(stop, at + 48)
        while at < limit and t[at] != 45:
            at += 1
        while at < stop and t[at] == 45 and at < limit + 5:
            at += 1
        return at
    return body


def mail_start(t: Text, at: int, first: int) -> int:
    """Where the local part before the "@" at `at` begins, or -1: at most 64 bytes (RFC 5321 § 4.5.3.1.1)."""
    p = at
    while p > first and at - p <= MAIL_LOCAL:
        c = t[p - 1]
        if (
            is_word(c)
            or c == 46
            or c == 45
            or c == 43
            or c == 37
            or c == 38
            or c == 39
            or c == 33
            or c == 35
            or c == 126
        ):
            p -= 1
        elif 128 <= c <= 191 and p - 2 >= first and 195 <= t[p - 2] <= 201:
            p -= 2
        else:
            break
    while p < at and t[p] in (46, 45, 39, 33, 35, 38, 37, 43):
        p += 1
    if p == at or at - p > MAIL_LOCAL or t[at - 1] == 46:
        return -1
    return p


def mail_end(t: Text, at: int, stop: int) -> int:
    """Where the domain after the "@" at `at` ends, or -1: labels, of which the last has letters only."""
    end = -1
    label = at + 1
    limit = min(stop, at + 1 + MAIL_DOMAIN)
    labels = 0
    while label < limit:
        e = label
        letters = True
        while e < limit and ((is_word(t[e]) and t[e] != 95) or t[e] == 45):
            if not (65 <= t[e] <= 90 or 97 <= t[e] <= 122):
                letters = False
            e += 1
        if e == label or t[label] == 45:
            break
        while e > label and t[e - 1] == 45:
            e -= 1
        labels += 1
        puny = e - label > 4 and t[label] | 32 == 120 and t[label + 1] | 32 == 110 and t[label + 2] == 45
        if labels > 1 and (puny or (letters and 2 <= e - label <= 24)):
            end = e
        elif labels > 1:
            end = -1
        if e >= limit or t[e] != 46:
            break
        label = e + 1
    if end < 0 or (end < stop and t[end] == 95):
        return -1
    return end


def is_file_name(t: Text, at: int, end: int) -> bool:
    """`icon@2x.png` is a file, not an address: a last label that is an image, script or page suffix."""
    dot = end
    while dot > at and t[dot - 1] != 46:
        dot -= 1
    code = 0
    for i in range(dot, end):
        code = code * 256 + (t[i] | 32)
    if end - dot > 5:
        return False
    # png jpg jpeg gif svg webp bmp ico pdf css html htm json xml yaml yml txt csv tsx jsx exe dll
    return code in (
        0x706E67, 0x6A7067, 0x6A706567, 0x676966, 0x737667, 0x77656270, 0x626D70, 0x69636F, 0x706466, 0x637373,
        0x68746D6C, 0x68746D, 0x6A736F6E, 0x786D6C, 0x79616D6C, 0x796D6C, 0x747874, 0x637376, 0x747378, 0x6A7378,
        0x657865, 0x646C6C,
    )  # fmt: skip


def url_start(t: Text, at: int, first: int) -> int:
    """Where the scheme before the ":" at `at` begins (RFC 3986 § 3.1), or -1."""
    p = at
    while p > first and at - p < SCHEME and (is_word(t[p - 1]) or t[p - 1] == 43 or t[p - 1] == 46 or t[p - 1] == 45):
        p -= 1
    while p < at and not (65 <= t[p] <= 90 or 97 <= t[p] <= 122):
        p += 1
    return p if at - p >= 2 else -1


def url_credentials(t: Text, at: int, stop: int) -> int:
    """The end of the host in `scheme://user:password@host`, or -1: no password, or a place-holder for one."""
    i = at + 3
    limit = min(stop, i + CREDENTIALS)
    colon = -1
    sign = -1
    while i < limit:
        c = t[i]
        if c == 64:
            sign = i
        elif c == 58 and colon < 0:
            colon = i
        elif c <= 32 or c == 47 or c == 34 or c == 39 or c == 60 or c == 62 or c == 96:
            break
        if sign >= 0 and colon < 0:
            break
        i += 1
    if colon < 0 or sign <= colon + 1:
        return -1
    first = t[colon + 1]
    if first in (36, 60, 123, 42, 37, 91):
        return -1
    end = sign + 1
    limit = min(stop, end + MAIL_DOMAIN)
    while end < limit and (is_word(t[end]) or t[end] == 46 or t[end] == 45 or t[end] == 58):
        end += 1
    while end > sign + 1 and not is_word(t[end - 1]):
        end -= 1
    return end if end > sign + 1 else -1


# Named in the rule table as `grammar`; the shape beside it is the head that a value has to begin with.
WALKS = ("", "iban", "phone_international", "ipv6", "jwt", "private_key", "mac", "mail", "url_credentials")


def walk(number: int, t: Text, p: int, stop: int) -> int:
    """The grammar at place `number` of WALKS, from the start `p`."""
    if number == 1:
        return iban(t, p, stop)
    if number == 2:
        return phone_international(t, p, stop)
    if number == 3:
        return ipv6(t, p, stop)
    if number == 4:
        return jwt(t, p, stop)
    if number == 5:
        return private_key(t, p, stop)
    return mac(t, p, stop)
