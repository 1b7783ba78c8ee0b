"""An ASGI application that speaks like the OpenAI API, called in this process: no socket, no server, the same answers.

ASGI 3.0, HTTP connection scope and lifespan. An application without lifespan is called without it.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from haipkit.adapters.model_callable import reason_of
from haipkit.adapters.model_wire import (
    COMPLETIONS,
    StreamReader,
    read_answer,
    read_scores,
    refusal,
    request_of,
    score_request,
)
from haipkit.kernel.errors import BadInput
from haipkit.kernel.outside import Answer, CallError, Prompt, Scored, Trouble


class AsgiModel:
    """An application as an AsyncModel and a ScoringModel. `base` is the path that `/chat/completions` is added to."""

    def __init__(self, app: Any, name: str, *, base: str = "/v1", seconds: float = 120.0) -> None:
        if not callable(app):
            raise BadInput("this is not an ASGI application", where=name)
        self.name = name
        self._app = app
        self._base = base.rstrip("/")
        self._seconds = seconds
        self._life: _Lifespan | None = None

    async def answer(self, prompt: Prompt, **options: Any) -> Answer:
        path, body = request_of(self.name, prompt, options)
        started = time.perf_counter()
        reply = await self._post(path, body)
        if isinstance(reply, CallError):
            answer = Answer(error=reply)
        elif reply.status != 200:
            answer = Answer(error=refusal(reply.status, reply.data))
        elif reply.kind.startswith("text/event-stream"):
            reader = StreamReader()
            reader.feed(reply.data)
            answer = reader.answer()
        else:
            answer = read_answer(reply.data, reply.kind)
        return replace(answer, seconds=time.perf_counter() - started)

    async def score(self, prompt: str, continuations: Sequence[str]) -> Sequence[Scored]:
        reply = await self._post(COMPLETIONS, score_request(self.name, prompt, continuations))
        if isinstance(reply, CallError):
            return [Scored(error=reply)] * len(continuations)
        if reply.status != 200:
            return [Scored(error=refusal(reply.status, reply.data))] * len(continuations)
        return read_scores(reply.data, reply.kind, prompt, continuations)

    async def close(self) -> None:
        """Tell the application to shut down."""
        if self._life is not None:
            life, self._life = self._life, None
            await life.end()

    async def _post(self, path: str, body: bytes) -> "_Reply | CallError":
        if self._life is None:
            self._life = _Lifespan(self._app)
            await self._life.begin()
        reply = _Reply()
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            # The caller stays connected until the reply is whole.
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        try:
            scope = _scope(self._base + path, len(body))
            async with asyncio.timeout(self._seconds):
                await self._app(scope, receive, reply.take)
        except TimeoutError:
            return CallError(Trouble.TIMEOUT, f"no answer within {self._seconds:g} seconds")
        except (Exception, SystemExit) as fault:
            return CallError(Trouble.FAILED, reason_of(fault))
        return reply if reply.status else CallError(Trouble.MALFORMED, "the application sent no response")


class _Reply:
    def __init__(self) -> None:
        self.status = 0
        self.kind = ""
        self.data = b""

    async def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = {bytes(name).lower(): bytes(value) for name, value in message.get("headers", ())}
            self.kind = headers.get(b"content-type", b"").decode("latin-1")
        elif message["type"] == "http.response.body":
            self.data += message.get("body", b"")


def _scope(path: str, size: int) -> dict[str, Any]:
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"%d" % size)]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("ascii"),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 80),
        "state": {},
    }


class _Lifespan:
    """Start-up and shut-down, if the application knows them."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._done = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failed = ""

    async def begin(self) -> None:
        """Raises BadInput when the application says that it cannot start."""
        self._task = asyncio.create_task(self._live())
        await self._step("startup")
        if self._failed:
            raise BadInput(f"the application does not start: {self._failed}")

    async def end(self) -> None:
        if self._task is not None and not self._task.done():
            await self._step("shutdown")
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _step(self, name: str) -> None:
        self._done.clear()
        await self._asked.put({"type": f"lifespan.{name}"})
        await self._done.wait()

    async def _live(self) -> None:
        # The specification: an application that raises here does without lifespan.
        with suppress(Exception, SystemExit):
            await self._app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, self._asked.get, self._told)
        self._done.set()

    async def _told(self, message: dict[str, Any]) -> None:
        if message["type"].endswith(".failed"):
            self._failed = str(message.get("message") or "it gives no reason")[:300]
        self._done.set()
