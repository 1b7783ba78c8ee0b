"""Check digits and reserved values, one function a check: `check(v, n) -> bool`.

`v` holds the value without separators as byte codes, `n` is its length. Every function keeps to the part of Python
that numba compiles (integers, loops, indexing), because the fast engine compiles these very functions and the base
engine calls them as they are: two engines cannot disagree about a check digit.
"""

from collections.abc import Sequence

Value = Sequence[int]

_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_SVNR = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)


def none(v: Value, n: int) -> bool:
    return True


def luhn(v: Value, n: int) -> bool:
    """ISO/IEC 7812-1, annex B. A row of equal digits is a filler, not a number."""
    return _luhn(v, 0, n)


def _is_made_up(v: Value, n: int) -> bool:
    """Fewer than four different digits, six equal ones in a row, or seven that count up or down: written for tests.

    One number in nine thousand that was drawn at random looks like this.
    """
    seen = 0
    different = 0
    equal = 1
    up = 1
    down = 1
    for i in range(n):
        bit = 1 << (v[i] - 48)
        if not seen & bit:
            seen |= bit
            different += 1
        if i:
            step = v[i] - 48 - (v[i - 1] - 48)
            equal = equal + 1 if step == 0 else 1
            up = up + 1 if step == 1 else 1
            down = down + 1 if step == -1 else 1
            if equal >= 6 or up >= 7 or down >= 7:
                return True
    return different < 4


def _luhn(v: Value, start: int, end: int) -> bool:
    total = 0
    same = True
    for i in range(end - start):
        digit = v[end - 1 - i] - 48
        if v[end - 1 - i] != v[start]:
            same = False
        if i % 2 == 1:
            digit += digit
            if digit > 9:
                digit -= 9
        total += digit
    return total % 10 == 0 and not same


def card(v: Value, n: int) -> bool:
    """Luhn, and an issuer range in use at this length (ISO/IEC 7812-2 register, published by the schemes)."""
    four = (v[0] - 48) * 1000 + (v[1] - 48) * 100 + (v[2] - 48) * 10 + v[3] - 48
    two = four // 100
    known = False
    if n == 16:
        known = (
            v[0] == 52
            or 51 <= two <= 55
            or 2200 <= four <= 2204
            or 2221 <= four <= 2720
            or four == 6011
            or 6440 <= four <= 6599
            or 3528 <= four <= 3589
            or 6200 <= four <= 6299
            or 8100 <= four <= 8171
            or four in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763)
        )
    elif n == 15:
        known = two == 34 or two == 37
    elif n == 14:
        known = 3000 <= four <= 3059 or four == 3095 or two == 36 or two == 38 or two == 39
    elif n == 19:
        known = v[0] == 52 or 6200 <= four <= 6299 or four == 6011 or 6440 <= four <= 6599
    return known and luhn(v, n) and not _is_made_up(v, n)


def mod97(v: Value, n: int) -> bool:
    """ISO 13616-1 / ISO 7064 MOD 97-10: the number that follows when the first four characters go last is 1."""
    rest = 0
    for i in range(n):
        c = v[(i + 4) % n]
        rest = (rest * 10 + c - 48) % 97 if c < 58 else (rest * 100 + c - 55) % 97
    return rest == 1


def us_ssn(v: Value, n: int) -> bool:
    """Social Security Administration: areas 000, 666 and 900-999, group 00 and serial 0000 are never issued."""
    area = (v[0] - 48) * 100 + (v[1] - 48) * 10 + v[2] - 48
    if area == 0 or area == 666 or area >= 900:
        return False
    return not (v[3] == 48 and v[4] == 48) and not (v[5] == 48 and v[6] == 48 and v[7] == 48 and v[8] == 48)


def us_ein(v: Value, n: int) -> bool:
    """Internal Revenue Service: prefixes that no campus gives out are refused."""
    two = (v[0] - 48) * 10 + v[1] - 48
    return two not in (0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97)


