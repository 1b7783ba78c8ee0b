"""A local Hugging Face model, with stand-ins for torch and transformers: 5 GB are too much for a test.

The stand-in knows bytes as tokens and gives token t the log-probability that a softmax over `t / 10` gives it.
"""

import asyncio
import math
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from haipkit.adapters.model_hf import HfModel
from haipkit.kernel.errors import BadInput, NotFound, Unavailable
from haipkit.kernel.outside import Answer, AsyncModel, ScoringModel, Trouble


class Tensor(np.ndarray[Any, Any]):
    def float(self) -> "Tensor":
        return self

    def gather(self, axis: int, index: "Tensor") -> "Tensor":
        return np.take_along_axis(self, np.asarray(index), axis).view(Tensor)


def _tensor(values: Any, device: str | None = None) -> Tensor:
    return np.array(values).view(Tensor)


def _log_softmax(values: Tensor, dim: int) -> Tensor:
    shares: Tensor = values - np.log(np.exp(values).sum(axis=dim, keepdims=True))
    return shares


LOGITS = np.arange(256) / 10
SHARES = LOGITS - math.log(np.exp(LOGITS).sum())


class Weights:
    device = "cpu"
    asked: dict[str, Any]

    def __call__(self, inputs: Tensor, attention_mask: Tensor) -> Any:
        assert attention_mask.shape == inputs.shape
        return SimpleNamespace(logits=np.broadcast_to(LOGITS, (*inputs.shape, 256)).view(Tensor))

    def to(self, device: str) -> "Weights":
        self.device = device
        return self

    def eval(self) -> "Weights":
        return self

    def generate(self, inputs: Tensor, **how: Any) -> Tensor:
        Weights.asked = how
        if how["max_new_tokens"] == 13:
            raise RuntimeError("CUDA out of memory")
        produced = list(b"well, stop here"[: how["max_new_tokens"]])
        return np.concatenate([inputs, [produced]], axis=1).view(Tensor)


class Tokens:
    pad_token_id, eos_token_id = None, 0

    def __call__(self, text: str, **options: Any) -> dict[str, Any]:
        places = [(at, at + 1) for at in range(len(text))]
        return {"input_ids": list(text.encode("latin-1")), "offset_mapping": places}

    def apply_chat_template(self, messages: list[dict[str, str]], **options: Any) -> str:
        return "".join(f"<{message['role']}>{message['content']}" for message in messages)

    def decode(self, tokens: list[int], **options: Any) -> str:
        return bytes(tokens).decode("latin-1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    torch = SimpleNamespace(
        tensor=_tensor,
        ones_like=np.ones_like,
        log_softmax=_log_softmax,
        inference_mode=nullcontext,
        manual_seed=lambda seed: None,
        cuda=SimpleNamespace(is_available=lambda: False),
    )

    def load(kind: type) -> Any:
        def from_pretrained(name: str, **options: Any) -> Any:
            assert options["local_files_only"] is True
            assert options["trust_remote_code"] is False
            if "broken" in name:
                raise OSError("no weights\nin it")
            return kind()

        return SimpleNamespace(from_pretrained=from_pretrained)

    transformers = SimpleNamespace(AutoTokenizer=load(Tokens), AutoModelForCausalLM=load(Weights))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "transformers", transformers)
    (tmp_path / "codelet").mkdir()
    (tmp_path / "broken").mkdir()
    return str(tmp_path / "codelet")


def ask(folder: str, prompt: Any, **options: Any) -> Answer:
    async def run() -> Answer:
        model = HfModel(folder)
        try:
            return await model.answer(prompt, **options)
        finally:
            await model.close()

    return asyncio.run(run())


def test_it_answers(folder: str) -> None:
    answer = ask(folder, "abc", max_tokens=4)
    assert (answer.text, answer.finish, answer.prompt_tokens, answer.completion_tokens) == ("well", "length", 3, 4)
    assert answer.model == "codelet"
    assert Weights.asked["do_sample"] is False
    answer = ask(folder, [{"role": "user", "content": "hi"}], temperature=0.5, seed=1, stop="stop")
    assert (answer.text, answer.finish, answer.prompt_tokens) == ("well, ", "stop", 8)
    assert (Weights.asked["do_sample"], Weights.asked["temperature"]) == (True, 0.5)


def test_what_goes_wrong_is_an_outcome(folder: str) -> None:
    error = ask(folder, "abc", tools=[{}]).error
    assert error is not None
    assert (error.trouble, error.detail) == (Trouble.UNSUPPORTED, "a local model does not know tools")
    error = ask(folder, "abc", max_tokens=13).error
    assert error is not None
    assert (error.trouble, error.detail) == (Trouble.FAILED, "RuntimeError: CUDA out of memory")


def test_log_probabilities_of_continuations_of_different_length(folder: str) -> None:
    model = HfModel(folder, batch=2)
    assert isinstance(model, AsyncModel)
    assert isinstance(model, ScoringModel)
    scored = asyncio.run(model.score("ab", ["c", "def", "", "\u20ac"]))
    assert [len(one.logprobs) for one in scored[:2]] == [1, 3]
    assert scored[1].logprobs == pytest.approx([SHARES[symbol] for symbol in b"def"])
    assert [one.error.trouble for one in scored[2:] if one.error] == [Trouble.FAILED] * 2
    whole = asyncio.run(model.score("", ["cd"]))[0]
    assert whole.logprobs == pytest.approx([SHARES[ord("d")]])


def test_what_cannot_be_loaded_is_said(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound):
        HfModel(folder + "-x")
    with pytest.raises(BadInput, match="no weights in it"):
        HfModel(str(Path(folder).parent / "broken"))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(Unavailable, match="torch"):
        HfModel(folder)
