"""What goes over the wire to an OpenAI-compatible endpoint, and how what comes back is read. Opens no connection.

Shapes follow the public API reference of `/v1/chat/completions` and `/v1/completions`, and what vLLM, Ollama and
llama.cpp send in their place. Whatever the bytes are, the outcome is an Answer, perhaps with an error in it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from haipkit.kernel.errors import BadInput
from haipkit.kernel.outside import Answer, CallError, Prompt, Scored, ToolCall, Trouble

CHAT, COMPLETIONS = "/chat/completions", "/completions"
DETAIL = 300
"""Characters of an endpoint's own words that an error repeats."""
_CODES = {
    400: Trouble.REFUSED,
    401: Trouble.NOT_ALLOWED,
    403: Trouble.NOT_ALLOWED,
    404: Trouble.UNSUPPORTED,
    405: Trouble.UNSUPPORTED,
    408: Trouble.TIMEOUT,
    429: Trouble.RATE_LIMIT,
    501: Trouble.UNSUPPORTED,
}
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_SPENT = ("insufficient_quota", "billing_not_active")


def request_of(model: str, prompt: Prompt, options: Mapping[str, Any]) -> tuple[str, bytes]:
    """Path and body of a call. Raises BadInput for messages or options that JSON cannot carry."""
    body: dict[str, Any] = {"model": model} if model else {}
    if isinstance(prompt, str):
        return COMPLETIONS, to_bytes({**body, "prompt": prompt, **options})
    return CHAT, to_bytes({**body, "messages": list(prompt), **options})


def to_bytes(body: Mapping[str, Any]) -> bytes:
    try:
        return _ENCODER.encode(body).encode("ascii")
    except (TypeError, ValueError, RecursionError) as fault:
        raise BadInput(f"this cannot be sent to a model: {fault}") from None


def read_answer(data: bytes, kind: str) -> Answer:
    """The answer in a whole (not streamed) body. `kind` is its Content-Type, for the words of an error."""
    value, error = _parsed(data, kind)
    if error is not None:
        return Answer(error=error)
    choice = _first(value.get("choices"))
    if choice is None:
        return Answer(error=_error_in(value) or CallError(Trouble.MALFORMED, "there is no choice in the answer"))
    message = choice.get("message")
    calls: tuple[ToolCall, ...] = ()
    if isinstance(message, dict):
        text = _text(message.get("content")) or _text(message.get("refusal"))
        calls = _tool_calls(message)
    else:
        text = _text(choice.get("text"))
        if not isinstance(choice.get("text"), str):
            return Answer(error=CallError(Trouble.MALFORMED, "the choice has neither a message nor a text"))
    sent, produced = _usage(value)
    return Answer(text, calls, _word(choice.get("finish_reason")), sent, produced, _word(value.get("model")))


def _parsed(data: bytes, kind: str) -> tuple[dict[str, Any], CallError | None]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        said = f"{_shortened(kind.partition(';')[0]) or 'no type'}, {len(data):,} bytes"
        return {}, CallError(Trouble.MALFORMED, f"the answer is not JSON ({said})")
    if not isinstance(value, dict):
        return {}, CallError(Trouble.MALFORMED, "the answer is not a JSON object")
    return value, None


def _first(choices: object) -> dict[str, Any] | None:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None


def _text(content: object) -> str:
    """Text as it stands, or the text parts of a list of parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _word(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""


def _tool_calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    calls = message.get("tool_calls")
    listed = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    if not listed and isinstance(message.get("function_call"), dict):
        listed = [{"function": message["function_call"]}]
    return tuple(
        ToolCall(_word(call.get("id")), _word(function.get("name")), _arguments(function.get("arguments")))
        for call in listed
        if isinstance(function := call.get("function"), dict)
    )


def _arguments(value: object) -> str:
    """Some servers send an object where the reference has its text."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _usage(value: Mapping[str, Any]) -> tuple[int | None, int | None]:
    usage = value.get("usage")
    if not isinstance(usage, dict):
        return None, None
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    sent, produced = (count if type(count) is int and count >= 0 else None for count in counts)
    return sent, produced


def _error_in(value: Mapping[str, Any]) -> CallError | None:
    """An error object that came with a status that promised none."""
    error = value.get("error")
    if error is None:
        return None
    message = error.get("message") if isinstance(error, dict) else error
    return CallError(Trouble.SERVER, _shortened(message) or "the endpoint reports an error")


def _shortened(message: object) -> str:
    """An endpoint's words on one line, without control characters, cut."""
    if not isinstance(message, str):
        return ""
    plain = "".join(letter if letter.isprintable() else " " for letter in message[: 4 * DETAIL])
    words = " ".join(plain.split())
    return words if len(words) <= DETAIL else words[: DETAIL - 1] + "…"


def refusal(status: int, data: bytes, *, location: str = "", retry_after: float | None = None) -> CallError:
    """The error that a status other than 200 stands for.

    What an endpoint says about a key is not repeated: some quote the key.
    """
    if 300 <= status < 400:
        where = f" to {_shortened(location)}" if location else ""
        return CallError(Trouble.REFUSED, f"it redirects{where}; redirects are not followed", status)
    trouble = _CODES.get(status, Trouble.SERVER if status >= 500 else Trouble.REFUSED)
    if trouble is Trouble.NOT_ALLOWED:
        return CallError(trouble, "the endpoint does not accept the key, or asks for one", status)
    said, code = _said(data)
    if trouble is Trouble.RATE_LIMIT and code in _SPENT:
        trouble, retry_after = Trouble.NOT_ALLOWED, None
    return CallError(trouble, said or f"status {status}", status, retry_after)


