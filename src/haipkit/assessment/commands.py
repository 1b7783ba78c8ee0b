"""The command line that records what an ask names. What only a person knows stands in it as `"<…>"`, and a record that
still holds such a value is refused. Decides; does not read, write, sign or fetch.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from haipkit.assessment.finding import Ask
from haipkit.records.kinds import KINDS


class Blank(NamedTuple):
    """What stands for a field's value until somebody fills it in, and whether the kind requires the field."""

    text: str
    needed: bool


Blanks = Callable[[str], Mapping[str, Blank]]
"""Kind → field → blank: what `workspace.forms.blanks` reads off the models of the bodies."""

RESULT_FILES = {
    "test/1": "<junit.xml>",
    "scan/1": "<scan.sarif>",
    "inventory/1": "<bom.cdx.json>",
    "evaluation/1": "<inspect-log.eval>",
}
"""Kinds that come in as another tool's file, and what such a file is called."""
_IMPORT_FLAGS = {"domains": "domain", "method": "method", "stage": "stage", "performed_by": "performed-by"}
_OFFICES = ("owner", "decided_by", "approved_by")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,-]+", re.ASCII)


def no_blanks(_: str) -> Mapping[str, Blank]:
    """For callers that know no bodies: only what the ask itself names."""
    return {}


def import_line(ask: Ask, requirements: Iterable[str], subject: str | None) -> str:
    """`haip import` for a result of another tool; tests, scans and inventories name the requirements they speak to."""
    words = ["haip import", shell(RESULT_FILES[ask.kind])]
    if ask.kind == "evaluation/1":
        for name, value in ask.fields.items():
            if name in _IMPORT_FLAGS:
                words.append(f"--{_IMPORT_FLAGS[name]} {shell(_shown(value))}")
            elif name == "secure_environment":
                words.append("--secure-environment")
    else:
        words += [f"--supports {reference}" for reference in requirements]
    if subject:
        words.append(f"--for {shell(subject)}")
    return " ".join(words)


def add_line(ask: Ask, subject: str | None, owner: str | None, blanks: Blanks) -> str:
    """`haip add` for a new record, or for the standing one when the ask amends it."""
    kind = KINDS[ask.kind]
    known = blanks(ask.kind)
    words = [f"haip add {kind.short}"]
    if ask.key is not None:
        words.append(shell(ask.key))
    if ask.amend:
        words.append("--amend")
    words += [option(name, value) for name, value in ask.fields.items()]
    needed = [] if ask.amend else [name for name, blank in known.items() if blank.needed]
    own = (kind.key,) if ask.key is not None and kind.key in ("action", "requirement", "version", "subject") else ()
    for name in dict.fromkeys((*needed, *ask.blanks)):
        if name not in ask.fields and name not in own:
            words.append(option(name, _filled(name, known, owner)))
    system = ask.system or (None if ask.amend or kind.scope == "organisation" else subject)
    if system:
        words.append(f"--system {shell(system.partition('/')[0] if kind.name == 'release/1' else system)}")
    return " ".join(words)


def _filled(name: str, known: Mapping[str, Blank], owner: str | None) -> str:
    if owner and name in _OFFICES:
        return owner
    return known[name].text if name in known else f"<{name.replace('_', ' ')}>"


def option(name: str, value: Any) -> str:
    """A field as an option of `haip add`."""
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag} {shell(_shown(value))}"


def _shown(value: Any) -> str:
    """One value as it stands; of several that would do, the choice."""
    several = [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
    return several[0] if len(several) == 1 else f"<{'|'.join(several)}>"


def shell(text: str) -> str:
    """A word as a shell takes it, quoted where it must be."""
    if _PLAIN.fullmatch(text):
        return text
    return '"' + re.sub(r'([\\"$`])', r"\\\1", text) + '"'