def uk_nino(v: Value, n: int) -> bool:
    """HM Revenue and Customs, NIM39110: letters and pairs that are never used as a prefix; the suffix is A to D."""
    a, b = v[0], v[1]
    if a in (68, 70, 73, 81, 85, 86) or b in (68, 70, 73, 79, 81, 85, 86):
        return False
    pair = a * 256 + b
    if pair in (0x4247, 0x4742, 0x4B4E, 0x4E4B, 0x4E54, 0x544E, 0x5A5A):
        return False
    return n == 8 or 65 <= v[8] <= 68


def uk_nhs(v: Value, n: int) -> bool:
    """NHS Data Dictionary: weights 10 to 2, modulus 11; a remainder that asks for 10 is never issued."""
    total = 0
    same = True
    for i in range(9):
        total += (v[i] - 48) * (10 - i)
        if v[i] != v[0]:
            same = False
    check = (11 - total % 11) % 11
    return check == v[9] - 48 and not same


def it_codice_fiscale(v: Value, n: int) -> bool:
    """Decree of the Ministry of Finance of 12 March 1974: control letter; letters may stand for digits."""
    total = 0
    for i in range(15):
        c = v[i]
        index = c - 48 if c < 58 else (c & 0xDF) - 65
        total += _ODD[index] if i % 2 == 0 else index
    return (v[15] & 0xDF) - 65 == total % 26


def it_partita_iva(v: Value, n: int) -> bool:
    """Eleven digits with the Luhn sum; digits 8 to 10 name a province office (001-100, 120, 121, 888, 999)."""
    at = n - 11
    office = (v[at + 7] - 48) * 100 + (v[at + 8] - 48) * 10 + v[at + 9] - 48
    return (1 <= office <= 100 or office in (120, 121, 888, 999)) and _luhn(v, at, n)


def fr_nir(v: Value, n: int) -> bool:
    """INSEE: key = 97 - (first thirteen modulo 97); 2A counts as 19 and 2B as 18.

    Sex, month and department have known values.
    """
    number = 0
    for i in range(13):
        c = v[i]
        if c >= 65:
            if i != 6 or v[5] != 50:
                return False
            # The department becomes 19 or 18: the 2 that was read before the letter counts as a 1.
            number = (number - 1) * 10 + (9 if c == 65 else 8)
        else:
            number = number * 10 + c - 48
    month = (v[3] - 48) * 10 + v[4] - 48
    if not (1 <= month <= 12 or 20 <= month <= 42 or month >= 50):
        return False
    department = number // 1000000 % 100
    if department == 0 or department == 96:
        return False
    return 97 - number % 97 == (v[13] - 48) * 10 + v[14] - 48


def fr_siret(v: Value, n: int) -> bool:
    """Fourteen digits, Luhn; the first nine are a SIREN with a Luhn digit of its own."""
    return luhn(v, 14) and luhn(v, 9)


def de_steuer_id(v: Value, n: int) -> bool:
    """Tax code § 139b: ISO 7064 MOD 11,10; among the first ten exactly one digit repeats, 2 or 3 times.

    Three times never in a row.
    """
    if v[0] == 48:
        return False
    for i in range(2, 10):
        if v[i] == v[i - 1] and v[i] == v[i - 2]:
            return False
    repeated = 0
    most = 0
    for digit in range(48, 58):
        count = 0
        for i in range(10):
            if v[i] == digit:
                count += 1
        if count > 1:
            repeated += 1
            most = max(most, count)
    if repeated != 1 or most > 3:
        return False
    product = 10
    for i in range(10):
        total = (v[i] - 48 + product) % 10
        if total == 0:
            total = 10
        product = total * 2 % 11
    return (11 - product) % 10 == v[10] - 48


def de_sozialversicherung(v: Value, n: int) -> bool:
    """VKVV § 2 and § 4: area, birth date DDMMYY (day raised by 50 when needed), initial, serial, check digit."""
    day = (v[2] - 48) * 10 + v[3] - 48
    month = (v[4] - 48) * 10 + v[5] - 48
    area = (v[0] - 48) * 10 + v[1] - 48
    if area < 2 or day > 81 or 31 < day < 51 or month > 12:
        return False
    letter = v[8] - 64
    total = 0
    for i in range(12):
        if i < 8:
            digit = v[i] - 48
        elif i == 8:
            digit = letter // 10
        elif i == 9:
            digit = letter % 10
        else:
            digit = v[i - 1] - 48
        product = digit * _SVNR[i]
        total += product // 10 + product % 10
    return total % 10 == v[11] - 48