def _said(data: bytes) -> tuple[str, str]:
    """Message and code of an error body, in the shapes that servers use; empty when there are none."""
    value, fault = _parsed(data, "")
    if fault is not None:
        return "", ""
    error = value.get("error", value)
    if isinstance(error, str):
        return _shortened(error), ""
    if not isinstance(error, dict):
        return "", ""
    return _shortened(error.get("message") or error.get("detail")), _word(error.get("code") or error.get("type"))


class StreamReader:
    """Puts an answer together from server-sent events (WHATWG HTML, section 9.2), in pieces of any size."""

    def __init__(self) -> None:
        self._rest = b""
        self._texts: list[str] = []
        self._calls: dict[int, list[str]] = {}
        self._finish = ""
        self._model = ""
        self._usage: tuple[int | None, int | None] = (None, None)
        self._error: CallError | None = None
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Lines end with LF or CR LF. An event that holds no JSON, such as a comment, is passed over."""
        *lines, self._rest = (self._rest + data).split(b"\n") if b"\n" in data else [self._rest + data]
        for line in lines:
            self._line(line)

    def _line(self, line: bytes) -> None:
        if not line.startswith(b"data:"):
            return
        data = line[5:].strip()
        if data == b"[DONE]":
            self._ended = True
        elif data:
            value, fault = _parsed(data, "text/event-stream")
            self._error = self._error or fault or _error_in(value)
            if fault is None:
                self._event(value)

    def _event(self, value: Mapping[str, Any]) -> None:
        self._model = self._model or _word(value.get("model"))
        if value.get("usage") is not None:
            self._usage = _usage(value)
        choice = _first(value.get("choices"))
        if choice is None or choice.get("index", 0) != 0:
            return
        delta = choice.get("delta")
        if isinstance(delta, dict):
            self._texts.append(_text(delta.get("content")) or _text(delta.get("refusal")))
            self._add_calls(delta.get("tool_calls"))
        else:
            self._texts.append(_text(choice.get("text")))
        self._finish = _word(choice.get("finish_reason")) or self._finish

    def _add_calls(self, deltas: object) -> None:
        for place, delta in enumerate(deltas if isinstance(deltas, list) else ()):
            function = delta.get("function") if isinstance(delta, dict) else None
            if not isinstance(function, dict):
                continue
            at = delta.get("index", place)
            call = self._calls.setdefault(at if type(at) is int else place, ["", "", ""])
            call[0] = call[0] or _word(delta.get("id"))
            call[1] += _word(function.get("name"))
            call[2] += _arguments(function.get("arguments"))

    def answer(self) -> Answer:
        """What came. A stream that ended without saying why it ended was cut off: that is an error."""
        if self._rest.strip() == b"data: [DONE]":
            self._ended = True
        error = self._error
        if error is None and not (self._ended or self._finish):
            error = CallError(Trouble.CONNECTION, "the stream was cut off")
        calls = tuple(ToolCall(*call) for _, call in sorted(self._calls.items()))
        return Answer("".join(self._texts), calls, self._finish, *self._usage, self._model, error)


def score_request(model: str, prompt: str, continuations: Sequence[str], *, alternatives: int = 0) -> bytes:
    """One token is asked for and thrown away: some servers refuse to produce none. Others take 0 `alternatives`, which
    are costly, for no log-probabilities at all."""
    texts = [prompt + continuation for continuation in continuations]
    asked = {"prompt": texts, "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": alternatives}
    return to_bytes({"model": model, **asked} if model else asked)


def read_scores(data: bytes, kind: str, prompt: str, continuations: Sequence[str]) -> list[Scored]:
    """One result a continuation, in order."""
    value, error = _parsed(data, kind)
    error = error or _error_in(value)
    choices = value.get("choices")
    if error is None and (not isinstance(choices, list) or len(choices) != len(continuations)):
        error = CallError(Trouble.MALFORMED, f"{len(continuations)} texts were sent, and not as many came back")
    if error is not None:
        return [Scored(error=error)] * len(continuations)
    places = {choice.get("index"): choice for choice in choices or () if isinstance(choice, dict)}
    return [_scored(places.get(at), prompt, continuation) for at, continuation in enumerate(continuations)]


_NO_ECHO = CallError(Trouble.UNSUPPORTED, "it does not give log-probabilities of a text that it is given")


def _scored(choice: Mapping[str, Any] | None, prompt: str, continuation: str) -> Scored:
    logprobs = choice.get("logprobs") if choice is not None else None
    if choice is None or not isinstance(logprobs, dict) or continuation not in _text(choice.get("text")):
        return Scored(error=_NO_ECHO)
    values, tokens, offsets = (logprobs.get(name) for name in ("token_logprobs", "tokens", "text_offset"))
    if not isinstance(values, list) or not isinstance(tokens, list) or len(values) != len(tokens):
        return Scored(error=_NO_ECHO)
    if not isinstance(offsets, list) or len(offsets) != len(tokens) or not all(type(at) is int for at in offsets):
        offsets = [0]
        for token in tokens[:-1]:
            offsets.append(offsets[-1] + len(token if isinstance(token, str) else ""))
    first, end = len(prompt), len(prompt) + len(continuation)
    found = []
    for at, (start, value) in enumerate(zip(offsets, values, strict=True)):
        after = offsets[at + 1] if at + 1 < len(offsets) else end
        if start >= end or (start < first and after <= first):
            continue
        if isinstance(value, int | float) and value <= 1e-6:
            found.append(min(float(value), 0.0))
        elif not (value is None and at == 0):
            return Scored(error=CallError(Trouble.MALFORMED, "a log-probability is missing or above zero"))
    if not found and continuation:
        return Scored(error=_NO_ECHO)
    return Scored(tuple(found))
