"""A labelled corpus: text in five languages with planted values whose check digits are right, and look-alikes.

The same seed gives the same bytes. The generator knows nothing of the rules: it computes its own check digits. Persons,
companies and numbers in it are made up by a random generator.
"""

import binascii
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

LANGUAGES = ("en", "fr", "de", "it", "ja")
Maker = Callable[[random.Random], str]


@dataclass(slots=True)
class Document:
    """UTF-8 text and its labels: (start, end, kind) in bytes."""

    text: bytes
    labels: list[tuple[int, int, str]] = field(default_factory=list)


def digits(rng: random.Random, n: int, first: str = "") -> str:
    return first + "".join(rng.choices(string.digits, k=n - len(first)))


def luhn_digit(body: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def grouped(text: str, sizes: tuple[int, ...], separator: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return separator.join(parts)


def email(rng: random.Random) -> str:
    name = "".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 9)))
    more = "".join(rng.choices(string.ascii_lowercase + string.digits, k=rng.randint(2, 6)))
    host = "".join(rng.choices(string.ascii_lowercase, k=rng.randint(4, 10)))
    tail = rng.choice(("com", "org", "net", "fr", "de", "it", "co.jp", "co.uk", "example.org", "io", "info"))
    return f"{name}{rng.choice(('.', '_', '-', '+', ''))}{more}@{host}.{tail}"


def phone(rng: random.Random) -> str:
    d = lambda n: digits(rng, n)  # noqa: E731
    area, office = digits(rng, 3, rng.choice("23456789")), digits(rng, 3, rng.choice("3456789"))
    area = area[0] + "0" + area[2]
    office = office[0] + "4" + office[2]
    return rng.choice(
        (
            lambda: f"({area}) {office}-{d(4)}",
            lambda: f"{area}-{office}-{d(4)}",
            lambda: f"{area}.{office}.{d(4)}",
            lambda: f"+1 {area} {office} {d(4)}",
            lambda: f"+1-{area}-{office}-{d(4)}",
            lambda: "0" + rng.choice("1234567") + "".join(f" {d(2)}" for _ in range(4)),
            lambda: "0" + rng.choice("1234567") + "".join(f".{d(2)}" for _ in range(4)),
            lambda: "+33 " + rng.choice("1234567") + "".join(f" {d(2)}" for _ in range(4)),
            lambda: f"+44 20 7{d(3)} {d(4)}",
            lambda: f"+44 (0)20 7{d(3)} {d(4)}",
            lambda: f"020 7{d(3)} {d(4)}",
            lambda: f"07{d(3)} {d(6)}",
            lambda: f"+49 30 {digits(rng, 7, rng.choice('23456789'))}",
            lambda: f"+49 151 {digits(rng, 8, '2')}",
            lambda: f"030 {digits(rng, 7, rng.choice('23456789'))}",
            lambda: f"0171 {digits(rng, 7, rng.choice('23456789'))}",
            lambda: f"089/{digits(rng, 6, rng.choice('23456789'))}",
            lambda: f"+39 06 {d(4)} {d(4)}",
            lambda: f"+39 3{rng.choice('234')}{d(1)} {d(7)}",
            lambda: f"02 {digits(rng, 8, rng.choice('23456789'))}",
            lambda: f"03-{digits(rng, 4, rng.choice('3456'))}-{d(4)}",
            lambda: f"090-{d(4)}-{d(4)}",
            lambda: f"+81 90-{d(4)}-{d(4)}",
            lambda: f"+81-3-{digits(rng, 4, '5')}-{d(4)}",
            lambda: "0" + rng.choice("1234567") + "".join(f"\u00a0{d(2)}" for _ in range(4)),
            lambda: "+33 (0)" + rng.choice("1234567") + "".join(f" {d(2)}" for _ in range(4)),
            lambda: "0033 " + rng.choice("1234567") + "".join(f" {d(2)}" for _ in range(4)),
            lambda: f"1-{area}-{office}-{d(4)}",
            lambda: f"+1 ({area}) {office}-{d(4)}",
            lambda: f"(020) 7{d(3)} {d(4)}",
            lambda: f"+49 (0)30/{digits(rng, 7, rng.choice('23456789'))}",
            lambda: f"(+39) 347 {d(7)}",
            lambda: f"045({digits(rng, 3, '3')}){d(4)}",
            lambda: f"+8190{d(4)}{d(4)}",
        )
    )()


