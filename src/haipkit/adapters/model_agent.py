"""A whole agent behind HTTP with a JSON interface of its own, such as a chatbot with its prompt, tools and search.

What is sent is a JSON template with {prompt} and {messages} in it; the answer is found by a JSON Pointer (RFC 6901).
Connections, time limits, retries and secrets are those of `model_http`.
"""

import json
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from haipkit.adapters.model_http import Endpoint, HttpModel, Limits
from haipkit.adapters.model_wire import to_bytes
from haipkit.kernel.errors import BadInput
from haipkit.kernel.outside import Answer, CallError, Prompt, Scored, Trouble

ASK, REPLY = '{"message": "{prompt}"}', "/reply"


class AgentModel(HttpModel):
    """An application as an AsyncModel. `ask` is the template, `reply` the pointer to the answer's text.

    "{prompt}" within a text becomes the last message; a value that is "{messages}" alone becomes the list of messages.
    Options such as temperature are not sent: the application decides. Raises BadInput for a template or pointer that
    cannot be used.
    """

    def __init__(self, endpoint: Endpoint, ask: str = ASK, reply: str = REPLY, limits: Limits | None = None) -> None:
        super().__init__(endpoint, limits)
        self.base = endpoint.url.strip()
        self.name = endpoint.model or urlsplit(self.base).netloc
        self._template = _template(ask)
        self._pointer = _pointer(reply)

    async def answer(self, prompt: Prompt, **options: Any) -> Answer:
        """Ask once, and again while it may help. Options are not sent."""
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else [dict(one) for one in prompt]
        last = str(messages[-1].get("content", "")) if messages else ""
        body = _filled(self._template, last, messages)
        started = time.perf_counter()
        outcome, attempts = await self._persist("", to_bytes(body))
        if isinstance(outcome, Answer):
            text, error = "", self._without_key(outcome.error)
        else:
            text, error = self._read(outcome.data)
        return Answer(text, model=self.name, error=error, attempts=attempts, seconds=time.perf_counter() - started)

    async def find_name(self) -> str:
        return self.name

    async def score(self, prompt: str, continuations: Sequence[str]) -> Sequence[Scored]:
        error = CallError(Trouble.UNSUPPORTED, "an application gives no log-probabilities")
        return [Scored(error=error)] * len(continuations)

    def _read(self, data: bytes) -> tuple[str, CallError | None]:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return "", CallError(Trouble.MALFORMED, f"the answer is not JSON ({len(data):,} bytes)")
        for step in self._pointer:
            value = _inside(value, step)
        if not isinstance(value, str):
            return "", CallError(Trouble.MALFORMED, f"there is no text at /{'/'.join(self._pointer)} of the answer")
        return value, None


def _template(ask: str) -> Any:
    advice = f"For example: {ASK}"
    try:
        value = json.loads(ask)
    except (ValueError, RecursionError) as fault:
        raise BadInput(f"what to send is not JSON: {fault}", where="ask", advice=advice) from None
    if not isinstance(value, dict) or ("{prompt}" not in ask and "{messages}" not in ask):
        raise BadInput("what to send is an object with {prompt} or {messages} in it", where="ask", advice=advice)
    return value


def _pointer(reply: str) -> list[str]:
    if not reply.startswith("/"):
        raise BadInput(f"{reply!r} is not a JSON Pointer", where="reply", advice="For example: /choices/0/text")
    return [step.replace("~1", "/").replace("~0", "~") for step in reply[1:].split("/")]


def _filled(value: Any, prompt: str, messages: list[dict[str, Any]]) -> Any:
    if isinstance(value, str):
        return messages if value == "{messages}" else value.replace("{prompt}", prompt)
    if isinstance(value, list):
        return [_filled(one, prompt, messages) for one in value]
    if isinstance(value, dict):
        return {name: _filled(one, prompt, messages) for name, one in value.items()}
    return value


def _inside(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    return None
