"""Models in this process: functions, objects and ASGI applications. Whatever they do, it is an answer or an error."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from haipkit.adapters.model_asgi import AsgiModel
from haipkit.adapters.model_callable import CallableModel, load_target
from haipkit.kernel.errors import BadInput, HaipError, NotFound
from haipkit.kernel.outside import Answer, AsyncModel, Scored, ScoringModel, Trouble

HELLO = [{"role": "user", "content": "hello"}]
Messages = Sequence[Mapping[str, Any]]


def said(messages: Messages) -> str:
    return f"You said {messages[-1]['content']}."


async def said_later(messages: Messages, temperature: float = 1) -> str:
    return f"{said(messages)} At {temperature}."


def as_api(messages: Messages, **options: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": str(sorted(options))}, "finish_reason": "stop"}]}


class Bot:
    name = "bot"

    def complete(self, messages: Messages, **options: Any) -> str:
        return said(messages).upper()


class Scorer:
    async def answer(self, prompt: object, **options: Any) -> Answer:
        return Answer(f"asked with {type(prompt).__name__}")

    async def score(self, prompt: str, continuations: Sequence[str]) -> list[Scored]:
        return [Scored((-1.0,) * len(one)) for one in continuations]


def ask(target: object, prompt: Any = HELLO, **options: Any) -> Answer:
    async def run() -> Answer:
        model = CallableModel(target, "x", seconds=0.5)
        try:
            return await model.answer(prompt, **options)
        finally:
            await model.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("target", "prompt", "text"),
    [
        (said, HELLO, "You said hello."),
        (said, "hi", "You said hi."),
        (said_later, HELLO, "You said hello. At 0."),
        (as_api, HELLO, "['seed', 'temperature']"),
        (Bot(), HELLO, "YOU SAID HELLO."),
        (Scorer(), "a text", "asked with str"),
        (Scorer(), HELLO, "asked with list"),
        (lambda messages: Answer("whole"), HELLO, "whole"),
    ],
)
def test_functions_and_objects(target: object, prompt: Any, text: str) -> None:
    answer = ask(target, prompt, temperature=0, seed=1)
    assert (answer.text, answer.error) == (text, None)


def _raise(fault: BaseException) -> str:
    raise fault


@pytest.mark.parametrize(
    ("target", "trouble", "words"),
    [
        (lambda messages: _raise(ZeroDivisionError("by nought")), Trouble.FAILED, "ZeroDivisionError: by nought"),
        (lambda messages: _raise(SystemExit(3)), Trouble.FAILED, "SystemExit"),
        (lambda messages: _raise(ValueError("x" * 9999)), Trouble.FAILED, "ValueError"),
        (lambda: "no parameter", Trouble.FAILED, "TypeError"),
        (lambda messages: 7, Trouble.MALFORMED, "returned int"),
        (lambda messages: None, Trouble.MALFORMED, "returned NoneType"),
        (lambda messages: {"choices": []}, Trouble.MALFORMED, "no choice"),
        (lambda messages: time.sleep(0.7), Trouble.TIMEOUT, "0.5 seconds"),
    ],
)
def test_what_goes_wrong_is_an_outcome(target: object, trouble: Trouble, words: str) -> None:
    answer = ask(target)
    assert answer.error is not None
    assert answer.error.trouble is trouble
    assert words in answer.error.detail
    assert len(answer.error.detail) <= 300


def test_log_probabilities_come_from_an_object_that_has_them() -> None:
    async def run(target: object) -> Sequence[Scored]:
        model = CallableModel(target, "x")
        assert isinstance(model, AsyncModel)
        assert isinstance(model, ScoringModel)
        return await model.score("a", ["bc"])

    assert asyncio.run(run(Scorer()))[0].logprobs == (-1.0, -1.0)
    error = asyncio.run(run(said))[0].error
    assert error is not None
    assert error.trouble is Trouble.UNSUPPORTED


def test_a_target_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop_bot.py").write_text("class Bot:\n    def reply(self, messages): return 'hi'\nbot = Bot()\n")
    (tmp_path / "broken_bot.py").write_text("raise RuntimeError('no config')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(__import__("sys").path))
    assert ask(load_target("shop_bot:bot.reply")).text == "hi"
    for name, kind in {
        "shop_bot": BadInput,
        ":x": BadInput,
        "shop_bot:": BadInput,
        "shop_bot:nobody": NotFound,
        "no_such_bot:x": NotFound,
        "broken_bot:x": BadInput,
    }.items():
        with pytest.raises(kind) as fault:
            load_target(name)
        assert isinstance(fault.value, HaipError)
    with pytest.raises(BadInput, match="cannot be called"):
        CallableModel("a text", "x")


# ASGI

App = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


def app(
    status: int = 200, kind: str = "application/json", *, lifespan: str = "none", log: list[str] | None = None
) -> App:
    """Answers with its own request's last message, in two pieces."""
    seen = log if log is not None else []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        request = json.loads((await receive())["body"])
        seen.append(scope["path"])
        await send({"type": "http.response.start", "status": status, "headers": [(b"Content-Type", kind.encode())]})
        text = request["messages"][-1]["content"] if "messages" in request else "more"
        data = json.dumps({"choices": [{"message": {"content": text}, "delta": {"content": text}}]}).encode()
        data = b"data: " + data + b"\n\ndata: [DONE]\n\n" if "event-stream" in kind else data
        await send({"type": "http.response.body", "body": data[:9], "more_body": True})
        await send({"type": "http.response.body", "body": data[9:]})

    async def live(receive: Any, send: Any) -> None:
        if lifespan == "none":
            raise NotImplementedError
        while True:
            event = (await receive())["type"]
            seen.append(event)
            if lifespan == "failing":
                await send({"type": "lifespan.startup.failed", "message": "no database"})
                return
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return

    return application


