"""Who is represented in a data set, by columns that its owner declares, beside what was expected."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from haipkit.actions.a11_data.quality import share_of
from haipkit.kernel.errors import BadInput
from haipkit.kernel.intervals import decimal

NOT_STATED = "(not stated)"
RARE = "(rarer values)"
LEAST = 5
"""A value that fewer rows have is not named in a record: a person might be known by it."""
Reference = Mapping[str, Mapping[str, float]]


@dataclass
class Representation:
    """Rows by value for each declared column."""

    columns: tuple[str, ...]
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, column: str, value: str | None, many: int) -> None:
        self.counts.setdefault(column, Counter())[value if value is not None else NOT_STATED] += many

    def rows(self, reference: Reference) -> list[dict[str, Any]]:
        """One row a value: its share among the rows that state one, the interval (Wilson, 95 %), the expected share."""
        found = []
        for column in self.columns:
            counts = self.counts.get(column, Counter())
            stated = sum(many for value, many in counts.items() if value != NOT_STATED)
            expected = dict(reference.get(column, {}))
            named = {value: many for value, many in counts.items() if many >= LEAST and value != NOT_STATED}
            named |= {value: counts[value] for value in expected}
            rare = stated - sum(named.values())
            for value, many in sorted(named.items(), key=lambda item: (-item[1], item[0])):
                row = {"column": column, "value": value, **share_of(many, stated)}
                found.append(row | ({"expected": decimal(expected[value])} if value in expected else {}))
            for value, many, out_of in ((RARE, rare, stated), (NOT_STATED, counts[NOT_STATED], counts.total())):
                if many:
                    found.append({"column": column, "value": value, **share_of(many, out_of)})
        return found


def apart(row: Mapping[str, Any]) -> bool:
    """Does the expected share lie outside the interval?"""
    expected = row.get("expected")
    return expected is not None and not float(row["low"]) <= float(expected) <= float(row["high"])


def read_reference(table: Mapping[str, Any], where: str) -> dict[str, dict[str, float]]:
    """Expected shares by column: `[gender] women = 0.5`. Raises BadInput when they are no shares, or exceed 1."""
    found: dict[str, dict[str, float]] = {}
    for column, shares in table.items():
        if not isinstance(shares, dict):
            continue
        for value, share in shares.items():
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
                raise BadInput(f"the share of {value!r} has to be a number from 0 to 1", where=f"{where}, [{column}]")
        if sum(shares.values()) > 1.000001:
            raise BadInput("the shares add up to more than 1", where=f"{where}, [{column}]")
        found[column] = {value: float(share) for value, share in shares.items()}
    if not found:
        raise BadInput("no expected share stands in it", where=where, advice="Write [column] and value = share.")
    return found
