"""`haip data leak-test`: try to make a model give away its training data."""

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haipkit.cli.data.told import fault_data, record_data, told_faults
from haipkit.cli.output import bullets, echo_json, line, progress, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haipkit.actions.a11_data.leak import Leaks
    from haipkit.workspace.leak_test import LeakOutcome, LeakWishes

_WORDS = {
    "pass": "Nothing came out that must not. This says what was tried, not that nothing can leak.",
    "fail": "The model gives away what it must not.",
    "incomplete": "Too little could be tried to say anything.",
}
_EXIT = {"pass": 0, "fail": 1, "incomplete": 2}
_MODEL = (
    click.Option(["--endpoint"], default="", metavar="URL", help="A model behind HTTP, OpenAI-compatible."),
    click.Option(["--agent"], default="", metavar="URL", help="An application behind HTTP with a JSON of its own."),
    click.Option(["--ask"], default="", metavar="JSON", help='What an agent is sent: {"message": "{prompt}"}.'),
    click.Option(["--reply"], default="", metavar="POINTER", help="Where its answer stands: /reply."),
    click.Option(["--function"], default="", metavar="MODULE:NAME", help="A function or object in this process."),
    click.Option(["--application"], default="", metavar="MODULE:NAME", help="An ASGI application in this process."),
    click.Option(["--local", "folder"], default="", metavar="FOLDER", help="A Hugging Face model (extra torch)."),
    click.Option(["--model"], default="", metavar="NAME", help="Which model of the endpoint."),
    click.Option(["--key-variable"], default="", metavar="VAR", help="The environment variable with the API key."),
    click.Option(["--ca-file"], default="", metavar="FILE", help="Certificates of your own authority."),
    click.Option(["--seconds"], type=click.FloatRange(0.1), default=120.0, help="Time limit of a call (120)."),
    click.Option(["--at-once"], type=click.IntRange(1, 1000), default=8, help="Calls under way at a time (8)."),
    click.Option(["--chat"], is_flag=True, help="Ask in a conversation; the default is to let it continue texts."),
)
"""How a model is named."""
_TEST = (
    click.Option(["--canaries"], metavar="NAME", help="The set of canaries that was planted."),
    click.Option(["--held-out"], multiple=True, metavar="PATH", help="Texts of the same source, not trained on."),
    click.Option(["--prompts"], type=click.IntRange(1, 10_000), default=50, help="Training texts to continue (50)."),
    click.Option(["--candidates"], type=click.IntRange(2, 100_000), default=1000, help="Codes to rank among (1000)."),
    click.Option(["--samples"], type=click.IntRange(1, 1000), default=4, help="Answers to one prompt (4)."),
    click.Option(["--answer-tokens"], type=click.IntRange(1, 4096), default=200, help="Length of an answer (200)."),
    click.Option(["--prompt-characters"], type=click.IntRange(10, 900), default=200, help="Shown of a text (200)."),
    click.Option(["--least-verbatim"], type=click.IntRange(40, 900), default=50, help="Characters that count (50)."),
    click.Option(["--max-canaries"], type=click.IntRange(0), default=0, help="Canaries that may come out (0)."),
    click.Option(["--max-values"], type=click.IntRange(0), default=0, help="Confirmed values let pass (0)."),
    click.Option(
        ["--max-verbatim"], type=click.FloatRange(0, 1), default=0.01, help="Verbatim answers let pass (0.01)."
    ),
    click.Option(["--seed"], type=click.IntRange(0, 2**31 - 1), help="Makes the choice of texts repeatable."),
    click.Option(["--for", "system"], metavar="SYSTEM[/RELEASE]", help="Keep the result as a measured record."),
    click.Option(["--title"], metavar="TEXT", help="What the record is called."),
    click.Option(["--supports"], multiple=True, metavar="REQ", help="A requirement the test speaks to (repeatable)."),
    click.Option(["--by", "office"], metavar="OFFICE"),
    click.Option(["--json", "as_json"], is_flag=True),
)


@click.command(name="leak-test", params=[click.Argument(["paths"], nargs=-1), *_MODEL, *_TEST], no_args_is_help=True)
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> int:
    """Try to make a model give away its training data, which is in PATHS.

    Ranks planted canaries among codes of their form, asks for them, lets the model continue training texts, invites
    personal data and looks each value up in the training data. With --held-out, tells how well scores separate texts it
    was trained on from texts it was not. What the model wrote is not kept. Ends with 0 passed, 1 failed, 2 incomplete.
    """
    from haipkit.adapters.model_target import Named, open_model
    from haipkit.workspace.leak_test import leak_test

    names = (
        "endpoint",
        "agent",
        "ask",
        "reply",
        "function",
        "application",
        "folder",
        "model",
        "key_variable",
        "ca_file",
        "seconds",
        "at_once",
    )
    named = Named(**{name: given[name] for name in names})
    target = named.kind

    def test(wishes: "LeakWishes") -> "LeakOutcome":
        with _shown() as step:
            return leak_test(wishes, lambda: open_model(named), target, step)

    outcome = _kept(ctx.obj, given, test) if given["system"] or given["canaries"] else test(_wishes(given))
    if given["as_json"]:
        echo_json(_as_json(outcome, given["title"] or "leak test"))
    else:
        _tell(outcome)
    return _EXIT[outcome.outcome]


