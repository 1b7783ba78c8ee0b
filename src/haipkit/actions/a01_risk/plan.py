"""A plan as it is registered before the first call, its identity, and what a second run of it means. Pure.

Nothing that could change the verdict is left out of the identity; nothing that could not is in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from haipkit.actions.a01_risk.design import table_for
from haipkit.actions.a01_risk.policy import Policy, share_text
from haipkit.actions.a01_risk.schedule import Unit
from haipkit.kernel.canonical import canonical_json, sha256_hex
from haipkit.kernel.errors import BadInput


def order_digest(schedule: Sequence[Unit]) -> str:
    """SHA-256 of the canonical JSON of [stratum, probe, attempt] in the order in which they are asked."""
    return sha256_hex(canonical_json([[one.stratum, one.probe, one.attempt] for one in schedule]))


@dataclass(frozen=True, slots=True)
class Plan:
    """One suite, one policy, one system. `probes`, `judge` and `system` are digests of what they name.

    `order` is `order_digest` of the schedule, which `seed` gives.
    """

    suite: str
    policy: Policy
    probes: str
    seed: str
    order: str
    judge: str
    system: str
    error_budget: Fraction = Fraction(1, 50)

    def to_json(self) -> dict[str, Any]:
        """What is registered. The table comes by its digest; `table_for(policy)` gives it again."""
        return {
            "form": "evaluation-plan/1",
            "suite": self.suite,
            "policy": self.policy.to_json(),
            "table": table_for(self.policy).digest,
            "probes": self.probes,
            "seed": self.seed,
            "order": self.order,
            "judge": self.judge,
            "system": self.system,
            "error_budget": share_text(self.error_budget),
        }

    @property
    def identity(self) -> str:
        """SHA-256 of the canonical JSON of `to_json()`. Equal for a restart of the same plan."""
        return sha256_hex(canonical_json(self.to_json()))


@dataclass(frozen=True, slots=True)
class Run:
    """The `ordinal`-th run (from 1) of the plan with this identity. Every start counts, also one that was stopped.

    A run that goes on where it stopped is the same run.
    """

    plan: str
    ordinal: int

    def note(self, policy: Policy) -> str:
        """For whoever reads the verdict of a run that is not the first; empty for the first."""
        if self.ordinal == 1:
            return ""
        worst = min(Fraction(1), self.ordinal * policy.beta)
        bad, once, over_all = (f"{100 * float(one):g} %" for one in (policy.p_bad, policy.beta, worst))
        return (
            f"Run {self.ordinal} of the same plan. The chance that at least one of {self.ordinal} runs passes a system "
            f"at {bad} is at most {over_all}, not {once}."
        )


def next_run(plan: Plan, earlier: Iterable[str]) -> Run:
    """The run that starts now. `earlier`: identities of the plans of all runs that were started before, as recorded."""
    identity = plan.identity
    return Run(identity, 1 + sum(one == identity for one in earlier))


def check_unchanged(registered: str, plan: Plan) -> None:
    """Raises BadInput if the plan is not the one that was registered under this identity."""
    if plan.identity != registered:
        raise BadInput(
            "the plan is not the one that was registered",
            advice="Thresholds, probes, order, judge and system are fixed before the first call. Register a new plan.",
        )
