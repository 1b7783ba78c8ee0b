"""What stands between a release and its users: every registered suite, measured as registered, and passed.

Looks at the ledger and at the answers that are kept; asks nobody. A second run of what failed undoes nothing: a changed
system is a new release, or a new plan with a new description of the system.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from haipkit.kernel.clock import today
from haipkit.kernel.errors import HaipError, NotFound, UsageError
from haipkit.workspace.ask import history, read_shelf, state
from haipkit.workspace.evaluation_run import replay, together

if TYPE_CHECKING:
    from haipkit.records.record import Record
    from haipkit.workspace.open import Workspace

EXIT_CODES = {"PASS": 0, "FAIL": 1, "UNDECIDED": 2, "INVALID": 3}


@dataclass(frozen=True, slots=True)
class Check:
    """One suite of a release. `plan` and `run` name the records it rests on; `rate` is shown with what it is worth."""

    suite: str
    title: str
    verdict: str
    reason: str
    plan: str
    run: int = 0
    rate: str = ""
    at_most: str = ""
    surely_not: str = ""
    tampered: bool = False


@dataclass(frozen=True)
class GateResult:
    """`verdict`: PASS, FAIL, UNDECIDED or INVALID; `decisions`: what offices decided about the release.

    `accepted_by` is the decision that was allowed to stand in for the verdict, and does; the verdict stays as measured.
    """

    system: str
    verdict: str
    checks: tuple[Check, ...]
    decisions: "tuple[Record, ...]"
    accepted_by: "Record | None" = None

    @property
    def exit_code(self) -> int:
        return 0 if self.accepted_by is not None else EXIT_CODES[self.verdict]

    @property
    def tampered(self) -> bool:
        """Whether a check found what no decision can accept: changed answers, or thresholds moved after a run."""
        return any(check.tampered for check in self.checks)


def gate(
    workspace: "Workspace", release: str, system: str | None = None, *, accept_decisions: bool = False
) -> GateResult:
    """The verdict on a release. Raises NotFound and UsageError for a system or release that is not there.

    With `accept_decisions` an office's standing decision to accept this very release opens the gate in spite of the
    verdict, unless something was tampered with.
    """
    result = _measured(workspace, _release(workspace, release, system))
    if not accept_decisions or result.verdict == "PASS" or result.tampered:
        return result
    runs = [r.index for r in state(workspace, kinds=["evaluation-run/1"]) if r.header.system == result.system]
    return replace(result, accepted_by=_acceptance(result.decisions, max(runs, default=-1)))


def _acceptance(decisions: "Sequence[Record]", after: int) -> "Record | None":
    """The newest decision on releasing it, if that accepts it and has not expired.

    Nobody accepts what they could not know: it has to come later than the newest run, whose index is `after`.
    """
    on_release = [r for r in decisions if r.body.get("topic") == "release"]
    if not on_release:
        return None
    newest = max(on_release, key=lambda record: record.index)
    until = newest.header.valid_until
    standing = until is None or until[:10] >= today().isoformat()
    accepts = newest.body.get("outcome") in ("accept", "accept-with-conditions") and newest.body.get("decided_by")
    return newest if standing and accepts and newest.index > after else None


def _measured(workspace: "Workspace", place: str) -> GateResult:
    plans = [r for r in history(workspace, kinds=["evaluation-plan/1"]) if r.header.system == place]
    runs = [r for r in state(workspace, kinds=["evaluation-run/1"]) if r.header.system == place]
    if not plans:
        why = "nothing was registered for this release: haip evaluate plan"
        return GateResult(place, "INVALID", (Check("–", "No plan", "INVALID", why, ""),), _decisions(workspace, place))
    newest: dict[str, tuple[Record, dict[str, object]]] = {}
    for plan in plans:
        for suite in plan.body["suites"]:
            newest[str(suite["suite"]).partition(" ")[0]] = plan, suite
    checks = [_check(workspace, plan, suite, plans, runs) for plan, suite in newest.values()]
    verdict = together([check.verdict for check in checks])
    return GateResult(place, verdict, tuple(checks), _decisions(workspace, place))


def _release(workspace: "Workspace", release: str, system: str | None) -> str:
    if "/" in release and system is None:
        system, _, release = release.partition("/")
    systems = list(read_shelf(workspace).systems())
    if system is None:
        if len(systems) != 1:
            raise UsageError(
                "which system?", advice="Say it with --system: " + (", ".join(systems) or "none yet") + "."
            )
        system = systems[0]
    if system not in systems:
        raise NotFound(f"there is no system {system!r}", advice="Known: " + (", ".join(systems) or "none yet") + ".")
    return f"{system}/{release}"


def _decisions(workspace: "Workspace", place: str) -> "tuple[Record, ...]":
    return tuple(r for r in state(workspace, kinds=["decision/1"]) if r.header.system == place)


def _check(
    workspace: "Workspace",
    plan: "Record",
    suite: "dict[str, object]",
    plans: "Sequence[Record]",
    runs: "Sequence[Record]",
) -> Check:
    name, key = str(suite["suite"]), str(plan.header.key)
    bare = name.partition(" ")[0]

    def told(verdict: str, reason: str, run: int = 0, rate: str = "", *, tampered: bool = False) -> Check:
        bounds = str(suite["at_most"]), str(suite["surely_not"])
        return Check(name, str(suite["title"]), verdict, reason, key, run, rate, *bounds, tampered)

    changed = _threshold_changed(plan, suite, plans, runs)
    if changed:
        return told("INVALID", changed, tampered=True)
    mine = sorted((r for r in runs if r.body["plan"] == key), key=lambda record: int(record.body["ordinal"]))
    finished = [record for record in mine if record.body["state"] == "finished"]
    if not finished:
        if mine:
            return told("UNDECIDED", "its run was started and has not come to its end", len(mine))
        return told("INVALID", f"nothing ran: haip evaluate run {key}")
    record = finished[-1]
    ordinal = int(record.body["ordinal"])
    verdicts = {str(one["suite"]): one for one in record.body["suites"]}
    said = verdicts.get(name)
    if said is None or record.body["target_sha256"] != plan.body["target_sha256"]:
        return told("INVALID", "it was not measured as registered", ordinal, tampered=True)
    doubt = _recount(workspace, key, ordinal, bare, said, record)
    if doubt:
        return told("INVALID", doubt, ordinal, tampered=True)
    failed = _failed_before(plan, bare, plans, runs)
    if failed:
        return told("FAIL", failed, ordinal, rate_words(said) if said["verdict"] == "FAIL" else "")
    if _people_found_more(said, str(suite["surely_not"])):
        reason = f"it passed, but people who looked at the answers found a rate of {rate_words(said)}"
        return told("UNDECIDED", reason, ordinal, rate_words(said))
    return told(str(said["verdict"]), _again(ordinal) + str(said["reason"]), ordinal, rate_words(said))


def _people_found_more(said: "dict[str, object]", surely_not: str) -> bool:
    """Whether a review took the ground from a PASS: the rate that people found is one that must not be."""
    if said["verdict"] != "PASS" or not said.get("reviewed_by") or said.get("rate") is None:
        return False
    return float(str(said["rate"])) * 100 >= float(surely_not.removesuffix("%"))


def _again(ordinal: int) -> str:
    return f"run {ordinal} of this plan, each of which could have passed by chance: " if ordinal > 1 else ""


def rate_words(said: "dict[str, object]") -> str:
    """`2.1 % (0.4 to 7.9 %), verified`."""
    if said.get("rate") is None:
        return ""
    rate, low, high = (f"{float(str(said[name])) * 100:.1f}" for name in ("rate", "low", "high"))
    return f"{rate} % ({low} to {high} %), {said['rate_is']}"


def _threshold_changed(
    plan: "Record", suite: "dict[str, object]", plans: "Sequence[Record]", runs: "Sequence[Record]"
) -> str:
    """Whether an earlier plan of this release had other thresholds and was already run when they changed."""
    bare = str(suite["suite"]).partition(" ")[0]
    for earlier in plans:
        if earlier.index >= plan.index:
            break
        started = [r for r in runs if r.body["plan"] == earlier.header.key]
        for one in earlier.body["suites"]:
            same = str(one["suite"]).partition(" ")[0] == bare
            if same and started and (one["at_most"], one["surely_not"]) != (suite["at_most"], suite["surely_not"]):
                before, now = (f"{each['at_most']} and {each['surely_not']}" for each in (one, suite))
                return (
                    f"the threshold was changed from {before} to {now} on {plan.header.recorded_at[:10]} by "
                    f"{plan.header.by} (#{plan.index}), after a run of {started[0].body['ran_on']}"
                )
    return ""


def _failed_before(plan: "Record", bare: str, plans: "Sequence[Record]", runs: "Sequence[Record]") -> str:
    """Whether this very system failed this suite in any run, of this plan or of another one."""
    same = {str(one.header.key) for one in plans if one.body["target_sha256"] == plan.body["target_sha256"]}
    for record in runs:
        if record.body["plan"] in same and record.body["state"] == "finished":
            for one in record.body["suites"]:
                if str(one["suite"]).partition(" ")[0] == bare and one["verdict"] == "FAIL":
                    where = f"run {record.body['ordinal']} of {record.body['plan']}"
                    return f"{one['reason']} ({where}, {one['failures']} of {one['calls']} failed)"
    return ""


def _recount(
    workspace: "Workspace", key: str, ordinal: int, bare: str, said: "dict[str, object]", record: "Record"
) -> str:
    """Counts the kept answers again, where they are kept here. Returns what does not fit."""
    from haipkit.workspace.evaluation_plan import folder_of

    if not (folder_of(workspace, key) / f"run-{ordinal}.jsonl").exists():
        return ""
    try:
        _, feed, head = replay(workspace, key, ordinal)
    except HaipError as fault:
        return f"the kept answers cannot be counted again: {fault}"
    verdict = feed.runs[bare].verdict()
    counted = (verdict.name, verdict.calls, verdict.failures)
    if head != record.body.get("journal_sha256") or counted != (said["verdict"], said["calls"], said["failures"]):
        return "the kept answers are not those that were recorded"
    return ""
