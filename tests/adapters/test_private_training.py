"""(ε, δ) of a private training run, from an object with the parts of an Opacus engine, into ledger and finding."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from haipkit.adapters.private_training import plain, read_engine, rounded_up
from haipkit.kernel.errors import BadInput
from haipkit.kernel.words import Origin
from haipkit.workspace.ask import read_shelf
from haipkit.workspace.open import open_workspace
from haipkit.workspace.private_training import record_private_training
from helpers.commands import done


class Engine:
    """What is asked of opacus.PrivacyEngine 1.6, with figures that it gave for a run of 60 steps."""

    secure_mode = False

    def __init__(self, history: Any = ((1.1, 0.05, 60),), epsilon: float = 2.346108445279169) -> None:
        self.accountant = SimpleNamespace(mechanism=lambda: "prv", history=list(history))
        self._epsilon = epsilon

    def get_epsilon(self, delta: float) -> float:
        return self._epsilon


def test_an_engine_is_read() -> None:
    run = read_engine(Engine(), 1e-6, optimizer=SimpleNamespace(max_grad_norm=1.0))
    assert (run.epsilon, run.delta, run.accountant, run.steps) == ("2.347", "0.000001", "prv", 60)
    assert (run.noise_multiplier, run.sample_rate, run.clipping_norm) == ("1.1", "0.05", "1")
    assert run.secure_randomness is False
    two = read_engine(Engine([(1.1, 0.05, 60), (0.8, 0.05, 40)]), 1e-6)
    assert (two.steps, two.noise_multiplier, two.sample_rate, two.clipping_norm) == (100, None, "0.05", None)


@pytest.mark.parametrize(
    ("engine", "delta", "words"),
    [
        (Engine(history=[]), 1e-6, "no step"),
        (Engine(history=[(1.0, 0.1, 0)]), 1e-6, "no step"),
        (Engine(epsilon=float("inf")), 1e-6, "finite"),
        (Engine(epsilon=float("nan")), 1e-6, "finite"),
        (Engine(), 0, "δ is 0"),
        (Engine(), 1.5, "between 0 and 1"),
        (object(), 1e-6, "not an engine"),
        (Engine(history=[("x", 1, 2)]), 1e-6, "not an engine"),
    ],
)
def test_what_is_no_private_run(engine: object, delta: float, words: str) -> None:
    with pytest.raises(BadInput) as fault:
        read_engine(engine, delta)
    assert words in str(fault.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-6, "0.000001"), (0.05, "0.05"), (1.0, "1"), (1100.0, "1100"), (1 / 3, "0.3333333333333333"), (1e-30, "0")],
)
def test_numbers_have_no_exponent(value: float, text: str) -> None:
    assert plain(value) == text


def test_epsilon_is_never_rounded_down() -> None:
    assert rounded_up(2.0001) == "2.001"
    assert rounded_up(2.0) == "2.000"


def test_the_record_is_evidence_for_a_safeguard_and_no_test_of_ours(tmp_path: Path) -> None:
    place = tmp_path / "lab"
    done("init", place, "--role", "model-developer", "--country", "CA", "--name", "Lab", "--unprotected-keys")
    done(
        *("-w", place, "add", "system", "codelet", "--name", "Code model", "--purpose", "Completes code"),
        *("--roles", "model-developer", "--lifecycle", "development", "--trains-model", "--uses-personal-data"),
    )
    done(
        *("-w", place, "add", "safeguard", "noise", "--title", "Noise in training", "--system", "codelet"),
        *("--topic", "privacy-preserving-training", "--description", "DP-SGD", "--status", "in-place"),
        *("--owner", "research", "--last-checked-on", "2026-11-01"),
    )
    written = record_private_training(Engine(), delta=1e-6, title="Tuning", system="codelet", workspace=place)
    assert (written.kind, written.system) == ("private-training/1", "codelet")
    with open_workspace(place) as workspace:
        (record,) = [one for one in read_shelf(workspace).records if one.header.kind == "private-training/1"]
    assert (record.body["epsilon"], record.header.origin) == ("2.347", Origin.IMPORTED)
    assert len(record.header.attachments) == 1
    assert "met ▄ evidenced" in done("-w", place, "status", "11.2c").words.replace("▃", "▄")