def jp_my_number(v: Value, n: int) -> bool:
    """Ordinance No. 85 of 2014, article 5: weights 2-7 from the right, modulus 11; a remainder of 0 or 1 gives 0."""
    total = 0
    same = True
    for i in range(11):
        place = 11 - i
        weight = place + 1 if place <= 6 else place - 5
        total += (v[i] - 48) * weight
        if v[i] != v[0]:
            same = False
    rest = total % 11
    check = 0 if rest <= 1 else 11 - rest
    return check == v[11] - 48 and not same


def jp_corporate(v: Value, n: int) -> bool:
    """Ordinance No. 70 of 2014, article 2: the first digit is 9 - (weights 1 and 2 from the right, modulo 9)."""
    first = n - 13
    total = 0
    for i in range(12):
        total += (v[n - 1 - i] - 48) * (1 + i % 2)
    return v[first] - 48 == 9 - total % 9


def ipv4(v: Value, n: int) -> bool:
    """RFC 791 dotted quad, canonical; not this host (0/8), loopback (127/8), nor a netmask or broadcast (255/8)."""
    return _quad(v, n) >= 0


def ipv4_alone(v: Value, n: int) -> bool:
    """As ipv4, and one number is 64 or more: version and section numbers stay below."""
    return _quad(v, n) >= 64


def _quad(v: Value, n: int) -> int:
    largest = 0
    number = 0
    digits = 0
    first = -1
    for i in range(n + 1):
        if i == n or v[i] == 46:
            if digits == 0 or number > 255 or (digits > 1 and v[i - digits] == 48):
                return -1
            if first < 0:
                first = number
            largest = max(largest, number)
            number = 0
            digits = 0
        else:
            number = number * 10 + v[i] - 48
            digits += 1
    if first == 0 or first == 127 or first == 255:
        return -1
    return largest


def mac(v: Value, n: int) -> bool:
    """IEEE 802: six octets; all zeros and all ones name nobody."""
    zeros = True
    ones = True
    for i in range(n):
        c = v[i]
        if c != 48:
            zeros = False
        if c != 70 and c != 102:
            ones = False
    return not zeros and not ones


def date_ymd(v: Value, n: int) -> bool:
    """Year, month, day of a person who may be alive: 1900 to 2029."""
    return _day(_number(v, 6, 8), _number(v, 4, 6), _number(v, 0, 4))


def date_dmy(v: Value, n: int) -> bool:
    """Day and month in either order, then the year, each written with separators between them."""
    first = 0
    second = 0
    at = 0
    while at < n and 48 <= v[at] <= 57:
        first = first * 10 + v[at] - 48
        at += 1
    at += 1
    while at < n and 48 <= v[at] <= 57:
        second = second * 10 + v[at] - 48
        at += 1
    year = _number(v, n - 4, n)
    return _day(first, second, year) or _day(second, first, year)


def date_kanji(v: Value, n: int) -> bool:
    """Year, month and day, each followed by its sign of three bytes. An era year has one or two digits."""
    parts = 0
    number = 0
    digits = 0
    year = 0
    month = 0
    for i in range(n):
        c = v[i]
        if 48 <= c <= 57:
            number = number * 10 + c - 48
            digits += 1
        elif digits:
            parts += 1
            if parts == 1:
                year = number if digits == 4 else 1950
                if digits == 3:
                    return False
            elif parts == 2:
                month = number
            else:
                return _day(number, month, year)
            number = 0
            digits = 0
    return False


def date_words(v: Value, n: int) -> bool:
    """Day, name of a month, year: the name begins like one of the twelve in English, French, German or Italian."""
    at = 0
    day = 0
    while at < n and 48 <= v[at] <= 57:
        day = day * 10 + v[at] - 48
        at += 1
    while at < n and (v[at] == 32 or v[at] == 46 or v[at] == 45):
        at += 1
    if at + 7 > n or not _month(v[at] | 32, v[at + 1] | 32, v[at + 2] | 32):
        return False
    return _day(day, 1, _number(v, n - 4, n))


