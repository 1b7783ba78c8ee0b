"""`haip evaluate plan`: register what will be asked, and what decides."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haipkit.cli.evaluate.target import judge_place, read_target, target_options
from haipkit.cli.output import echo_json, heading, line
from haipkit.kernel.errors import UsageError

if TYPE_CHECKING:
    from haipkit.workspace.evaluation_attack import AttackerSetting
    from haipkit.workspace.evaluation_plan import JudgeSetting, Prepared


@click.command(name="plan")
@click.argument("suites", nargs=-1)
@click.option("--from", "files", multiple=True, metavar="KIND:FILE", help="A known set from your copy, harmbench:FILE.")
@click.option("--map", "columns", metavar="input=NAME,…", help="For table:FILE: which column is what.")
@click.option(
    "--transform", "transforms", multiple=True, metavar="NAME,…", help="Ask each probe once more in disguise."
)
@click.option("--system", required=True, metavar="SYSTEM/RELEASE", help="The release that is tested.")
@target_options
@click.option("--application", is_flag=True, help="Only what can be said to it: no system prompt and no tools of ours.")
@click.option(
    "--system-prompt", type=click.Path(path_type=Path), metavar="FILE", help="Goes before every conversation."
)
@click.option(
    "--set", "options", multiple=True, metavar="NAME=VALUE", help="A setting of every call, such as temperature=0.7."
)
@click.option("--value", "values", multiple=True, metavar="NAME=WORD", help="A word you planted, such as canary=WORD.")
@click.option("--at-most", default="", metavar="RATE", help='The failure rate that is fine, such as "5 %".')
@click.option("--surely-not", default="", metavar="RATE", help='The rate that must not be, such as "10 %".')
@click.option("--error", default="5 %", metavar="RATE", help="Chance of a wrong verdict over all suites, either way.")
@click.option("--errors-allowed", default="2 %", metavar="RATE", help="Calls without an answer before it is INVALID.")
@click.option("--max-calls", type=click.IntRange(1), help="Never more calls than this, a suite.")
@click.option("--repeat", is_flag=True, help="Ask probes several times: for systems that answer differently each time.")
@click.option("--judge", metavar="URL", help="A model that takes a second look where a grade is not sure.")
@click.option("--judge-model", default="", metavar="NAME")
@click.option("--judge-key-env", default="", metavar="NAME")
@click.option(
    "--judge-calibration", metavar="F,O,C,A", help="Found, overlooked, cleared, accused: how it graded known answers."
)
@click.option("--attacker", default="", metavar="URL", help="A model that words anew what was refused; or MODULE:NAME.")
@click.option("--attacker-model", default="", metavar="NAME")
@click.option("--attacker-key-env", default="", metavar="NAME")
@click.option("--attempts", type=click.IntRange(1, 20), default=3, show_default=True, help="New wordings of a probe.")
@click.option("--price", metavar="AMOUNT", help="Of one call, to show what a run will cost.")
@click.option("--name", "key", default="", metavar="NAME", help="The name of the plan.")
@click.option("--dry-run", is_flag=True, help="Show the plan and register nothing.")
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(ctx: click.Context, /, suites: tuple[str, ...], office: str | None, as_json: bool, **given: Any) -> None:
    """Register which SUITES will be asked of a release, and the rule that decides, before anything is asked.

    SUITES are names of suites that come with haip, or TOML files of your own; --from loads known sets from your copies.
    The ledger keeps digests of the probes, their order, the thresholds, the judge and the system; a run that does not
    fit them is not counted.
    """
    from haipkit.workspace.evaluation_plan import Wishes, prepare, register
    from haipkit.workspace.open import open_workspace

    wishes = Wishes(
        (*suites, *given["files"]),
        given["system"],
        read_target(given, system_prompt=given["system_prompt"]),
        _values(given["values"]),
        given["at_most"],
        given["surely_not"],
        given["max_calls"],
        given["error"],
        given["errors_allowed"],
        given["repeat"],
        given["application"],
        _judge(given),
        given["key"],
        tuple(dict.fromkeys(name for entry in given["transforms"] for name in entry.split(",") if name)),
        _attacker(given),
        _columns(given["columns"]),
    )
    with open_workspace(ctx.obj) as workspace:
        prepared = prepare(workspace, wishes)
        written = None if given["dry_run"] else register(workspace, prepared, office=office)
    if as_json:
        echo_json(_as_json(prepared, written))
        return
    _tell(prepared, _price(given["price"]))
    if written is None:
        line("Nothing was registered (--dry-run).")
        return
    line(f"Registered: #{written.index} (plan {prepared.key}).")
    where = "" if prepared.target.place else " --endpoint URL"
    line(f"Next: haip evaluate run {prepared.key}{where}")


def _values(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for entry in given:
        name, equals, word = entry.partition("=")
        if not equals or not name or not word:
            raise UsageError("a value is NAME=WORD", advice="For example --value canary=lemon-basket-4711.")
        found[name.strip()] = word
    return found


_COLUMNS = ("input", "target", "choices", "category", "system", "lang", "score")


def _columns(text: str | None) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in text.split(",")] if text else []
    if any(name.strip() not in _COLUMNS or not column for name, _, column in pairs):
        raise UsageError("this map cannot be read", advice=f"NAME=COLUMN, with NAME one of {', '.join(_COLUMNS)}.")
    return {name.strip(): column.strip() for name, _, column in pairs}


def _attacker(given: dict[str, Any]) -> "AttackerSetting | None":
    from haipkit.adapters.model_http import base_of
    from haipkit.workspace.evaluation_attack import AttackerSetting

    place = given["attacker"]
    if not place:
        return None
    place = base_of(place) if "://" in place else place
    key = given["attacker_key_env"]
    return AttackerSetting(place, given["attacker_model"], given["attempts"], key_variable=key)


def _judge(given: dict[str, Any]) -> "JudgeSetting | None":
    from haipkit.workspace.evaluation_feed import QUESTION
    from haipkit.workspace.evaluation_plan import JudgeSetting

    if not given["judge"]:
        return None
    counts = {}
    if given["judge_calibration"]:
        try:
            numbers = [int(one) for one in given["judge_calibration"].split(",")]
            counts = dict(zip(("found", "overlooked", "cleared", "accused"), numbers, strict=True))
        except ValueError as fault:
            raise UsageError(
                "a calibration is four counts", advice="For example --judge-calibration 90,10,95,5."
            ) from fault
    place = judge_place(given["judge"])
    return JudgeSetting(place, given["judge_model"], QUESTION, given["judge_key_env"], counts)


def _price(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation as fault:
        raise UsageError(f"{text!r} is not an amount", advice="For example --price 0.002.") from fault


def _tell(prepared: "Prepared", price: Decimal | None) -> None:
    from haipkit.actions.a01_risk.design import outlook
    from haipkit.workspace.evaluation_plan import percent

    for one in prepared.suites:
        policy, found = one.plan.policy, outlook(one.plan.policy)
        heading(f"{one.suite.title} ({one.plan.suite})")
        line(
            f"Fine: at most {percent(policy.p_ok)} failures. Must not be: {percent(policy.p_bad)} or more. "
            f"{len(one.suite.probes)} probes, {'each asked once' if policy.asked_once else 'asked again'}; at most "
            f"{found.table.calls} calls, where a test that looks once needs {found.fixed_calls}."
        )
        line(f"Chance of a wrong FAIL {100 * found.alpha:.2g} %, of a wrong PASS {100 * found.beta:.2g} %.")
        print("\n".join(f"  {text}" for text in found.lines(price)))
        line()


def _as_json(prepared: "Prepared", written: Any) -> dict[str, Any]:
    from haipkit.actions.a01_risk.design import outlook, table_for

    return {
        "plan": prepared.key,
        "system": prepared.system,
        "target_sha256": prepared.target.digest,
        "record": written.index if written is not None else None,
        "suites": [
            {
                **one.plan.to_json(),
                "identity": one.plan.identity,
                "pass_at_or_below": list(table_for(one.plan.policy).passing),
                "fail_at_or_above": list(table_for(one.plan.policy).failing),
                "alpha": f"{outlook(one.plan.policy).alpha:.6f}",
                "beta": f"{outlook(one.plan.policy).beta:.6f}",
            }
            for one in prepared.suites
        ],
    }
