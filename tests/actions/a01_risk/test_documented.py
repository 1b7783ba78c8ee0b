"""The page that explains the verdicts shows the figures that the product computes."""

from itertools import islice
from pathlib import Path

from haipkit.actions.a01_risk.design import outlook
from haipkit.actions.a01_risk.policy import Policy
from haipkit.actions.a01_risk.reader import EXIT_CODES

PAGE = (Path(__file__).parents[3] / "docs/understand/how-a-verdict-is-reached.md").read_text("utf-8")


def test_the_tables_are_the_ones_that_are_used() -> None:
    open_ended = outlook(Policy.of("5 %", "10 %"))
    bounded = outlook(Policy.of("5 %", "10 %", max_calls=450, at_cap="decide"))
    once = outlook(Policy.of("5 %", "10 %", asked_once=200))
    for lines in (open_ended.lines(), bounded.lines(), once.lines(), islice(open_ended.table.lines(), 12)):
        assert "```\n" + "\n".join(lines) + "\n```\n" in PAGE
    assert f"needs {open_ended.fixed_calls} for this question" in PAGE
    assert f"After {open_ended.table.calls} calls" in PAGE


def test_the_exit_codes_are_the_ones_that_are_used() -> None:
    for name, code in EXIT_CODES.items():
        assert f"| {name} | {code} |" in PAGE
