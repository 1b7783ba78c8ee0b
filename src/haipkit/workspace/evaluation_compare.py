"""Two runs of the same probes side by side: before and after a mitigation, or one system beside another."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haipkit.actions.a01_risk.paired import Comparison, PairReader
from haipkit.actions.a01_risk.schedule import Unit
from haipkit.kernel.errors import BadInput, UsageError
from haipkit.workspace.evaluation_feed import SuiteRun
from haipkit.workspace.evaluation_run import decimal, replay, runs_of

if TYPE_CHECKING:
    from haipkit.workspace.do import Written
    from haipkit.workspace.open import Workspace


@dataclass(frozen=True)
class Compared:
    """What comparing one suite of two runs says."""

    suite: str
    before: str
    after: str
    comparison: Comparison
    written: "Written | None" = None


def compare(
    workspace: "Workspace", before: str, after: str, *, suite: str | None = None, office: str | None = None
) -> list[Compared]:
    """Compare runs named `PLAN` (its newest run) or `PLAN.2`, suite by suite, and keep what comes out.

    Pairs are read in the order of the first run's schedule, up to the first probe that one of them has not answered.
    Raises NotFound, BadInput for runs that share no suite, UsageError.
    """
    sides = []
    for name in (before, after):
        key, ordinal = run_named(workspace, name)
        prepared, feed, _ = replay(workspace, key, ordinal)
        sides.append((f"{key}.{ordinal}", prepared, feed))
    (first_name, first_plan, first), (second_name, second_plan, second) = sides
    shared = [name for name in first.runs if name in second.runs and suite in (None, name)]
    if not shared:
        raise BadInput(f"{before} and {after} have no suite in common", advice="Plan both with the same suite.")
    found = []
    for name in shared:
        one, other = first.runs[name], second.runs[name]
        if first_plan.judge != second_plan.judge:
            raise BadInput("the two runs had different judges", advice="A difference would be the judges’, too.")
        comparison = _read(one, other)
        title = f"{one.planned.suite.title}: {first_name} and {second_name}"
        body = _body(title, first_plan.system, second_plan.system, name, comparison)
        written = _keep(workspace, f"{first_name}-{second_name}-{name}", body, second_plan.system, office)
        found.append(Compared(name, first_name, second_name, comparison, written))
    return found


def run_named(workspace: "Workspace", name: str) -> tuple[str, int]:
    """(plan, ordinal) of `PLAN`, which is its newest run, or `PLAN.2`. Raises UsageError."""
    key, dot, number = name.rpartition(".")
    if dot and number.isdigit() and any(r.body["ordinal"] == int(number) for r in runs_of(workspace, key)):
        return key, int(number)
    runs = runs_of(workspace, name)
    if not runs:
        raise UsageError(f"there is no run of {name!r}", advice=f"Run it first: haip evaluate run {name}")
    return name, int(runs[-1].body["ordinal"])


def _read(before: SuiteRun, after: SuiteRun) -> Comparison:
    if before.planned.suite.digest != after.planned.suite.digest:
        raise BadInput(
            f"the two runs did not ask the same probes of {before.name}", advice="Plan both with the same version."
        )
    places: dict[Unit, int] = {unit: place for place, unit in enumerate(after.planned.units)}
    units = [unit for unit in before.planned.units if unit in places]
    reader = PairReader(len(units))
    for position, unit in enumerate(units):
        first = before.grades.get(before.planned.units.index(unit))
        second = after.grades.get(places[unit])
        if first is None or second is None:
            break
        if reader.take(position, first.outcome, second.outcome) is not None:
            break
    return reader.finish()


def _body(title: str, before: str, after: str, suite: str, found: Comparison) -> dict[str, Any]:
    body: dict[str, Any] = {
        "title": title[:300],
        "before": before,
        "after": after,
        "effect": found.effect,
        "suite": suite,
        "pairs": found.pairs,
        "improved": found.improved,
        "worsened": found.worsened,
        "without_grade": found.lost,
        "reason": found.reason,
    }
    if found.change is not None:
        body |= {"change": decimal(found.change.rate), "low": decimal(found.change.low)}
        body["high"] = decimal(found.change.high)
    return body


def _keep(workspace: "Workspace", key: str, body: dict[str, Any], system: str, office: str | None) -> "Written":
    from haipkit.workspace.forms import slug
    from haipkit.workspace.measured import keep_measured

    return keep_measured(
        workspace,
        "comparison",
        lambda day: {**body, "compared_on": day},
        key=slug(key),
        system=system,
        office=office,
    )
