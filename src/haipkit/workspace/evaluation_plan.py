"""Plans of evaluations: what will be asked, in which order, and what decides, registered before the first call.

The ledger gets digests and thresholds. What a run needs beside them (the probes, planted values, the address) is kept
in the private folder of the workspace, for the owner alone.
"""

import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.actions.a01_risk.allocate import allocate
from haipkit.actions.a01_risk.design import table_for
from haipkit.actions.a01_risk.judge_correction import Calibration, Judge
from haipkit.actions.a01_risk.plan import Plan, order_digest
from haipkit.actions.a01_risk.policy import Policy, share, share_text
from haipkit.actions.a01_risk.schedule import Unit, order
from haipkit.actions.a01_risk.shipped import suite_names, suite_text
from haipkit.actions.a01_risk.suite import Suite, filled, read_suite, with_probes
from haipkit.kernel.canonical import canonical_json, sha256_hex
from haipkit.kernel.errors import BadInput, NotFound, UsageError
from haipkit.workspace.config import save
from haipkit.workspace.evaluation_attack import AttackerSetting

if TYPE_CHECKING:
    from haipkit.records.record import Record
    from haipkit.workspace.do import Written
    from haipkit.workspace.open import Workspace

CANARY = "canary"
FORM = "evaluation-plan/1"


@dataclass(frozen=True)
class Target:
    """The system under test. `place`: an address, `module:attribute`, or a model's folder; empty where any will do.

    `kind`: http, callable, asgi or hf. `system_prompt` goes before every conversation that brings none of its own;
    `options` go with every call, over those of the suite.
    """

    kind: str = "http"
    place: str = ""
    model: str = ""
    system_prompt: str = ""
    key_variable: str = ""
    ca_file: str = ""
    weights_sha256: str = ""
    release: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """What makes it this system and no other. Where its key lies does not."""
        prompt = sha256_hex(self.system_prompt.encode()) if self.system_prompt else ""
        said = {"kind": self.kind, "place": self.place, "model": self.model, "system_prompt_sha256": prompt}
        said |= {"weights_sha256": self.weights_sha256, "release": self.release}
        options = {name: str(value) for name, value in sorted(self.options.items())}
        return {name: value for name, value in {**said, "options": options}.items() if value}

    @property
    def digest(self) -> str:
        return sha256_hex(canonical_json(self.described()))

    @property
    def words(self) -> str:
        what = f"model {self.model}" if self.model else "the system as it answers"
        return f"{what} at {self.place}" if self.place else what


@dataclass(frozen=True)
class JudgeSetting:
    """A model that takes a second look. `calibration`: counts found, overlooked, cleared, accused, from people."""

    place: str
    model: str
    prompt: str
    key_variable: str = ""
    calibration: Mapping[str, int] = field(default_factory=dict)

    @property
    def judge(self) -> Judge:
        counts = Calibration(**self.calibration) if self.calibration else None
        return Judge(self.model or self.place, sha256_hex(self.prompt.encode()), calibration=counts)

    @property
    def identity(self) -> str:
        return self.judge.identity

    @property
    def identity_words(self) -> str:
        return f"{self.model or self.place}, {self.identity}"


@dataclass(frozen=True)
class Wishes:
    """What a person asked for. `suites`: names of shipped suites, paths of TOML files, or `KIND:FILE` of a known set.

    `transforms`: attacks in which every probe is asked once more; `attacker`: a model that words probes anew;
    `columns`: what is what in a `table:FILE`.
    """

    suites: tuple[str, ...]
    system: str
    target: Target
    values: Mapping[str, str] = field(default_factory=dict)
    at_most: str = ""
    surely_not: str = ""
    max_calls: int | None = None
    error: str = "5 %"
    errors_allowed: str = "2 %"
    repeat: bool = False
    application: bool = False
    judge: JudgeSetting | None = None
    key: str = ""
    transforms: tuple[str, ...] = ()
    attacker: AttackerSetting | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedSuite:
    """A suite with its planted values filled in, its plan and the schedule that the plan's seed draws."""

    suite: Suite
    plan: Plan
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Prepared:
    """Everything a run needs. `key` names it in the ledger; `texts` are (TOML, JSONL) of its suites."""

    key: str
    details: Mapping[str, Any]
    texts: tuple[tuple[str, str], ...]
    target: Target
    judge: JudgeSetting | None
    suites: tuple[PlannedSuite, ...]
    attacker: AttackerSetting | None = None

    @property
    def system(self) -> str:
        return str(self.details["system"])

    @property
    def identities(self) -> tuple[str, ...]:
        return tuple(one.plan.identity for one in self.suites)