def call(application: Any, prompt: Any = HELLO, **options: Any) -> Answer:
    async def run() -> Answer:
        model = AsgiModel(application, "x", seconds=0.3)
        try:
            return await model.answer(prompt, **options)
        finally:
            await model.close()
            await model.close()

    return asyncio.run(run())


def test_an_application_is_called_without_a_socket() -> None:
    seen: list[str] = []
    assert call(app(log=seen)).text == "hello"
    assert call(app(log=seen, lifespan="complete")).text == "hello"
    assert seen == ["/v1/chat/completions", "lifespan.startup", "/v1/chat/completions", "lifespan.shutdown"]
    assert call(app(kind="text/event-stream"), stream=True).text == "hello"
    with pytest.raises(BadInput, match="no database"):
        call(app(lifespan="failing"))


async def _silent(scope: Any, receive: Any, send: Any) -> None:
    return


async def _hanging(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await receive()
        await receive()


async def _crashing(scope: Any, receive: Any, send: Any) -> None:
    raise LookupError("where?")


async def _leaving(scope: Any, receive: Any, send: Any) -> None:
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("application", "trouble"),
    [
        (_silent, Trouble.MALFORMED),
        (_hanging, Trouble.TIMEOUT),
        (_crashing, Trouble.FAILED),
        (_leaving, Trouble.FAILED),
        (app(status=500), Trouble.SERVER),
        (app(status=404), Trouble.UNSUPPORTED),
    ],
)
def test_an_application_that_fails_is_an_outcome(application: Any, trouble: Trouble) -> None:
    answer = call(application)
    assert answer.error is not None
    assert answer.error.trouble is trouble


def test_log_probabilities_of_an_application() -> None:
    async def scoring(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        request = json.loads((await receive())["body"])
        choices = [
            {
                "index": at,
                "text": text + "!",
                "logprobs": {"tokens": [*text, "!"], "token_logprobs": [None] + [-0.5] * len(text)},
            }
            for at, text in enumerate(request["prompt"])
        ]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps({"choices": choices}).encode()})

    async def run(application: Any) -> Sequence[Scored]:
        return await AsgiModel(application, "x").score("ab", ["cd", "e"])

    assert [one.logprobs for one in asyncio.run(run(scoring))] == [(-0.5, -0.5), (-0.5,)]
    assert {one.error.trouble for one in asyncio.run(run(app())) if one.error} == {Trouble.MALFORMED}
    assert {one.error.trouble for one in asyncio.run(run(_silent)) if one.error} == {Trouble.MALFORMED}
