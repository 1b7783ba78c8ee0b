"""Several suites, one chance of error: what each of them may use of it. Pure.

Both ways keep the chance of any false PASS at beta and of any false FAIL at alpha, over all suites together and
however they depend on one another. `even` gives every suite its share by weight (Bonferroni). `holm` starts from even
shares; each suite that has passed leaves its share of beta to those that have not, and each that has failed its share
of alpha (Holm 1979; it may be applied at any moment, because an e-process bounds the chance over all moments).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from haipkit.actions.a01_risk.policy import Policy
from haipkit.kernel.errors import BadInput

Method = Literal["even", "holm"]


@dataclass(frozen=True, slots=True)
class Budget:
    """The policies of several suites with their shares of the errors. Registered as it is, with its method."""

    policies: Mapping[str, Policy]
    method: Method

    def now(self, suite: str, passed: int = 0, failed: int = 0) -> Policy:
        """The policy of `suite` once `passed` and `failed` other suites have their verdict.

        Changes under `holm` only.
        """
        policy = self.policies[suite]
        if self.method == "even":
            return policy
        many = len(self.policies)
        if passed + failed >= many:
            raise BadInput(f"{passed + failed} other suites have a verdict, but there are {many} in all")
        return replace(policy, alpha=policy.alpha * many / (many - failed), beta=policy.beta * many / (many - passed))


def allocate(
    policies: Mapping[str, Policy],
    *,
    alpha: Fraction = Fraction(1, 20),
    beta: Fraction = Fraction(1, 20),
    weights: Mapping[str, int] | None = None,
    method: Method = "even",
) -> Budget:
    """Shares `alpha` and `beta` among the suites; the errors that `policies` carry are replaced.

    Raises BadInput without a suite, for a weight that is not positive, and for `holm` with weights or with plans that
    decide at their limit (their errors hold for one level only).
    """
    if not policies:
        raise BadInput("there is no suite to share the errors among")
    if method == "holm" and (weights or any(one.at_cap == "decide" for one in policies.values())):
        raise BadInput(
            "holm needs equal weights, and plans that do not decide at their limit",
            advice="Take method = even, or at_cap = undecided.",
        )
    parts = {name: (weights or {}).get(name, 1) for name in policies}
    if set(weights or {}) - set(policies) or min(parts.values()) < 1:
        raise BadInput("a weight is not a whole number above 0, or names no suite", advice=_names(list(policies)))
    total = sum(parts.values())
    shared = {
        name: replace(policy, alpha=alpha * parts[name] / total, beta=beta * parts[name] / total)
        for name, policy in policies.items()
    }
    return Budget(shared, method)


def _names(names: Sequence[str]) -> str:
    return f"The suites are {', '.join(names)}."