def _wishes(given: dict[str, Any], canaries: Any = None) -> "LeakWishes":
    import secrets

    from haipkit.actions.a11_data.leak import Limits, least_candidates
    from haipkit.workspace.leak_test import LeakWishes

    enough = least_candidates(len(canaries.canaries)) if canaries is not None else 0
    return LeakWishes(
        corpus=given["paths"],
        held_out=given["held_out"],
        canaries=canaries,
        chat=given["chat"],
        prompts=given["prompts"],
        prompt_characters=given["prompt_characters"],
        least_verbatim=given["least_verbatim"],
        candidates=max(given["candidates"], enough),
        samples=given["samples"],
        answer_tokens=given["answer_tokens"],
        at_once=given["at_once"],
        limits=Limits(given["max_canaries"], given["max_values"], given["max_verbatim"]),
        seed=secrets.randbelow(2**31) if given["seed"] is None else given["seed"],
    )


def _kept(place: Path | None, given: dict[str, Any], test: "Callable[[LeakWishes], LeakOutcome]") -> "LeakOutcome":
    """With a workspace: for the canaries' key, and for the record. Whether it can be kept is asked first."""
    from haipkit.kernel.errors import NotFound
    from haipkit.workspace.ask import read_shelf
    from haipkit.workspace.canaries import find
    from haipkit.workspace.forms import slug
    from haipkit.workspace.measured import keep_measured
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.people import load_signers

    with open_workspace(place) as workspace:
        system, title = given["system"], given["title"] or f"Leak test of {given['system']}"
        for reference in given["supports"]:
            workspace.conduct.find(reference)
        if system:
            load_signers(workspace.config)
            systems = read_shelf(workspace).systems()
            if system.partition("/")[0] not in systems:
                known = "Known: " + (", ".join(systems) or "none yet") + "."
                raise NotFound(f"there is no system {system!r}", advice=known)
        canaries = find(workspace, given["canaries"]) if given["canaries"] else None
        outcome = test(_wishes(given, canaries))
        if system:
            outcome.written = keep_measured(
                workspace,
                "leak-test",
                lambda day: outcome.body(title, day, given["supports"]),
                key=slug(title),
                system=system,
                office=given["office"],
            )
    return outcome


@contextmanager
def _shown() -> "Iterator[Callable[[str, int, int], None]]":
    """A moving line for each part of the test."""
    with ExitStack() as stack:
        shown: dict[str, Callable[[int], None]] = {}

        def step(title: str, done: int, total: int) -> None:
            if title not in shown:
                stack.close()
                shown.clear()
                shown[title] = stack.enter_context(progress(title, total))
            shown[title](done)

        yield step


def _tell(outcome: "LeakOutcome") -> None:
    leaks = outcome.leaks
    line(f"Model: {outcome.model} ({outcome.target}); {leaks.calls:,} calls, {leaks.failed:,} failed.")
    if leaks.groups:
        _tell_canaries(leaks)
    if "verbatim" in leaks.tried:
        _tell_answers(leaks)
    for one in leaks.separations:
        line(
            f"Membership by {one.score}: AUC {one.auc:.3f} ({one.low:.3f} to {one.high:.3f}). 0.5 is a coin; a signal, "
            "no proof either way."
        )
    if leaks.not_tried:
        line()
        line("Not tried:")
        bullets(leaks.not_tried)
    told_faults(outcome.faults)
    line()
    line(_WORDS[outcome.outcome])
    if outcome.written is None:
        line("Nothing was recorded. --for SYSTEM keeps the result as a measured record.")
    else:
        word = "Unchanged" if outcome.written.unchanged else "Recorded"
        line(f"{word}: #{outcome.written.index} ({outcome.written.kind}, {outcome.written.key}).")


def _tell_canaries(leaks: "Leaks") -> None:
    line()
    rows = []
    for group in leaks.groups:
        counts = (f"{group.repeats:,}", f"{group.canaries}", _figure(group.extracted), _figure(group.by_heart))
        rows.append((*counts, _bits(group.median), _bits(group.highest)))
    table(rows, ("Planted", "Canaries", "Came out", "By heart", "Median exposure", "Highest"))
    if leaks.candidates:
        line(f"Exposure in bits, among {leaks.candidates:,} candidates: {leaks.ceiling:.1f} at most.")
        line("Of codes that a model never saw, half have less than 1.0.")


def _tell_answers(leaks: "Leaks") -> None:
    line()
    line(
        f"Of {leaks.prompts} training texts, {leaks.continued} were continued as they go on; {leaks.in_corpus} answers "
        f"hold words of the training data ({leaks.least_verbatim} characters or more; the longest has {leaks.longest})."
    )
    rows = [
        (one.kind + (f" ({one.country})" if one.country else ""), f"{one.written}", f"{one.confirmed}")
        for one in leaks.values
    ]
    if not rows:
        line(f"No personal data or secret stood in {leaks.outputs:,} answers.")
        return
    line()
    table(rows, ("Value in answers", "Different", "In the training data"))


def _figure(number: int | None) -> str:
    return "–" if number is None else f"{number}"


def _bits(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _as_json(outcome: "LeakOutcome", title: str) -> dict[str, object]:
    body = outcome.body(title, "")
    for name in ("title", "performed_on", "requirements"):
        del body[name]
    return {**body, "faults": fault_data(outcome.faults), "record": record_data(outcome.written)}