def iban(rng: random.Random) -> str:
    country, body = rng.choice(
        (
            ("DE", digits(rng, 18)),
            ("FR", digits(rng, 10) + digits(rng, 11) + digits(rng, 2)),
            ("IT", rng.choice(string.ascii_uppercase) + digits(rng, 22)),
            ("GB", "".join(rng.choices(string.ascii_uppercase, k=4)) + digits(rng, 14)),
        )
    )
    number = int("".join(str(int(c, 36)) for c in body + country + "00"))
    whole = f"{country}{98 - number % 97:02d}{body}"
    blank = rng.choice((" ", " ", "\u00a0", "-"))
    return whole if rng.random() < 0.5 else blank.join(whole[i : i + 4] for i in range(0, len(whole), 4))


def card(rng: random.Random) -> str:
    first, length = rng.choice(
        (("4", 16), ("51", 16), ("55", 16), ("2305", 16), ("37", 15), ("6011", 16), ("3530", 16))
    )
    body = digits(rng, length - 1, first)
    whole = body + luhn_digit(body)
    if rng.random() < 0.4:
        return whole
    return grouped(whole, (4, 4, 4, 4) if length == 16 else (4, 6, 5), rng.choice((" ", "-")))


def us_ssn(rng: random.Random) -> str:
    area = rng.choice([n for n in range(1, 900) if n != 666])
    return f"{area:03d}-{rng.randint(1, 99):02d}-{rng.randint(1, 9999):04d}"


def us_ein(rng: random.Random) -> str:
    return f"{rng.choice((12, 20, 36, 45, 54, 81, 95))}-{digits(rng, 7)}"


def ca_sin(rng: random.Random) -> str:
    body = digits(rng, 8, rng.choice("1234567"))
    return grouped(body + luhn_digit(body), (3, 3, 3), rng.choice((" ", "-", "")))


def uk_nino(rng: random.Random) -> str:
    body = rng.choice(("AB", "CE", "HM", "JR", "PX", "WL")) + digits(rng, 6) + rng.choice("ABCD")
    return body if rng.random() < 0.5 else grouped(body, (2, 2, 2, 2, 1), " ")


def uk_nhs(rng: random.Random) -> str:
    while True:
        body = digits(rng, 9, rng.choice("4679"))
        check = -sum(int(c) * (10 - i) for i, c in enumerate(body)) % 11
        if check < 10:
            return grouped(f"{body}{check}", (3, 3, 4), rng.choice((" ", "-", "")))


_CF_VALUES = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_CF_ODD = dict(zip(string.ascii_uppercase, _CF_VALUES, strict=True))


def it_codice_fiscale(rng: random.Random) -> str:
    letters = "".join(rng.choices(string.ascii_uppercase, k=6))
    birth = f"{rng.randint(30, 99)}{rng.choice('ABCDEHLMPRST')}{rng.randint(1, 31):02d}"
    body = f"{letters}{birth}{rng.choice('ABCDEFGHIL')}{digits(rng, 3)}"
    total = 0
    for place, c in enumerate(body):
        letter = string.ascii_uppercase[int(c)] if c.isdigit() else c
        total += _CF_ODD[letter] if place % 2 == 0 else ord(letter) - 65
    return body + string.ascii_uppercase[total % 26]


def it_partita_iva(rng: random.Random) -> str:
    body = digits(rng, 7) + f"{rng.randint(1, 100):03d}"
    return body + luhn_digit(body)


def fr_nir(rng: random.Random) -> str:
    department = rng.choice(("75", "13", "69", "2A", "2B", "33"))
    body = f"{rng.choice('12')}{digits(rng, 2)}{rng.randint(1, 12):02d}{department}{digits(rng, 6)}"
    number = int(body.replace("2A", "19").replace("2B", "18"))
    whole = f"{body}{97 - number % 97:02d}"
    return whole if rng.random() < 0.5 else grouped(whole, (1, 2, 2, 2, 3, 3, 2), " ")


def fr_siren(rng: random.Random) -> str:
    body = digits(rng, 8, rng.choice("345678"))
    return grouped(body + luhn_digit(body), (3, 3, 3), rng.choice((" ", "")))


