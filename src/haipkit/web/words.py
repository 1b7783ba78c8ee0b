"""Every sentence of the pages goes through `say`, so that a translation has one place to stand in. English for now."""


def say(text: str, /, **values: object) -> str:
    """`text` in the reader's language, with `{names}` filled in."""
    return text.format(**values) if values else text


def count(number: int, one: str, many: str) -> str:
    """`1 record`, `3 records`, `no records`."""
    return say("{number} {word}", number=number or say("no"), word=one if number == 1 else many)
