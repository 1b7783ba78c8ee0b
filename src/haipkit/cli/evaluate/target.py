"""The options that say which system is asked, shared by `plan` and `run`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haipkit.kernel.errors import BadInput, UsageError

if TYPE_CHECKING:
    from haipkit.workspace.evaluation_plan import Target

_OPTIONS = (
    click.option("--endpoint", metavar="URL", help="An OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1."),
    click.option("--model", metavar="NAME", default="", help="Its model, where it serves several."),
    click.option("--key-env", metavar="NAME", default="", help="The environment variable that holds the API key."),
    click.option("--ca-file", metavar="FILE", default="", help="Certificates of a private authority (PEM)."),
    click.option("--callable", "function", metavar="MODULE:NAME", help="A Python function, or an object that answers."),
    click.option("--asgi", metavar="MODULE:APP", help="An ASGI application in this process."),
    click.option("--hf", metavar="FOLDER", help="A local Hugging Face model (extra: torch)."),
)


def target_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def judge_place(given: str) -> str:
    """Where a judge answers: the address of an endpoint, or `module:name` of a Python function."""
    if "://" not in given and ":" in given:
        return given
    from haipkit.adapters.model_http import base_of

    return base_of(given)


def read_target(given: dict[str, Any], *, system_prompt: Path | None = None) -> "Target":
    """The target that the options name; without one, a place that is said later. Raises UsageError and BadInput."""
    from haipkit.workspace.evaluation_plan import Target

    named = {
        kind: given[name]
        for kind, name in (("http", "endpoint"), ("callable", "function"), ("asgi", "asgi"), ("hf", "hf"))
        if given[name]
    }
    if len(named) > 1:
        raise UsageError("the system answers in one place", advice="Give one of --endpoint, --callable, --asgi, --hf.")
    kind, place = next(iter(named.items()), ("http", ""))
    if kind == "http" and place:
        from haipkit.adapters.model_http import base_of

        place = base_of(place)
    prompt = ""
    if system_prompt is not None:
        try:
            prompt = system_prompt.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            raise BadInput("the system prompt cannot be read as UTF-8 text", where=str(system_prompt)) from fault
    options = dict(map(_option, given.get("options", ())))
    return Target(kind, place, given["model"], prompt, given["key_env"], given["ca_file"], options=options)


def _option(text: str) -> tuple[str, Any]:
    """`temperature=0.7` as a name and a JSON value; what is not JSON is text."""
    import json

    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise UsageError("a setting is NAME=VALUE", advice="For example --set temperature=0.7.")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value
