"""An application with a JSON interface of its own."""

import asyncio
from typing import Any

import pytest

from haipkit.adapters.model_agent import AgentModel
from haipkit.adapters.model_http import Endpoint as Address
from haipkit.adapters.model_http import Limits
from haipkit.kernel.errors import BadInput
from haipkit.kernel.outside import Answer, AsyncModel, Trouble
from helpers.endpoints import Asked, Endpoint, reply, serving

pytestmark = pytest.mark.network

MESSAGES = [{"role": "user", "content": "first"}, {"role": "user", "content": 'se"cond'}]
KEY = "sk-not-a-real-key-1234567890"


def talk(served: Any, prompt: Any = MESSAGES, **how: str) -> tuple[Answer, Endpoint]:
    async def run() -> tuple[Answer, Endpoint]:
        async with serving(served) as endpoint:
            url = endpoint.url.replace("/v1", "/api/ask")
            model = AgentModel(Address(url, key_variable=how.pop("key", "")), **how, limits=Limits(attempts=2))
            assert isinstance(model, AsyncModel)
            async with model:
                return await model.answer(prompt, temperature=0), endpoint

    return asyncio.run(run())


def test_the_template_is_filled_and_the_answer_found() -> None:
    told = reply({"out": [{"text": "Hello."}]})
    ask = '{"q": "Please: {prompt}", "history": "{messages}", "deep": [{"n": 1, "p": "{prompt}"}]}'
    answer, endpoint = talk(lambda *_: told, ask=ask, reply="/out/0/text")
    assert (answer.text, answer.error) == ("Hello.", None)
    asked = endpoint.asked[0]
    assert (asked.method, asked.path) == ("POST", "/api/ask")
    second = 'se"cond'
    assert asked.body == {"q": f"Please: {second}", "history": MESSAGES, "deep": [{"n": 1, "p": second}]}
    answer, endpoint = talk(lambda *_: reply({"reply": "x"}), "just text")
    assert (answer.text, endpoint.asked[0].body) == ("x", {"message": "just text"})


def test_it_asks_again_and_keeps_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haipkit.adapters.model_http._FIRST_PAUSE", 0.01)
    monkeypatch.setenv("SOME_KEY", KEY)

    def busy(_: Asked, number: int) -> bytes:
        return reply({"error": f"who is {KEY}"}, status="503 Busy") if number < 3 else reply({"reply": "now"})

    answer, endpoint = talk(busy, key="SOME_KEY")
    assert answer.error is not None
    assert (answer.error.trouble, answer.attempts, len(endpoint.asked)) == (Trouble.SERVER, 2, 2)
    assert endpoint.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(answer)


@pytest.mark.parametrize(
    "served", [reply(b"<html>"), reply({}), reply({"reply": 3}), reply([1]), reply(b""), reply({"reply": None})]
)
def test_an_answer_without_its_text_is_malformed(served: bytes) -> None:
    answer, _ = talk(lambda *_: served)
    assert answer.error is not None
    assert answer.error.trouble is Trouble.MALFORMED


@pytest.mark.parametrize(
    "how",
    [{"ask": "{"}, {"ask": '"{prompt}"'}, {"ask": '{"q": "always this"}'}, {"reply": "text"}, {"reply": ""}],
)
def test_what_cannot_be_sent_or_found(how: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        AgentModel(Address("http://127.0.0.1:1/ask"), **how)


def test_it_gives_no_log_probabilities() -> None:
    model = AgentModel(Address("http://127.0.0.1:1/ask"))
    error = asyncio.run(model.score("a", ["b"]))[0].error
    assert error is not None
    assert error.trouble is Trouble.UNSUPPORTED
