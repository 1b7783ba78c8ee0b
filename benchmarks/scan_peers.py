"""Other scanners on the same documents: `benchmarks.scan` runs this file with the interpreter of their environment.

Imports nothing of haipkit. Reads documents as JSON lines, and prints a JSON line a tool: seconds of CPU, how much it
read, and its findings as (document, kind, start, end) in bytes. A tool that is not installed says so.

Run: PYTHON benchmarks/scan_peers.py DOCUMENTS.jsonl
"""

import contextlib
import io
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Found = tuple[int, str, int, int]

# The kinds of value that the tools below have in common with haipkit, as one would write them for a regular-expression
# engine: with boundaries and reserved digits, without check digits. Bytes, so that boundaries are those of ASCII.
PATTERNS: tuple[tuple[str, bytes], ...] = (
    ("email", rb"\b[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}\b"),
    ("phone", rb"\+[1-9][0-9]{0,2}[ .-]?(?:\(0\))?[ .-]?(?:[0-9]{1,5}[ ./-]?){2,5}[0-9]{2,4}\b"),
    ("phone", rb"\([2-9][0-9]{2}\) ?[2-9][0-9]{2}-[0-9]{4}\b"),
    ("phone", rb"\b[2-9][0-9]{2}[.-][2-9][0-9]{2}[.-][0-9]{4}\b"),
    ("phone", rb"\b0[1-9](?:[ .-][0-9]{2}){4}\b"),
    ("phone", rb"\b0[1-9][0-9]{1,3}[ /-][0-9]{5,8}\b"),
    ("phone", rb"\b0[0-9]{1,3}-[0-9]{2,4}-[0-9]{4}\b"),
    ("phone", rb"\b0[0-9]{2,4} [0-9]{3,4} ?[0-9]{3,4}\b"),
    ("iban", rb"\b[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]{4}){3,7}(?: ?[0-9A-Z]{1,3})?\b"),
    ("card", rb"\b(?:[0-9]{4}[ -]?){3}[0-9]{4}\b"),
    ("card", rb"\b3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}\b"),
    ("us-ssn", rb"\b[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}\b"),
    ("us-ein", rb"\b[0-9]{2}-[0-9]{7}\b"),
    ("ca-sin", rb"\b[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}\b"),
    ("uk-nino", rb"\b[A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b"),
    ("uk-nhs", rb"\b[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}\b"),
    ("it-codice-fiscale", rb"\b[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]\b"),
    ("it-partita-iva", rb"\b[0-9]{11}\b"),
    ("fr-nir", rb"\b[12] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b"),
    ("de-steuer-id", rb"\b[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}\b"),
    ("de-sozialversicherungsnummer", rb"\b[0-9]{2} ?[0-9]{6} ?[A-Z] ?[0-9]{3}\b"),
    ("jp-my-number", rb"\b[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}\b"),
    ("jp-corporate-number", rb"\b[1-9][0-9]{12}\b"),
    ("passport", rb"\b(?:[A-Z]{2}[0-9]{7}|[0-9]{9}|[0-9]{2}[A-Z]{2}[0-9]{5})\b"),
    ("ip-address", rb"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"),
    ("ip-address", rb"\b[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){2,7}\b"),
    ("mac-address", rb"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"),
    ("birth-date", rb"\b(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}[./][0-9]{2}[./][0-9]{4})\b"),
    ("secret", rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|AKIA[A-Z2-7]{16}|glpat-[A-Za-z0-9_-]{20}|sk_live_[A-Za-z0-9]{24})\b"),
    ("secret", rb"\bAIza[A-Za-z0-9_-]{35}"),
    ("secret", rb"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
    ("secret", rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    ("secret", rb"\b[a-z][a-z0-9+]+://[^\s:/@]+:[^\s@/]+@[a-z0-9.]+"),
)  # fmt: skip


def regular_expressions() -> Callable[[bytes], list[tuple[str, int, int]]]:
    compiled = [(kind, re.compile(pattern)) for kind, pattern in PATTERNS]
    return lambda text: [(kind, *match.span()) for kind, one in compiled for match in one.finditer(text)]


def hyperscan() -> Callable[[bytes], list[tuple[str, int, int]]]:
    import hyperscan as engine

    database = engine.Database()
    database.compile(
        expressions=[pattern for _, pattern in PATTERNS],
        ids=list(range(len(PATTERNS))),
        elements=len(PATTERNS),
        flags=[engine.HS_FLAG_SOM_LEFTMOST] * len(PATTERNS),
    )

    def scan(text: bytes) -> list[tuple[str, int, int]]:
        longest: dict[tuple[int, int], int] = {}

        def seen(number: int, start: int, end: int, flags: int, context: Any) -> None:
            longest[number, start] = end

        database.scan(text, match_event_handler=seen)
        found, reach = [], {}
        for (number, start), end in sorted(longest.items()):
            if start >= reach.get(number, 0):
                reach[number] = end
                found.append((PATTERNS[number][0], start, end))
        return found

    return scan


_PRESIDIO = {
    "EmailRecognizer": "email", "IbanRecognizer": "iban", "CreditCardRecognizer": "card", "UsSsnRecognizer": "us-ssn",
    "CaSinRecognizer": "ca-sin", "UkNinoRecognizer": "uk-nino", "NhsRecognizer": "uk-nhs",
    "ItFiscalCodeRecognizer": "it-codice-fiscale", "ItVatCodeRecognizer": "it-partita-iva",
    "DeTaxIdRecognizer": "de-steuer-id", "DeSocialSecurityRecognizer": "de-sozialversicherungsnummer",
    "UsPassportRecognizer": "passport", "UkPassportRecognizer": "passport", "ItPassportRecognizer": "passport",
    "DePassportRecognizer": "passport", "IpRecognizer": "ip-address", "MacAddressRecognizer": "mac-address",
    "PhoneRecognizer": "phone",
}  # fmt: skip


def presidio() -> Callable[[str], list[tuple[str, int, int]]]:
    """Its pattern recognisers for these kinds, every score counted; without a language model and its context words."""
    from presidio_analyzer import predefined_recognizers as known

    regions = ("US", "CA", "GB", "FR", "DE", "IT", "JP")
    chosen = [
        (kind, getattr(known, name)(**({"supported_regions": regions} if name == "PhoneRecognizer" else {})))
        for name, kind in _PRESIDIO.items()
        if hasattr(known, name)
    ]

    def scan(text: str) -> list[tuple[str, int, int]]:
        return [
            (kind, one.start, one.end)
            for kind, recognizer in chosen
            for one in recognizer.analyze(text, recognizer.supported_entities, None) or []
        ]

    return scan


def scrubadub() -> Callable[[str], list[tuple[str, int, int]]]:
    """All its default detectors; the kinds that are also ours are scored."""
    import scrubadub as peer

    kinds = {"email": "email", "phone": "phone", "credit_card": "card", "social_security_number": "us-ssn"}
    scrubber = peer.Scrubber()

    def scan(text: str) -> list[tuple[str, int, int]]:
        return [(kinds[one.type], one.beg, one.end) for one in scrubber.iter_filth(text) if one.type in kinds]

    return scan


def datatrove() -> Callable[[str], list[tuple[str, int, int]]]:
    from datatrove.pipeline.formatters import PIIFormatter

    formatter = PIIFormatter(only_remove_public_ips=False)
    replacers = (("email", formatter.emails_replacer), ("ip-address", formatter.ip_replacer))

    def scan(text: str) -> list[tuple[str, int, int]]:
        return [
            (kind, *match.span())
            for kind, replacer in replacers
            for match in replacer.regex.finditer(text)
            if replacer.validator is None or replacer.validator(match.group(0))
        ]

    return scan


def dolma() -> Callable[[str], list[tuple[str, int, int]]]:
    from dolma.core.data_types import Document
    from dolma.taggers.pii import FastPiiRegex

    kinds = {"EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "IP_ADDRESS": "ip-address"}
    tagger = FastPiiRegex()

    def scan(text: str) -> list[tuple[str, int, int]]:
        spans = tagger.predict(Document(source="", id="0", text=text)).spans
        return [(kinds[one.type], one.start, one.end) for one in spans if one.type in kinds]

    return scan


# Name, the tool, whether it reads bytes, and how many bytes are enough for a slow one.
TOOLS: tuple[tuple[str, Callable[[], Callable[[Any], list[tuple[str, int, int]]]], bool, int], ...] = (
    ("hyperscan", hyperscan, True, 20_000_000),
    ("dolma", dolma, False, 4_000_000),
    ("datatrove", datatrove, False, 4_000_000),
    ("scrubadub", scrubadub, False, 1_000_000),
    ("presidio", presidio, False, 500_000),
)


def measure(
    scan: Callable[[Any], list[tuple[str, int, int]]], documents: list[bytes], sample: int, *, reads_bytes: bool
) -> dict[str, Any]:
    """Seconds of CPU for the first documents up to `sample` bytes, and what was found in them."""
    chosen: list[Any] = []
    size = 0
    for one in documents:
        if size >= sample:
            break
        chosen.append(one if reads_bytes else one.decode())
        size += len(one)
    scan(chosen[0])
    started = time.process_time()
    raw = [scan(one) for one in chosen]
    seconds = time.process_time() - started
    found: list[Found] = []
    for number, (text, here) in enumerate(zip(chosen, raw, strict=True)):
        for kind, start, end in here:
            if not reads_bytes:
                start, end = len(text[:start].encode()), len(text[:end].encode())
            found.append((number, kind, start, end))
    return {"seconds": seconds, "bytes": size, "documents": len(chosen), "found": found}


def results(documents: list[bytes]) -> Iterator[dict[str, Any]]:
    for name, make, reads_bytes, sample in TOOLS:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                result = measure(make(), documents, sample, reads_bytes=reads_bytes)
        except Exception as fault:  # whatever a tool raises is told, and the next one runs
            result = {"missing": f"{type(fault).__name__}: {fault}"}
        yield {"name": name, **result}


if __name__ == "__main__":
    read = [json.loads(line).encode() for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    for result in results(read):
        print(json.dumps(result), flush=True)
