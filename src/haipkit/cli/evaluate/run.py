"""`haip evaluate run`: run a registered plan."""

from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from haipkit.cli.evaluate.target import read_target, target_options
from haipkit.cli.output import bullets, echo_json, heading, line, progress, table
from haipkit.kernel.errors import UsageError

if TYPE_CHECKING:
    from haipkit.adapters.call_runner import Bounds
    from haipkit.workspace.evaluation_run import Result
    from haipkit.workspace.open import Workspace


@click.command(name="run")
@click.argument("plan", required=False)
@click.option("--system", metavar="SYSTEM/RELEASE", help="Instead of PLAN: the newest plan of this release.")
@target_options
@click.option("--max-calls", type=click.IntRange(1), help="Stop after so many calls; the run can go on later.")
@click.option("--budget", metavar="AMOUNT", help="Stop before it costs more. Needs --price-in and --price-out.")
@click.option("--price-in", metavar="AMOUNT", help="Of a million tokens that are sent.")
@click.option("--price-out", metavar="AMOUNT", help="Of a million tokens that are answered.")
@click.option("--at-once", type=click.IntRange(1, 1000), default=100, help="Calls under way at the same time, at most.")
@click.option("--per-minute", type=click.IntRange(1), help="Calls a minute, at most.")
@click.option("--all", "everything", is_flag=True, help="Ask every probe, also after the verdict: for comparisons.")
@click.option(
    "--stage",
    type=click.Choice(["design", "training", "pre-deployment", "deployment", "post-deployment"]),
    default="pre-deployment",
    show_default=True,
)
@click.option("--secure-environment", is_flag=True, help="It runs where it can do no harm.")
@click.option("--show", is_flag=True, help="Show some failures with question and answer.")
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(ctx: click.Context, /, plan: str | None, office: str | None, as_json: bool, **given: Any) -> int:
    """Run PLAN, or go on with the run of it that was stopped, and record what it came to.

    Ends with 0 PASS, 1 FAIL, 2 UNDECIDED (also: stopped, can go on), 3 INVALID. Every answer is kept the moment it
    arrives; stop with Ctrl-C, and the same command goes on. No call is made twice but those under way.
    """
    from haipkit.workspace.evaluation_run import run_plan
    from haipkit.workspace.open import open_workspace

    target = read_target(given)
    with open_workspace(ctx.obj) as workspace, ExitStack() as stack:
        key = plan or _newest(workspace, given["system"])
        shown: list[Callable[[int], None]] = []

        def step(used: Any, feed: Any) -> None:
            if not shown:
                shown.append(
                    stack.enter_context(progress("Asking", sum(r.reader.table.calls for r in feed.runs.values())))
                )
            shown[0](sum(run.reader.read for run in feed.runs.values()))

        result = run_plan(
            workspace,
            key,
            target=target if target.place or target.key_variable else None,
            bounds=_bounds(given),
            everything=given["everything"],
            stage=given["stage"],
            secure=given["secure_environment"],
            office=office,
            progress=step,
        )
    if as_json:
        echo_json(_as_json(result))
    else:
        _tell(result, show=given["show"])
    return result.exit_code


def _newest(workspace: "Workspace", system: str | None) -> str:
    from haipkit.workspace.ask import history

    plans = [r for r in history(workspace, kinds=["evaluation-plan/1"]) if system in (None, r.header.system)]
    if not plans:
        about = f" for {system}" if system else ""
        raise UsageError(f"no plan is registered{about}", advice="haip evaluate plan SUITE --system SYSTEM/RELEASE")
    if system is None and len(plans) > 1:
        raise UsageError("which plan?", advice="One of: " + ", ".join(str(r.header.key) for r in plans[-8:]) + ".")
    return str(plans[-1].header.key)


def _bounds(given: dict[str, Any]) -> "Bounds":
    from haipkit.adapters.call_runner import Bounds, Prices

    amounts = {}
    for name in ("budget", "price_in", "price_out"):
        try:
            amounts[name] = Decimal(given[name]) if given[name] else None
        except InvalidOperation as fault:
            raise UsageError(f"{given[name]!r} is not an amount", advice="For example 2.50.") from fault
    prices = None
    if amounts["price_in"] is not None and amounts["price_out"] is not None:
        prices = Prices(amounts["price_in"], amounts["price_out"])
    if amounts["budget"] is not None and prices is None:
        raise UsageError("a budget needs prices", advice="Give --price-in and --price-out, per million tokens.")
    return Bounds(
        most=given["at_once"],
        calls=given["max_calls"],
        cost=amounts["budget"],
        prices=prices,
        per_minute=given["per_minute"],
    )


def _tell(result: "Result", *, show: bool) -> None:
    from haipkit.workspace.evaluation_gate import rate_words
    from haipkit.workspace.evaluation_run import examples, suite_body, troubles

    rows = []
    for name, run in result.feed.runs.items():
        verdict = result.verdicts[name]
        body = suite_body(run, verdict, result.labels[name], result.prepared)
        word = verdict.name if result.outcome or run.reader.verdict else "not finished"
        rows.append((run.planned.plan.suite, word, f"{verdict.failures} of {verdict.calls}", rate_words(body)))
    table(rows, ("Suite", "Verdict", "Failed", "Failure rate (95 % interval)"))
    line()
    used = result.used
    fresh = used.calls - used.replayed
    line(
        f"{fresh:,} calls made"
        + (f", {used.replayed:,} answers from before" if used.replayed else "")
        + "; a test that "
        f"looks once would need {_fixed(result):,}." + (f" Cost: {used.cost:.2f}." if used.cost else "")
    )
    reasons = [f"{name}: {verdict.reason}." for name, verdict in result.verdicts.items()]
    bullets(reasons)
    for words, number in troubles(result.feed):
        line(f"{number:,} {'call' if number == 1 else 'calls'} without a grade: {words}", indent=2)
    if result.note:
        line(result.note)
    if show:
        for name, found in examples(result.feed).items():
            heading(f"Failures of {name}")
            for one in found:
                line(f"{one['probe']}: {one['reason']}", indent=2)
                line("asked: " + " / ".join(one["asked"]), indent=4)
                line("answered: " + " / ".join(one["answered"]), indent=4)
    if result.outcome is None:
        why = f" ({used.stopped})" if used.stopped else ""
        line(f"Stopped{why}. Go on with: haip evaluate run {result.prepared.key}")
    else:
        line(f"{result.outcome}. Recorded: " + ", ".join(f"#{one.index}" for one in result.written) + ".")


def _fixed(result: "Result") -> int:
    from dataclasses import replace

    from haipkit.actions.a01_risk.policy import fixed_calls

    plain = (replace(one.plan.policy, asked_once=None, max_calls=None) for one in result.prepared.suites)
    return sum(fixed_calls(policy) for policy in plain)


def _as_json(result: "Result") -> dict[str, Any]:
    from haipkit.workspace.evaluation_run import suite_body

    used = result.used
    return {
        "plan": result.prepared.key,
        "run": result.ordinal,
        "outcome": result.outcome,
        "finished": result.outcome is not None,
        "stopped": used.stopped or None,
        "suites": [
            suite_body(run, result.verdicts[name], result.labels[name], result.prepared)
            for name, run in result.feed.runs.items()
        ],
        "calls": used.calls - used.replayed,
        "replayed": used.replayed,
        "tokens": [used.prompt_tokens, used.completion_tokens],
        "cost": f"{used.cost}",
        "records": [one.index for one in result.written],
        "note": result.note or None,
    }
