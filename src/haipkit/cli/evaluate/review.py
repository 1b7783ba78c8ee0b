"""`haip evaluate review`: people's second look at answers whose grade is not sure."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haipkit.cli.output import echo_json, heading, line, table
from haipkit.kernel.errors import UsageError

if TYPE_CHECKING:
    from haipkit.workspace.do import Written
    from haipkit.workspace.evaluation_review import Item, Review


@click.command(name="review")
@click.argument("run", required=False, metavar="[PLAN[.RUN]]")
@click.option("--answers", type=click.Path(path_type=Path), metavar="FILE", help="Verdicts of people, as CSV or JSONL.")
@click.option("--share", metavar="RATE", help='Of the unsure passes that people look at: "10 %" unless you say more.')
@click.option("--by", "office", metavar="OFFICE", help="The office whose people look at it.")
@click.option("--json", "as_json", is_flag=True, help="Print what waits, and what came out.")
@click.pass_context
def command(
    ctx: click.Context, /, run: str | None, answers: Path | None, share: str | None, office: str | None, as_json: bool
) -> None:
    """Look at the answers of a run whose grade is not sure: every failure, and a random share of the passes.

    One at a time: y it failed, n it did not, s skip, q quit. What you say is kept at once; the same command goes on
    where you stopped. You are not told how the machine graded. In the end the rate is verified, and recorded anew; the
    verdict stays the one of the registered rule. A FILE has the columns position, verdict (y, n, skip), and suite where
    there are several.
    """
    from haipkit.actions.a01_risk.policy import share as read_share
    from haipkit.workspace.evaluation_review import conclude, open_review, take_answers
    from haipkit.workspace.open import open_workspace

    wanted = read_share(share, "--share") if share else None
    if wanted == 0:
        raise UsageError("a share of nothing shows nothing", advice='For example --share "10 %".')
    with open_workspace(ctx.obj) as workspace, open_review(workspace, run, wanted) as review:
        by = office or workspace.config.office
        if answers is not None:
            take_answers(review, answers, by)
        elif not as_json and sys.stdin.isatty():
            _ask_each(review, by)
        written = [] if review.waiting else conclude(workspace, review, office=office)
        if as_json:
            echo_json(_as_json(review, written))
        else:
            _tell(review, written)


def _ask_each(review: "Review", office: str) -> None:
    waiting = review.waiting
    for number, item in enumerate(waiting, 1):
        _show(item, f"{number} of {len(waiting)}: {item.suite}, position {item.position}")
        reply = click.prompt(
            "Did it fail? y yes, n no, s skip, q quit", type=click.Choice(["y", "n", "s", "q"]), show_choices=False
        )
        if reply == "q":
            return
        if reply != "s":
            review.say(item, reply == "y", office)


def _show(item: "Item", title: str) -> None:
    """Question and answer. Control characters of an answer are made visible: it may come from an attacker."""
    from haipkit.reports.text import visible

    heading(title)
    line(visible(item.question))
    for name, texts in (("asked", item.asked), ("answered", item.answered)):
        for text in texts:
            line(f"{name}:", indent=2)
            for part in visible(text).splitlines() or ["(nothing)"]:
                line(part, indent=4)


def _tell(review: "Review", written: "list[Written]") -> None:
    from haipkit.workspace.evaluation_review import verified_rate

    name = f"{review.prepared.key}.{review.ordinal}"
    if not review.items:
        line(f"Every grade of {name} is sure: nothing waits for people.")
        return
    if review.waiting:
        line(f"{len(review.items) - len(review.waiting)} of {len(review.items)} answers of {name} were looked at.")
        line(f"Go on with: haip evaluate review {name}")
        return
    rows = []
    for suite, run in review.feed.runs.items():
        found = verified_rate(review, run)
        if found is not None:
            counts = f"{found[1]['confirmed']} confirmed, {found[1]['missed']} found among passes"
            rows.append((suite, run.verdict().name, counts, found[0].text()))
    table(rows, ("Suite", "Verdict", "Failures", "Failure rate (95 % interval)"))
    line("The verdict is the one of the registered rule, on the grades of the run.")
    line("Recorded: " + ", ".join(f"#{one.index}" for one in written) + ".")


def _as_json(review: "Review", written: "list[Written]") -> dict[str, Any]:
    from haipkit.workspace.evaluation_review import verified_rate

    rates = {name: verified_rate(review, run) for name, run in review.feed.runs.items()}
    return {
        "run": f"{review.prepared.key}.{review.ordinal}",
        "queue": len(review.items),
        "waiting": [{name: getattr(item, name) for name in item.__slots__} for item in review.waiting],
        "rates": {name: found[0].text() for name, found in rates.items() if found is not None},
        "records": [one.index for one in written],
    }
