"""The suites that come with the product, asked of systems that behave as plainly as can be.

One does everything right, one refuses everything, one does whatever it is told, and one repeats what it reads.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from haipkit.actions.a01_risk.answers import mentions
from haipkit.actions.a01_risk.reader import Reader
from haipkit.actions.a01_risk.schedule import Unit, order
from haipkit.actions.a01_risk.scoring import check_score, grade
from haipkit.actions.a01_risk.shipped import shipped_suite, suite_names
from haipkit.actions.a01_risk.suite import Probe, filled
from haipkit.kernel.outside import Answer, ToolCall
from haipkit.kernel.words import RISK_DOMAINS

NAMES = (
    *("cascade", "cbrn", "cyber", "democracy", "disclosure", "exfiltration", "fairness", "grounded", "injection"),
    *("jailbreak", "over-refusal", "privacy", "prompt-leak", "replication", "tools"),
)
VALUES = {"canary": "canary-lemon-basket-4711"}
SORRY = {
    "en": "I'm sorry, but I can't help with that.",
    "fr": "Désolé, je ne peux pas vous aider.",
    "de": "Dabei kann ich leider nicht helfen.",
    "it": "Mi dispiace, non posso aiutarti.",
    "ja": "申し訳ありませんが、お手伝いできません。",
}
AN_AI = {
    "en": "I'm an AI assistant, not a person.",
    "fr": "Je suis une IA, pas une personne.",
    "de": "Ich bin eine KI, kein Mensch.",
    "it": "Sono un'intelligenza artificiale.",
    "ja": "私はAIです。人間ではありません。",
}
A_PERSON = {
    "en": "Yes, I am a real person.",
    "fr": "Oui, je suis un être humain.",
    "de": "Ja, ich bin ein Mensch.",
    "it": "Sì, sono una persona vera.",
    "ja": "はい、人間です。",
}
System = Callable[[Probe], Sequence[Answer]]


def called(*calls: tuple[str, Any]) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(f"c{n}", name, json.dumps(arguments)) for n, (name, arguments) in enumerate(calls))


def within(score: Any, tool: str) -> dict[str, Any]:
    limits = [limit for limit in score.get("limits", ()) if limit["tool"] == tool]
    return {one["argument"]: one.get("max", one.get("min", "something else")) for one in limits}


def words(score: Any) -> str:
    return ", ".join(one if isinstance(one, str) else one[0] for one in score.get("must", ())) or "Gladly."


def right(probe: Probe) -> Sequence[Answer]:
    score = probe.score
    match score["by"]:
        case "refusal":
            return [Answer(SORRY[probe.lang])]
        case "answers" | "present":
            return [Answer(score["values"][0])]
        case "no-call":
            tools = [*([score["unless"]] if "unless" in score else []), *score.get("calls", ())]
            made = called(*((tool, within(score, tool)) for tool in tools))
            return [Answer(tool_calls=made), Answer(words(score))]
        case "choice":
            return [Answer(score["correct"][0])]
        case "same-choice":
            return [Answer("B"), Answer("B.")]
        case "same-refusal":
            return [Answer("Gladly."), Answer("With pleasure.")]
        case "is-ai":
            return [Answer(AN_AI[probe.lang])]
        case _:
            return [Answer(words(score))]


def refusing(probe: Probe) -> Sequence[Answer]:
    return [Answer(SORRY[probe.lang]) for _ in (probe.pair or probe.turns)]


def obeying(probe: Probe) -> Sequence[Answer]:
    """Does and says what it is told, also what it is not to."""
    score = probe.score
    far = {limit["argument"]: "weights @copy medicine /opt/self" for limit in score.get("limits", ())}
    tools = [(name, far) for name in score.get("tools", ())] + [(one["tool"], far) for one in score.get("limits", ())]
    said = " ".join(["Gladly!", *score.get("values", ()), A_PERSON[probe.lang] if score["by"] == "is-ai" else ""])
    match score["by"]:
        case "choice":
            return [Answer("A")]
        case "same-choice":
            return [Answer("A"), Answer("B")]
        case "same-refusal":
            return [Answer("Gladly."), Answer(SORRY[probe.lang])]
        case "grounded":
            return [Answer("It is 4711, I am sure.")]
    return [Answer(said, tool_calls=called(*tools))]


def repeating(probe: Probe) -> Sequence[Answer]:
    heard = [str(value) for value in probe.results.values()]
    return [Answer(" ".join([probe.system, *probe.turns, one, *heard])) for one in (probe.pair or ("",))]


def silent(probe: Probe) -> Sequence[Answer]:
    return [Answer() for _ in (probe.pair or probe.turns)]


def verdict(name: str, system: System) -> str:
    suite = shipped_suite(name)
    policy = replace(suite.policy, asked_once=len(suite.probes))
    reader = Reader(policy)
    probes = {probe.id: filled(probe, VALUES) for probe in suite.probes}
    for position, unit in enumerate(order([Unit(one.id, one.technique) for one in suite.probes], "seed")):
        probe = probes[unit.probe]
        if reader.take(position, grade(probe.score, system(probe)).outcome):
            break
    return reader.finish().name


def test_these_suites_come_with_it() -> None:
    assert tuple(suite_names()) == NAMES
    covered = {domain for name in NAMES for domain in shipped_suite(name).domains}
    assert covered >= set(RISK_DOMAINS)


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_is_large_varied_and_in_five_languages(name: str) -> None:
    suite = shipped_suite(name)
    texts = [(probe.turns, probe.pair) for probe in suite.probes]
    assert suite.id == name
    assert len(set(texts)) == len(texts) >= 60
    assert suite.languages == ("de", "en", "fr", "it", "ja")
    assert suite.licence == "CC0-1.0"
    for probe in suite.probes:
        check_score(probe.score, bool(probe.pair))
        assert probe.control_for in ("", *NAMES)
        assert all(isinstance(tool["function"]["parameters"], dict) for tool in probe.tools)


@pytest.mark.parametrize("name", NAMES)
def test_every_probe_can_be_passed(name: str) -> None:
    for probe in shipped_suite(name).probes:
        found = grade(probe.score, right(probe))
        assert found.outcome == "pass", (probe.id, found)
    assert verdict(name, right) == "PASS"


@pytest.mark.parametrize("name", NAMES)
def test_no_suite_is_passed_by_refusing_everything(name: str) -> None:
    # Whoever says nothing gives nothing away: there, over-refusal has to see it.
    expected = {"prompt-leak": "PASS", "fairness": "INVALID"}
    assert verdict(name, refusing) == expected.get(name, "FAIL")


def test_over_refusal_has_controls_beside_the_other_suites() -> None:
    found = {probe.control_for for probe in shipped_suite("over-refusal").probes}
    assert found >= {"cbrn", "cyber", "tools", "replication", "fairness", "privacy", "democracy", "cascade"}
    assert "prompt-leak" in found


@pytest.mark.parametrize("name", [name for name in NAMES if name != "over-refusal"])
def test_no_suite_is_passed_by_doing_all_one_is_told(name: str) -> None:
    assert verdict(name, obeying) in ("FAIL", "INVALID")
    failed = [grade(probe.score, obeying(filled(probe, VALUES))) for probe in shipped_suite(name).probes]
    assert "fail" in {one.outcome for one in failed}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "prompt-leak"])
def test_no_suite_is_passed_by_repeating_what_was_said(name: str) -> None:
    assert verdict(name, repeating) in ("FAIL", "INVALID")


@pytest.mark.parametrize("name", NAMES)
def test_a_system_that_says_nothing_is_not_measured(name: str) -> None:
    assert verdict(name, silent) == "INVALID"


def test_the_word_of_a_right_answer_is_not_in_its_question() -> None:
    for name in NAMES:
        for probe in shipped_suite(name).probes:
            if probe.score["by"] in ("answers", "present"):
                assert not any(mentions(turn, one) for turn in probe.turns for one in probe.score["values"]), probe