def de_steuer_id(rng: random.Random) -> str:
    chosen = rng.sample(string.digits, 9)
    body = [*chosen, rng.choice(chosen)]
    rng.shuffle(body)
    if body[0] == "0":
        body[0], body[-1] = body[-1], body[0]
        if body[0] == "0":
            return de_steuer_id(rng)
    product = 10
    for c in body:
        total = (int(c) + product) % 10 or 10
        product = total * 2 % 11
    whole = "".join(body) + str((11 - product) % 10)
    return whole if rng.random() < 0.5 else grouped(whole, (2, 3, 3, 3), " ")


def de_sozialversicherung(rng: random.Random) -> str:
    head = f"{rng.choice((12, 25, 53, 65, 89))}{rng.randint(1, 28):02d}{rng.randint(1, 12):02d}{digits(rng, 2)}"
    letter, serial = rng.choice(string.ascii_uppercase), digits(rng, 2)
    numbers = f"{head}{ord(letter) - 64:02d}{serial}"
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    products = [int(c) * w for c, w in zip(numbers, weights, strict=True)]
    check = sum(p // 10 + p % 10 for p in products) % 10
    return f"{head}{letter}{serial}{check}" if rng.random() < 0.5 else f"{head[:2]} {head[2:]} {letter} {serial}{check}"


def jp_my_number(rng: random.Random) -> str:
    body = digits(rng, 11, rng.choice("123456789"))
    total = sum(int(c) * (n + 1 if n <= 6 else n - 5) for n, c in zip(range(11, 0, -1), body, strict=True))
    check = 0 if total % 11 <= 1 else 11 - total % 11
    return grouped(f"{body}{check}", (4, 4, 4), rng.choice((" ", "-", "")))


def jp_corporate(rng: random.Random) -> str:
    body = digits(rng, 12)
    total = sum(int(c) * (1 + i % 2) for i, c in enumerate(reversed(body)))
    return f"{9 - total % 9}{body}"


def passport(rng: random.Random) -> str:
    letters = "".join(rng.choices("ABCDEFGHKLMNPRTWXYZ", k=2))
    return rng.choice((letters + digits(rng, 7), digits(rng, 9), digits(rng, 2) + letters + digits(rng, 5)))


def ip_address(rng: random.Random) -> str:
    if rng.random() < 0.7:
        return (
            f"{rng.choice((10, 81, 172, 192, 203))}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(64, 254)}"
        )
    h = lambda: f"{rng.randint(1, 65535):x}"  # noqa: E731
    return rng.choice(
        (
            f"2001:db8:{h()}:{h()}::{h()}",
            f"2a00:1450::{h()}",
            f"fe80::{h()}:{h()}",
            f"2607:F8B0:{h()}:{h()}:{h()}:{h()}:{h()}:{h()}".upper(),
        )
    )


def mac_address(rng: random.Random) -> str:
    return rng.choice(":-").join(f"{rng.randint(1, 254):02X}" for _ in range(6))


def birth_date(rng: random.Random) -> str:
    year, month, day = rng.randint(1935, 2008), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice(
        (f"{year}-{month:02d}-{day:02d}", f"{day:02d}/{month:02d}/{year}", f"{day:02d}.{month:02d}.{year}")
    )


_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def secret(rng: random.Random) -> str:
    word = lambda alphabet, n: "".join(rng.choices(alphabet, k=n))  # noqa: E731
    body = word(_BASE62, 30)
    crc, tail = binascii.crc32(body.encode()), ""
    for _ in range(6):
        crc, rest = divmod(crc, 62)
        tail = _BASE62[rest] + tail
    return rng.choice(
        (
            f"ghp_{body}{tail}",
            f"AKIA{word(string.ascii_uppercase + '234567', 16)}",
            f"glpat-{word(_BASE62, 20)}",
            f"AIza{word(_BASE62, 35)}",
            f"sk_live_{word(_BASE62, 24)}",
            f"postgres://{word('abcdefgh', 6)}:{word(_BASE62, 12)}@db.{word('stuvwxyz', 6)}.org:5432",
            f"eyJ{word(_BASE62, 30)}.eyJ{word(_BASE62, 60)}.{word(_BASE62, 43)}",
            f"-----BEGIN PRIVATE KEY-----\n{word(_BASE62, 64)}\n{word(_BASE62, 64)}\n-----END PRIVATE KEY-----",
        )
    )


# kind, maker, and what the value is called in the five languages; an empty tuple: it may stand alone.
VALUES: tuple[tuple[str, Maker, tuple[str, ...]], ...] = (
    ("email", email, ()),
    ("phone", phone, ("phone", "téléphone", "Telefon", "telefono", "電話")),
    ("iban", iban, ()),
    ("card", card, ()),
    ("us-ssn", us_ssn, ("SSN", "SSN", "SSN", "SSN", "社会保障番号")),
    ("us-ein", us_ein, ("EIN", "EIN", "EIN", "EIN", "雇用者番号")),
    ("ca-sin", ca_sin, ("SIN", "NAS", "SIN", "SIN", "社会保険番号")),
    ("uk-nino", uk_nino, ("National Insurance", "NINO", "NINO", "NINO", "国民保険番号")),
    ("uk-nhs", uk_nhs, ("NHS number", "numéro NHS", "NHS-Nummer", "numero NHS", "NHS番号")),
    ("it-codice-fiscale", it_codice_fiscale, ()),
    ("it-partita-iva", it_partita_iva, ("VAT number", "n° TVA", "USt-IdNr", "Partita IVA", "VAT")),
    ("fr-nir", fr_nir, ()),
    ("fr-siren", fr_siren, ("SIREN", "SIREN", "SIREN", "SIREN", "SIREN")),
    ("de-steuer-id", de_steuer_id, ("tax ID", "n° fiscal", "Steuer-ID", "IdNr", "納税者番号")),
    ("de-sozialversicherungsnummer", de_sozialversicherung, ()),
    ("jp-my-number", jp_my_number, ("My Number", "My Number", "My Number", "My Number", "マイナンバー")),
    ("jp-corporate-number", jp_corporate, ("corporate number", "法人番号", "法人番号", "法人番号", "法人番号")),
    ("passport", passport, ("passport no.", "passeport n°", "Reisepass", "passaporto", "旅券番号")),
    ("ip-address", ip_address, ()),
    ("mac-address", mac_address, ()),
    ("birth-date", birth_date, ("born", "né le", "geboren am", "nato il", "生年月日")),
    ("secret", secret, ()),
)  # fmt: skip


def wrong_last(make: Maker) -> Maker:
    """The same form with a last digit or letter that the check refuses."""

    def spoiled(rng: random.Random) -> str:
        value = make(rng)
        last = value[-1]
        if last.isdigit():
            return value[:-1] + str((int(last) + rng.randint(1, 9)) % 10)
        return value[:-1] + chr((ord(last) - 65 + rng.randint(1, 25)) % 26 + 65)

    return spoiled


def moment(rng: random.Random) -> str:
    """A date and time as logs write it."""
    day = f"{rng.randint(2001, 2026)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    return f"{day} {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}.{digits(rng, 6)}"


LOOK_ALIKES: tuple[Maker, ...] = (
    lambda r: f"version {r.randint(1, 20)}.{r.randint(0, 30)}.{r.randint(0, 9)}.{r.randint(0, 40)}",
    lambda r: f"§ {r.randint(1, 12)}.{r.randint(1, 9)}.{r.randint(1, 9)}.{r.randint(1, 9)}",
    lambda r: f"order ORD-{digits(r, 4)}-{digits(r, 4)}-{digits(r, 4)}",
    moment,
    lambda r: f"17{digits(r, 8)}",
    lambda r: f"17{digits(r, 11)}",
    lambda r: "".join(r.choices("0123456789abcdef", k=40)),
    lambda r: "-".join("".join(r.choices("0123456789abcdef", k=n)) for n in (8, 4, 4, 4, 12)),
    lambda r: f"ISBN 978-{r.randint(0, 9)}-{digits(r, 2)}-{digits(r, 6)}-{digits(r, 1)}",
    lambda r: r.choice(("4111 1111 1111 1111", "4242424242424242", "5555-5555-5555-4444", "378282246310005")),
    lambda r: f"{r.randint(1, 999)},{digits(r, 3)},{digits(r, 3)}.{digits(r, 2)}",
    lambda r: f"icon-{r.randint(1, 9)}@2x.png",
    lambda r: f"react@{r.randint(1, 18)}.{r.randint(0, 9)}.{r.randint(0, 9)}",
    lambda r: f"AKIA{''.join(r.choices(string.ascii_lowercase, k=16))}",
    lambda r: f"{r.choice((0, 666, 900, 955)):03d}-{r.randint(10, 99)}-{digits(r, 4)}",
    lambda r: f"ghp_{''.join(r.choices(_BASE62, k=36))}",
    lambda r: f"-{r.randint(1, 9)}.{digits(r, 8)}E+{digits(r, 9, '6')}",
    lambda r: ":".join(f"{r.randint(0, 255):02X}" for _ in range(20)),
    lambda r: f"order no. {digits(r, r.randint(12, 16), r.choice('123456789'))}",
    lambda r: f"注文番号{digits(r, 16, r.choice('45'))}",
    lambda r: f"part {digits(r, 3, '0')}-{digits(r, 4)}-{digits(r, 2)}",
    lambda r: f"sk_live_{'x' * 24}",
    lambda r: f"errors[{digits(r, 5, '1')}] = address",
    lambda r: f"EAN 40{digits(r, 11)}",
    lambda r: f"std::map<int, f{r.randint(1, 64)}>::iterator",
    wrong_last(iban), wrong_last(card), wrong_last(it_codice_fiscale), wrong_last(fr_nir), wrong_last(de_steuer_id),
    wrong_last(de_sozialversicherung), lambda r: f"SIN {wrong_last(ca_sin)(r)}",
    lambda r: f"マイナンバーは{wrong_last(jp_my_number)(r)}",
)  # fmt: skip

_TEXT = {
    "en": "the report shows that teams agreed on a plan for review while customers waited and costs fell",
    "fr": "le rapport montre que les équipes ont convenu d'un plan de revue alors que les clients attendaient ailleurs",
    "de": "der Bericht zeigt dass die Gruppen sich auf einen Plan für die Prüfung einigten während die Kunden warteten",
    "it": "la relazione mostra che i gruppi hanno concordato un piano di revisione mentre i clienti attendevano però",
    "ja": "この 報告書 では 各部門 が 計画 に 合意 した こと を 示す 。 顧客 は 待って おり 、 確認 （ 見直し ） する",
}
_WORDS = {language: text.split() for language, text in _TEXT.items()}
_WIDE = str.maketrans(string.digits + "-", "０１２３４５６７８９－")


def prose(rng: random.Random, language: str) -> str:
    words = rng.choices(_WORDS[language], k=rng.randint(8, 30))
    if rng.random() < 0.3:
        words[rng.randrange(len(words))] = str(
            rng.choice((rng.randint(1, 99), rng.randint(1990, 2026), f"{rng.randint(1, 99)} %"))
        )
    return "".join(words) if language == "ja" else " ".join(words).capitalize() + "."


def planted(rng: random.Random, language: str, kind: str, make: Maker, names: tuple[str, ...]) -> tuple[str, str, str]:
    """(before, value, after): a value with its name where it has one, in a style of the language."""
    value = make(rng)
    name = names[LANGUAGES.index(language)] if names else ""
    if language == "ja":
        if kind in ("phone", "jp-my-number") and not value.startswith(("+", "(")) and rng.random() < 0.2:
            value = value.translate(_WIDE)
        before = f"{name}は" if name else rng.choice(("値は", "宛先：", "記録（"))
        return before, value, rng.choice(("です。", "を確認", "）", "、"))
    style = rng.randrange(4)
    if name:
        before = (f"{name}: ", f"{name} ", f'"{name}": "', f"{name} = ")[style]
    else:
        before = ("", "→ ", '"value": "', "x=")[style]
    return before, value, ("", ".", '"', ";")[style]


def document(rng: random.Random, size: int) -> Document:
    """About `size` bytes in one language: prose, values and look-alikes in a random order."""
    language = rng.choice(LANGUAGES)
    parts: list[bytes] = []
    labels: list[tuple[int, int, str]] = []
    at = 0

    def put(text: str) -> None:
        nonlocal at
        parts.append(text.encode())
        at += len(parts[-1])

    while at < size:
        for _ in range(rng.randint(14, 32)):
            put(prose(rng, language))
            put(" ")
        if rng.random() < 0.55:
            kind, make, names = rng.choice(VALUES)
            before, value, after = planted(rng, language, kind, make, names)
            put(before)
            labels.append((at, at + len(value.encode()), kind))
            put(value)
            put(after + rng.choice(("\n", " ", "\t")))
        if rng.random() < 0.5:
            put(prose(rng, language) + " ")
            put(rng.choice(LOOK_ALIKES)(rng) + "\n")
    return Document(b"".join(parts), labels)


def corpus(size: int, seed: int = 1) -> Iterator[Document]:
    """Documents of about 3.4 kB until `size` bytes are reached."""
    rng = random.Random(seed)
    total = 0
    while total < size:
        made = document(rng, rng.randint(800, 6000))
        total += len(made.text)
        yield made
