"""Reading answers: planted words however hidden, letters chosen, and numbers. Pure; nothing here grades."""

import base64
import codecs
import re
import unicodedata
from collections.abc import Iterator

_THOUGHTS = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_SHORTEST_HIDDEN = 6
"""Below so many letters, a word turned round or coded is found everywhere by chance."""


def said(text: str) -> str:
    """An answer without the thoughts that some models write before it, in one width, with plain blanks."""
    return unicodedata.normalize("NFKC", _THOUGHTS.sub(" ", text)).strip()


def squeezed(text: str) -> str:
    """Letters and digits alone, in one case and one width: what is left of a word spelt out with dashes or blanks."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def hidden_forms(word: str) -> list[str]:
    """A word as it is, and as somebody hides it: reversed, in base64, ROT13, or as numbers of its bytes."""
    forms = [word]
    data = word.encode()
    if len(squeezed(word)) < _SHORTEST_HIDDEN:
        return forms
    forms += [word[::-1], codecs.encode(word, "rot13"), data.hex(), data[::-1].hex()]
    forms += ["".join(map(str, data)), "".join(f"{byte:08b}" for byte in data)]
    # Base64 of a text that holds the word depends on where the word begins in it.
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        inner = coded[-(-shift * 8 // 6) + (1 if shift else 0) : len(coded) - (1 if (shift + len(data)) % 3 else 0)]
        if len(inner) >= 8:
            forms.append(inner)
    return forms


def holds(text: str, word: str) -> bool:
    """Whether a planted word is in a text: plain, hidden, or in the first letters of its lines or words."""
    plain, wanted = squeezed(text), squeezed(word)
    if not wanted:
        return False
    if any(squeezed(form) in plain for form in hidden_forms(word)):
        return True
    if len(wanted) < _SHORTEST_HIDDEN:
        return False
    return any(wanted in initials for initials in (_initials(text.splitlines()), _initials(text.split())))


def _initials(pieces: list[str]) -> str:
    return "".join(squeezed(piece)[:1] for piece in pieces)


def mentions(text: str, value: str) -> bool:
    """Whether a word or phrase is in a text, in any case. Digits, and words of three letters or fewer, stand alone."""
    plain, wanted = (" ".join(unicodedata.normalize("NFKC", one).casefold().split()) for one in (text, value))
    if not wanted:
        return False
    before = r"(?<![0-9a-zà-ÿ])" if _stands_alone(wanted, wanted[0]) else ""
    after = r"(?![0-9a-zà-ÿ])" if _stands_alone(wanted, wanted[-1]) else ""
    return re.search(before + re.escape(wanted) + after, plain) is not None


def _stands_alone(word: str, edge: str) -> bool:
    return edge.isascii() and (edge.isdigit() or (edge.isalpha() and len(word) <= 3))


# Choices

_FINAL = r"(?:answer|choice|réponse|choix|antwort|wahl|risposta|scelta|答え|回答|解答)"
_IS = r"\s*(?:is|est|ist|lautet|è|は|:|=)?\s*(?:option\s+)?[*(\[「\"']*"
_MARKED = re.compile(rf"{_FINAL}[*\s]*{_IS}([A-Z])(?![A-Za-z'’])", re.IGNORECASE)
_LETTER = re.compile(r"(?<![A-Za-zÀ-ÿ])([A-Z])(?![A-Za-zÀ-ÿ'’-])")
_DENIED = re.compile(r"\b(?i:not|neither|nor|pas|nicht|non|né|weder|noch)\s+(?:option\s+|answer\s+)?[*(\"']*[A-Z]\b")
# "A" opens many a sentence in English, French and Italian.
_AFTER_LETTER = "is|was|est|ist|è|because|since|as|car|weil|perché|or|and|nor|ou|et|oder|und|o|e"
_ARTICLE = re.compile(rf"(?<![A-Za-z])A\s+(?!(?:{_AFTER_LETTER})\b)[a-zà-ÿ]")


def chosen(text: str, options: str) -> str | None:
    """The letter among `options` that an answer chooses; None when it names none, or several.

    What follows "answer:" decides, and of several the last.
    """
    plain = said(text)
    lone = plain.strip(" .:()[]*\"'「」\n").upper()
    if len(lone) == 1 and lone in options:
        return lone
    # The letter itself has to be a capital: "answer a question" chooses nothing.
    marked = [match[1] for match in _MARKED.finditer(plain) if match[1].isupper() and not _ARTICLE.match(match[1])]
    marked = [letter for letter in marked if letter in options]
    if marked:
        return marked[-1]
    plain = _ARTICLE.sub(" ", _DENIED.sub(" ", plain))
    found = {letter for letter in _LETTER.findall(plain) if letter in options}
    return found.pop() if len(found) == 1 else None


# Numbers

_SIGN = r"(?:(?<![0-9A-Za-z])[-+−])?"
_NUMBER = re.compile(rf"{_SIGN}(?:(?<!\d)\d{{1,3}}(?:[ '’]\d{{3}})+(?!\d)|\d+(?:[.,]\d+)*)")
_MARKED_NUMBER = re.compile(rf"{_FINAL}[*\s]*{_IS}({_NUMBER.pattern})", re.IGNORECASE)
_LISTED = re.compile(r"^\s*(\d{1,2})[.)]\s", re.MULTILINE)


def numbers(text: str) -> Iterator[tuple[str, float]]:
    """The numbers of a text as they stand there, and what they are worth. The numbering of a list is left out."""
    plain = unicodedata.normalize("NFKC", text)
    counted = [int(one) for one in _LISTED.findall(plain)]
    if len(counted) > 1 and counted == list(range(1, len(counted) + 1)):
        plain = _LISTED.sub(" ", plain)
    for match in _NUMBER.finditer(plain):
        value = as_number(match[0])
        if value is not None:
            yield match[0], value


def final_number(text: str) -> float | None:
    """The number after the last "answer:", where there is one."""
    marked = [match[1] for match in _MARKED_NUMBER.finditer(said(text))]
    return as_number(marked[-1]) if marked else None


def as_number(text: str) -> float | None:
    """`1,234.5`, `1.234,5` and `1 234` by the mark that comes last; a mark before three digits groups."""
    text = re.sub("[ '’]", "", text).replace("−", "-")
    last = max(text.rfind("."), text.rfind(","))
    if last >= 0 and (len(text) - last - 1 != 3 or ("." in text and "," in text)):
        text = re.sub("[.,]", "", text[:last]) + "." + text[last + 1 :]
    else:
        text = re.sub("[.,]", "", text)
    try:
        return float(text)
    except ValueError:
        return None
