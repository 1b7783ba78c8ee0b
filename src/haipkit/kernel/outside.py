"""What the thinking parts may ask of the outside world: protocols and the values they carry, no implementation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

Prompt = str | Sequence[Mapping[str, Any]]
"""A text is continued as it stands; a sequence of {"role", "content"} messages is answered as a chat."""


@runtime_checkable
class Model(Protocol):
    """An AI system that answers. `messages` are {"role", "content"} mappings in order; returns the answer's text."""

    name: str

    def complete(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> str: ...


class Trouble(StrEnum):
    """Why a call brought no answer. `temporary` ones may go well if the same call is made again later."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    RATE_LIMIT = "rate-limit"
    SERVER = "server"
    REFUSED = "refused"
    NOT_ALLOWED = "not-allowed"
    UNSUPPORTED = "unsupported"
    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    FAILED = "failed"

    @property
    def temporary(self) -> bool:
        return self in (Trouble.TIMEOUT, Trouble.CONNECTION, Trouble.RATE_LIMIT, Trouble.SERVER)


@dataclass(frozen=True, slots=True)
class CallError:
    """A call that failed, as a value. `detail` never holds a secret or a header; `retry_after` is in seconds."""

    trouble: Trouble
    detail: str
    status: int | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the model wants called. `arguments` is the text it sent, which need not be valid JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from one call; with `error` set, what had come until then (nothing, or part of a stream).

    `finish` is the endpoint's own word (stop, length, tool_calls, content_filter …); token counts are as it reports,
    None when it does not; `model` is the name it reports, which need not be the name that was asked for. `attempts`
    counts the requests sent, `seconds` the time from the first request to the last byte, waits included.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    model: str = ""
    error: CallError | None = None
    attempts: int = 1
    seconds: float = 0.0


@runtime_checkable
class AsyncModel(Protocol):
    """A model that many calls can be made to at a time.

    `answer` does not raise for anything the model or the way to it does wrong: that is an Answer with `error`. It
    raises what the caller did wrong (HaipError), and cancellation. Options are the endpoint's own (temperature,
    max_tokens, seed, tools, stop, stream …). `close` may be called twice.
    """

    name: str

    async def answer(self, prompt: Prompt, **options: Any) -> Answer: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Scored:
    """Natural log-probabilities, one for each token of a continuation, in order; with `error` set, none."""

    logprobs: tuple[float, ...] = ()
    error: CallError | None = None


@runtime_checkable
class ScoringModel(Protocol):
    """A model that tells how likely given texts are. One result a continuation, in order.

    A token that straddles the end of the prompt counts to the continuation. With an empty prompt, a model that gives
    its first token no probability leaves that one out.
    """

    name: str

    async def score(self, prompt: str, continuations: Sequence[str]) -> Sequence[Scored]: ...


class LogSource(Protocol):
    """Read access to a log: entries are the exact leaf bytes, in order."""

    def size(self) -> int: ...
    def entries(self, start: int, stop: int) -> Iterator[bytes]: ...
    def checkpoint(self) -> bytes: ...


class BlobSource(Protocol):
    """Attachments by SHA-256 (lower-case hex)."""

    def has(self, sha256: str) -> bool: ...
    def read(self, sha256: str) -> bytes: ...