def date_english(v: Value, n: int) -> bool:
    """Name of a month, day, year."""
    at = n - 4
    while at > 0 and not 48 <= v[at - 1] <= 57:
        at -= 1
    day = v[at - 1] - 48
    if at > 1 and 48 <= v[at - 2] <= 57:
        day += 10 * (v[at - 2] - 48)
    return _day(day, 1, _number(v, n - 4, n))


def _month(a: int, b: int, c: int) -> bool:
    code = a * 65536 + b * 256 + c
    # jan feb mar apr may jun jul aug sep oct nov dec · fév avr mai jui aoû déc · mär okt dez
    # gen mag giu lug ago set ott dic
    return code in (
        0x6A616E, 0x666562, 0x6D6172, 0x617072, 0x6D6179, 0x6A756E, 0x6A756C, 0x617567, 0x736570, 0x6F6374, 0x6E6F76,
        0x646563, 0x66E3A9, 0x617672, 0x6D6169, 0x6A7569, 0x616FE3, 0x64E3A9, 0x6DE3A4, 0x6F6B74, 0x64657A, 0x67656E,
        0x6D6167, 0x676975, 0x6C7567, 0x61676F, 0x736574, 0x6F7474, 0x646963,
    )  # fmt: skip


def _day(day: int, month: int, year: int) -> bool:
    return 1 <= day <= 31 and 1 <= month <= 12 and 1900 <= year <= 2029


def _number(v: Value, start: int, end: int) -> int:
    number = 0
    for i in range(start, end):
        number = number * 10 + v[i] - 48
    return number


def crc32_base62(v: Value, n: int) -> bool:
    """GitHub's and npm's tokens: the last six characters are the CRC-32 (ISO-HDLC) of what stands between the
    underscore of the prefix and them, in base 62 with digits, upper case, lower case."""
    start = 0
    while start < n and v[start] != 95:
        start += 1
    start += 1
    crc = 0xFFFFFFFF
    for i in range(start, n - 6):
        crc ^= v[i]
        for _ in range(8):
            crc = (crc >> 1) ^ (0xEDB88320 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    said = 0
    for i in range(n - 6, n):
        c = v[i]
        said = said * 62 + (c - 48 if c < 58 else c - 55 if c < 91 else c - 61)
    return said == crc


def mixed(v: Value, n: int) -> bool:
    """A token drawn at random: at least six different characters among its last sixteen, and not an EXAMPLE.

    What stands before an equals sign is a name and does not count. One token in thirty thousand that is drawn from
    sixteen signs has fewer; fillers and masks do.
    """
    if n >= 7 and v[n - 7] == 69 and v[n - 6] == 88 and v[n - 5] == 65 and v[n - 1] == 69:
        return False
    different = 0
    begin = max(0, n - 16)
    end = n
    while end > begin and v[end - 1] == 61:
        end -= 1
    for i in range(begin, end):
        if v[i] == 61:
            begin = i + 1
    for i in range(begin, n):
        new = True
        for j in range(begin, i):
            if v[j] == v[i]:
                new = False
                break
        if new:
            different += 1
    return different >= 6


def year_like(v: Value, n: int) -> bool:
    """Five digits of a postal code: not a row of one digit."""
    different = 0
    for i in range(1, n):
        different += v[i] != v[0]
    return different > 0


def nanp(v: Value, n: int) -> bool:
    """North American Numbering Plan: area and exchange begin with 2-9 and neither is a service code N11."""
    at = n - 10
    if v[at] < 50 or v[at + 3] < 50:
        return False
    return not (v[at + 1] == 49 and v[at + 2] == 49) and not (v[at + 4] == 49 and v[at + 5] == 49)


CHECKS = (
    none, luhn, card, mod97, us_ssn, us_ein, uk_nino, uk_nhs, it_codice_fiscale, it_partita_iva, fr_nir,
    fr_siret, de_steuer_id, de_sozialversicherung, jp_my_number, jp_corporate, ipv4, ipv4_alone, mac, date_ymd,
    date_dmy, date_kanji, date_words, date_english, crc32_base62, mixed, year_like, nanp,
)  # fmt: skip