def prepare(workspace: "Workspace", wishes: Wishes) -> Prepared:
    """Read the suites, draw the order and the planted values, compute the tables. Writes nothing.

    Raises BadInput, NotFound, and UsageError for a suite that cannot be asked of this target.
    """
    if not wishes.suites:
        raise UsageError("which suite?", advice=f"Name one or more: {', '.join(suite_names())}, or a TOML file.")
    found = [(name, *_text_of(name, wishes.columns)) for name in dict.fromkeys(wishes.suites)]
    read = [read_suite(head, probes, name) for name, head, probes in found]
    _check_can_be_asked(read, wishes)
    values, seed = {CANARY: f"canary-{secrets.token_hex(8)}", **wishes.values}, secrets.token_hex(16)
    suites = [_as_asked(suite, values, wishes.transforms, seed) for suite in read]
    budget = allocate(
        {suite.id: _policy(suite, wishes) for suite in suites}, alpha=share(wishes.error), beta=share(wishes.error)
    )
    details = {
        "form": FORM,
        "system": wishes.system,
        "seed": seed,
        "salt": secrets.token_hex(16),
        "values": values,
        "transforms": list(wishes.transforms),
        "attacker": asdict(wishes.attacker) if wishes.attacker else None,
        "target": asdict(wishes.target),
        "judge": asdict(wishes.judge) if wishes.judge else None,
        "error": share_text(share(wishes.error)),
        "errors_allowed": share_text(share(wishes.errors_allowed)),
        "policies": {name: policy.to_json() for name, policy in budget.policies.items()},
    }
    key = wishes.key or _free_key(workspace, suites)
    return assemble(key, details, tuple((head, probes) for _, head, probes in found))


def assemble(key: str, details: Mapping[str, Any], texts: tuple[tuple[str, str], ...]) -> Prepared:
    """The same plan again from what was kept. Raises BadInput for what does not fit together."""
    target = Target(**details["target"])
    judge = JudgeSetting(**details["judge"]) if details["judge"] else None
    attacker = AttackerSetting(**details["attacker"]) if details.get("attacker") else None
    values = details["values"]
    commitment = sha256_hex(canonical_json({"salt": details["salt"], "values": values}))
    planned = []
    for head, probes in texts:
        suite = read_suite(head, probes)
        transforms = tuple(details.get("transforms", ()))
        asked = _as_asked(suite, values, transforms, details["seed"])
        policy = Policy.from_json(details["policies"][suite.id])
        units = _schedule(asked, policy, details["seed"])
        # The words that are really said are committed to with the salt: they hold the planted values.
        said = [sha256_hex(canonical_json([details["salt"], asked.digest]))] if transforms else []
        said += [attacker.identity] if attacker else []
        more = [*transforms, *([attacker.words] if attacker else [])]
        plan = Plan(
            suite=f"{suite.id} {suite.version}{' with ' + ', '.join(more) if more else ''}"[:300],
            policy=policy,
            probes=sha256_hex(canonical_json([suite.digest, commitment, *said])),
            seed=details["seed"],
            order=order_digest(units),
            judge=judge.identity if judge else "none",
            system=target.digest,
            error_budget=Fraction(details["errors_allowed"]),
        )
        planned.append(PlannedSuite(replace(asked, digest=suite.digest), plan, tuple(units)))
    return Prepared(key, details, texts, target, judge, tuple(planned), attacker)


