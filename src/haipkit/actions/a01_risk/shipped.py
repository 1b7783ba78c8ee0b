"""The suites that come with the product: their names, and their text."""

from functools import cache
from pathlib import Path

from haipkit.actions.a01_risk.suite import Suite, read_suite
from haipkit.kernel.errors import NotFound

HOME = Path(__file__).parent / "suites"


def suite_names() -> list[str]:
    return sorted(path.stem for path in HOME.glob("*.toml"))


def suite_text(name: str) -> tuple[str, str]:
    """(TOML, JSONL) of a shipped suite. Raises NotFound that names the near ones."""
    known = suite_names()
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=3, cutoff=0.4) or known
        raise NotFound(f"no suite is called {name!r}", advice=f"There are: {', '.join(near)}.")
    return (HOME / f"{name}.toml").read_text("utf-8"), (HOME / f"{name}.jsonl").read_text("utf-8")


@cache
def shipped_suite(name: str) -> Suite:
    return read_suite(*suite_text(name), name)
