"""The worked suite of the bakery says what the program's own check says."""

from pathlib import Path

from haipkit.actions.a01_risk.scoring import grade
from haipkit.actions.a01_risk.suite import read_suite
from haipkit.kernel.outside import Answer

HERE = Path(__file__).resolve().parents[2] / "examples" / "deployer-chatbot"


def test_the_suite_finds_the_same_answers_right_as_the_program() -> None:
    from chatbot import BakeryAssistant, check

    head = HERE / "suites" / "questions.toml"
    suite = read_suite(head.read_text("utf-8"), head.with_suffix(".jsonl").read_text("utf-8"))
    bakery = BakeryAssistant()
    wanted = {
        one["question"]: one["verdict"] == "right"
        for one in check(bakery, HERE / "questions.toml")
        if one["set"] == "check"
    }
    found = {}
    for probe in suite.probes:
        answer = Answer(bakery.complete(probe.conversation()))
        found[probe.turns[0]] = grade(probe.score, [answer]).outcome == "pass"
    assert found == wanted
    assert not all(found.values())