def _as_asked(suite: Suite, values: Mapping[str, str], transforms: Sequence[str], seed: str) -> Suite:
    """The suite with its values filled in, and each probe once more in the dress of each transform."""
    from haipkit.actions.a01_risk.transforms import expanded

    probes = tuple(filled(probe, values) for probe in suite.probes)
    return with_probes(suite, expanded(probes, transforms, seed))


def _schedule(suite: Suite, policy: Policy, seed: str) -> list[Unit]:
    """Every probe once; where more calls are allowed than there are probes, once more each, until there are enough."""
    calls = table_for(policy).calls
    times = 1 if policy.asked_once is not None else -(-calls // len(suite.probes))
    units = [Unit(probe.id, probe.technique, nth) for nth in range(1, times + 1) for probe in suite.probes]
    rounds = [order([unit for unit in units if unit.attempt == nth], seed) for nth in range(1, times + 1)]
    return [unit for one in rounds for unit in one]


def _check_can_be_asked(suites: Sequence[Suite], wishes: Wishes) -> None:
    ids = [suite.id for suite in suites]
    if len(set(ids)) < len(ids):
        raise UsageError("two of these suites have the same id")
    for suite in suites:
        if wishes.application and "application" not in suite.targets:
            raise UsageError(
                f"{suite.id} sets a system prompt or tools, which an application does not let it do",
                advice="Ask the model behind it, or leave the suite out.",
            )
        missing = sorted(set(suite.needs) - set(wishes.values))
        if missing:
            raise UsageError(
                f"{suite.id} looks for a value that has to be planted first: {missing[0]}",
                advice=f"Put a made-up word where it must not come out, and say it with --value {missing[0]}=WORD.",
            )
        if any(probe.score["by"] == "judge" for probe in suite.probes) and wishes.judge is None:
            raise UsageError(f"{suite.id} needs a judge", advice="Name one with --judge URL --judge-model NAME.")


def register(workspace: "Workspace", prepared: Prepared, *, office: str | None = None) -> "Written":
    """Keep the plan in the ledger, and what its runs need in the private folder. Raises what writing raises."""
    from haipkit.workspace.measured import keep_measured

    folder = folder_of(workspace, prepared.key)
    if (folder / "plan.json").exists():
        raise UsageError(f"there is a plan {prepared.key!r} already", advice="Give this one another name: --name.")
    kept = {**prepared.details, "suites": [list(one) for one in prepared.texts]}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    save(folder / "plan.json", json.dumps(kept, ensure_ascii=False, indent=1).encode())
    (folder / "plan.json").chmod(0o600)

    def body(day: str) -> dict[str, Any]:
        return _body(prepared, day)

    try:
        return keep_measured(
            workspace, "evaluation-plan", body, key=prepared.key, system=prepared.system, office=office
        )
    except BaseException:
        # What is not in the ledger was never planned.
        shutil.rmtree(folder)
        raise


def _body(prepared: Prepared, day: str) -> dict[str, Any]:
    details = prepared.details
    names = ", ".join(one.suite.id for one in prepared.suites)
    return {
        "title": f"{prepared.system}: {names}"[:300],
        "registered_on": day,
        "suites": [_suite_body(one) for one in prepared.suites],
        "seed": details["seed"],
        "judge": prepared.judge.identity_words if prepared.judge else "none",
        "target": prepared.target.words[:300],
        "target_sha256": prepared.target.digest,
        "chance_of_error": f"{percent(Fraction(details['error']))} over all suites, either way",
        "errors_allowed": percent(Fraction(details["errors_allowed"])),
    }


def _suite_body(one: PlannedSuite) -> dict[str, Any]:
    policy, suite = one.plan.policy, one.suite
    return {
        "suite": one.plan.suite,
        "title": suite.title,
        "domains": list(suite.domains),
        "at_most": percent(policy.p_ok),
        "surely_not": percent(policy.p_bad),
        "probes": len(suite.probes),
        "probes_sha256": suite.digest,
        "table_sha256": table_for(policy).digest,
        "order_sha256": one.plan.order,
        "plan": one.plan.identity,
        "calls_at_most": table_for(policy).calls,
    }


def percent(share: Fraction) -> str:
    return f"{float(share) * 100:g} %"


def load_plan(workspace: "Workspace", key: str) -> Prepared:
    """A registered plan. Raises NotFound, and BadInput where what was kept is not what was registered."""
    path = folder_of(workspace, key) / "plan.json"
    try:
        kept = json.loads(path.read_bytes())
        texts = tuple((head, probes) for head, probes in kept.pop("suites"))
        prepared = assemble(key, kept, texts)
    except FileNotFoundError as fault:
        raise NotFound(f"there is no plan {key!r} here", advice="`haip evaluate list` shows the plans.") from fault
    except (ValueError, KeyError, TypeError) as fault:
        raise BadInput(
            "this plan cannot be read", where=str(path), advice="Restore it, or register a new one."
        ) from fault
    registered = registered_plan(workspace, key).body
    wanted = [one.get("plan") for one in registered["suites"]]
    if wanted != list(prepared.identities):
        raise BadInput(
            "what is kept of this plan is not what was registered",
            where=str(path),
            advice="Thresholds, probes, order, judge and system are fixed before the first call. Register a new plan.",
        )
    return prepared


def registered_plan(workspace: "Workspace", key: str) -> "Record":
    """The ledger's record of a plan. Raises NotFound."""
    from haipkit.workspace.ask import state

    for record in state(workspace, kinds=["evaluation-plan/1"]):
        if record.header.key == key:
            return record
    raise NotFound(f"there is no plan {key!r} in the ledger", advice="`haip evaluate list` shows the plans.")


def folder_of(workspace: "Workspace", key: str) -> Path:
    return workspace.config.private / "evaluations" / key


def _free_key(workspace: "Workspace", suites: Sequence[Suite]) -> str:
    """The name of the suite, or `suites`, with a number where it is taken."""
    from haipkit.workspace.ask import history

    taken = {record.header.key for record in history(workspace, kinds=["evaluation-plan/1"])}
    name = suites[0].id if len(suites) == 1 else "suites"
    number = 1
    while (key := f"{name}-{number}") in taken or folder_of(workspace, key).exists():
        number += 1
    return key


def _text_of(name: str, columns: Mapping[str, str]) -> tuple[str, str]:
    """(TOML, JSONL) of a shipped suite, of a file with its probes beside it, or of a known set from its file."""
    kind, colon, file = name.partition(":")
    if colon and not name.endswith(".toml"):
        from haipkit.adapters.read_suites import suite_from

        return suite_from(kind, Path(file), columns if kind == "table" else None)
    if not name.endswith(".toml"):
        return suite_text(name)
    path = Path(name)
    try:
        head = path.read_text("utf-8")
        beside = path.with_suffix(".jsonl")
        return head, beside.read_text("utf-8")
    except OSError as fault:
        raise NotFound(
            f"cannot be read: {fault.strerror}",
            where=str(fault.filename or name),
            advice="A suite is a TOML file, and a file of the same name that ends with .jsonl.",
        ) from fault
    except UnicodeDecodeError as fault:
        raise BadInput("this is not UTF-8 text", where=name) from fault


def _policy(suite: Suite, wishes: Wishes) -> Policy:
    """The suite's policy under what was asked for; each probe once, unless they are to be repeated."""
    policy = suite.policy
    if wishes.at_most or wishes.surely_not:
        policy = Policy.of(wishes.at_most or share_text(policy.p_ok), wishes.surely_not or share_text(policy.p_bad))
    if wishes.repeat:
        return replace(policy, asked_once=None, max_calls=wishes.max_calls)
    once = len(suite.probes)
    most = min(wishes.max_calls, once) if wishes.max_calls else None
    return replace(policy, asked_once=once, max_calls=most)
