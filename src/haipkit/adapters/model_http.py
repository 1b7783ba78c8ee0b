"""A model behind HTTP that speaks like the OpenAI API: vLLM, Ollama, llama.cpp, hosted services, agents of your own.

Connections are reused and bounded; each request has a time limit; what may go well later is asked again after the time
the endpoint names (RFC 9110, section 10.2.3) or after a growing pause with jitter. Redirects are not followed and no
proxy is taken from the environment: the key and the prompts go to the address that was named, or nowhere.
"""

import asyncio
import email.utils
import os
import secrets
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from haipkit.adapters.model_wire import (
    CHAT,
    COMPLETIONS,
    StreamReader,
    read_answer,
    read_scores,
    refusal,
    request_of,
    score_request,
)
from haipkit.kernel import clock
from haipkit.kernel.errors import BadConfig, BadInput, Unavailable, UsageError
from haipkit.kernel.outside import Answer, CallError, Prompt, Scored, Trouble

if TYPE_CHECKING:
    import aiohttp

_LOCAL = ("127.0.0.1", "::1", "localhost")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 20.0
_ERROR_BYTES = 64 << 10


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers. `url` is the base that `/chat/completions` is added to, such as http://localhost:8000/v1.

    `key_variable` names the environment variable that holds the API key; it goes into `key_header`. `ca_file` holds the
    certificates of a private authority (PEM).
    """

    url: str
    model: str = ""
    key_variable: str = ""
    key_header: str = "Authorization"
    ca_file: str = ""


@dataclass(frozen=True)
class Limits:
    """What calls may cost. `seconds` bounds one request from connecting to its last byte; `attempts` counts the
    requests of one call (1: whoever calls decides about another); `longest_wait` is the longest Retry-After waited for;
    `answer_bytes` is after unpacking; `score_batch` is how many texts go into one request for log-probabilities."""

    connections: int = 100
    seconds: float = 120.0
    connect_seconds: float = 10.0
    attempts: int = 4
    longest_wait: float = 60.0
    answer_bytes: int = 16 << 20
    score_batch: int = 32


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    kind: str
    data: bytes
    location: str = ""
    retry_after: float | None = None


class HttpModel:
    """An endpoint as an AsyncModel and a ScoringModel. Use it in one event loop, and close it there.

    Raises BadInput for an address that cannot be used and BadConfig for a key that is not there. Its errors, its `repr`
    and its answers never hold the key.
    """

    def __init__(self, endpoint: Endpoint, limits: Limits | None = None) -> None:
        self.base = base_of(endpoint.url)
        self.name = endpoint.model
        self._endpoint = endpoint
        self._limits = limits or Limits()
        self._key = _key_of(endpoint.key_variable)
        self._room = asyncio.Semaphore(self._limits.connections)
        self._session: aiohttp.ClientSession | None = None
        self._not_before = 0.0
        self._alternatives = 0

    def __repr__(self) -> str:
        return f"HttpModel({self.base!r}, model={self.name!r})"

    @property
    def shows_key(self) -> bool:
        """Whether the key crosses a network unencrypted."""
        parts = urlsplit(self.base)
        return bool(self._key) and parts.scheme == "http" and parts.hostname not in _LOCAL

    async def __aenter__(self) -> "HttpModel":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def answer(self, prompt: Prompt, **options: Any) -> Answer:
        """Ask once, and again while it may help. `stream=True` reads server-sent events; the answer is the same."""
        path, body = request_of(self.name, prompt, options)
        streams = bool(options.get("stream"))
        started = time.perf_counter()
        outcome, attempts = await self._persist(path, body, streams)
        answer = outcome if isinstance(outcome, Answer) else read_answer(outcome.data, outcome.kind)
        seconds = time.perf_counter() - started
        # Not `replace`: it costs as much as reading the answer.
        return Answer(
            answer.text,
            answer.tool_calls,
            answer.finish,
            answer.prompt_tokens,
            answer.completion_tokens,
            answer.model,
            self._without_key(answer.error),
            attempts,
            seconds,
        )

    async def _persist(self, path: str, body: bytes, streams: bool = False) -> "tuple[_Reply | Answer, int]":
        """A reply of status 200, or an Answer (of a stream, or an error), and the number of requests it took."""
        most = self._limits.attempts
        for attempt in range(1, most + 1):
            if most > 1:
                await self._wait_for_leave()
            outcome = await self._request("POST", path, body, streams)
            if isinstance(outcome, _Reply):
                if outcome.status == 200:
                    break
                outcome = Answer(error=_refused(outcome))
            error = outcome.error
            if error is None or not error.trouble.temporary or attempt == most:
                break
            pause = self._pause(attempt, error.retry_after)
            if pause is None:
                break
            await asyncio.sleep(pause)
        return outcome, attempt

    async def _wait_for_leave(self) -> None:
        """The endpoint asked for a pause in answer to another call: this one keeps it too."""
        while (left := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def _pause(self, attempt: int, asked: float | None) -> float | None:
        """Seconds until the next attempt; None when the endpoint asks for more than we wait."""
        jitter = secrets.randbelow(1000) / 1000
        if asked is None:
            longest: float = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1))
            return longest * (0.5 + jitter / 2)
        if asked > self._limits.longest_wait:
            return None
        self._not_before = max(self._not_before, time.monotonic() + asked)
        return asked + jitter * min(1.0, 0.1 + asked / 10)

    def _without_key(self, error: CallError | None) -> CallError | None:
        if error is None or not self._key or self._key not in error.detail:
            return error
        return replace(error, detail=error.detail.replace(self._key, "***"))

    async def _request(self, method: str, path: str, body: bytes | None, streams: bool = False) -> _Reply | Answer:
        """One request. An Answer is what a stream held, or an error on the way."""
        import aiohttp

        session = self._session or self._open()
        try:
            async with self._room, session.request(method, self.base + path, data=body, allow_redirects=False) as reply:
                kind = reply.headers.get("Content-Type", "")
                if streams and reply.status == 200 and kind.startswith("text/event-stream"):
                    return await self._read_stream(reply)
                most = self._limits.answer_bytes if reply.status == 200 else _ERROR_BYTES
                data = await _read_whole(reply, most)
                if data is None and reply.status == 200:
                    return _failed(Trouble.TOO_LARGE, f"the answer is larger than {most:,} bytes")
                if reply.status == 200:
                    return _Reply(200, kind, data or b"")
                location, wait = reply.headers.get("Location", ""), retry_after(reply.headers)
                return _Reply(reply.status, kind, data or b"", location, wait)
        except TimeoutError:
            return _failed(Trouble.TIMEOUT, f"no answer within {self._limits.seconds:g} seconds")
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as fault:
            return _failed(Trouble.NOT_ALLOWED, f"its TLS certificate is not accepted: {_reason(fault)}")
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError) as fault:
            return _failed(Trouble.CONNECTION, _reason(fault))
        except aiohttp.ClientError as fault:
            return _failed(Trouble.MALFORMED, f"what came is not HTTP as it should be: {_reason(fault)}")

    async def _read_stream(self, reply: "aiohttp.ClientResponse") -> Answer:
        import aiohttp

        reader, size = StreamReader(), 0
        try:
            async for piece in reply.content.iter_any():
                size += len(piece)
                if size > self._limits.answer_bytes:
                    error = CallError(
                        Trouble.TOO_LARGE, f"the answer is larger than {self._limits.answer_bytes:,} bytes"
                    )
                    return replace(reader.answer(), error=error)
                reader.feed(piece)
        except TimeoutError:
            error = CallError(Trouble.TIMEOUT, f"the stream did not end within {self._limits.seconds:g} seconds")
            return replace(reader.answer(), error=error)
        except (aiohttp.ClientError, ConnectionError) as fault:
            return replace(reader.answer(), error=CallError(Trouble.CONNECTION, _reason(fault)))
        return reader.answer()

    def _open(self) -> "aiohttp.ClientSession":
        import aiohttp

        limits = self._limits
        headers = {"Content-Type": "application/json", "User-Agent": "haipkit"}
        if self._key:
            plain = self._endpoint.key_header.lower() == "authorization"
            headers[self._endpoint.key_header] = f"Bearer {self._key}" if plain else self._key
        # The semaphore bounds connections: waiting for one in the pool would count against the time limit.
        connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=300, ssl=_trust(self._endpoint.ca_file))
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=limits.seconds, sock_connect=limits.connect_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        return self._session

    async def score(self, prompt: str, continuations: Sequence[str]) -> Sequence[Scored]:
        """Log-probabilities by `echo` of `/completions`: vLLM and others offer it, most hosted services do not."""
        size = self._limits.score_batch
        parts = [continuations[at : at + size] for at in range(0, len(continuations), size)]
        results = await asyncio.gather(*(self._score_part(prompt, part) for part in parts))
        return [scored for part in results for scored in part]

    async def _score_part(self, prompt: str, part: Sequence[str]) -> list[Scored]:
        alternatives = self._alternatives
        body = score_request(self.name, prompt, part, alternatives=alternatives)
        outcome, _ = await self._persist(COMPLETIONS, body)
        if isinstance(outcome, _Reply):
            scored = read_scores(outcome.data, outcome.kind, prompt, part)
            error = scored[0].error
            if alternatives or error is None or error.trouble is not Trouble.UNSUPPORTED:
                return scored
            self._alternatives = 1
            return await self._score_part(prompt, part)
        return [Scored(error=self._without_key(outcome.error))] * len(part)

    async def reach(self) -> None:
        """Raises Unavailable when nobody listens at the address. Sends nothing."""
        parts = urlsplit(self.base)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            _, writer = await asyncio.wait_for(
                asyncio.open_connection(parts.hostname, port), self._limits.connect_seconds
            )
        except (OSError, TimeoutError) as fault:
            raise Unavailable(
                f"the endpoint cannot be reached: {_reason(fault)}",
                where=self.base,
                advice="Start it, or check the address. Nothing was asked.",
            ) from fault
        writer.close()

    async def find_name(self) -> str:
        """The name of the one model the endpoint serves, which `name` is then set to; the given one if there is one.

        Raises UsageError when it serves several or does not say, Unavailable when it does not answer.
        """
        if self.name:
            return self.name
        outcome = await self._request("GET", "/models", None)
        if isinstance(outcome, Answer) and outcome.error is not None:
            detail = f"the endpoint does not answer: {outcome.error.detail}"
            raise Unavailable(detail, where=self.base, advice="Check the address, and that it runs.")
        names = _names_in(outcome.data) if isinstance(outcome, _Reply) and outcome.status == 200 else []
        if len(names) != 1:
            raise UsageError(
                f"the endpoint serves {len(names)} models" if names else "the endpoint names no model",
                where=self.base,
                advice=f"Say which one you mean: {', '.join(names[:8])}." if names else "Say which model you mean.",
            )
        self.name = names[0]
        return self.name


def base_of(url: str) -> str:
    """The address that paths are added to: without a trailing slash or a path of the API, with `/v1` if it had no path.

    Raises BadInput.
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        raise BadInput("this is not an address", where=url, advice="Write http://host:port/v1.") from None
    if parts.username or parts.password:
        raise BadInput(
            "an address with a password in it ends up in logs",
            where=f"{parts.scheme}://…@{parts.hostname}",
            advice="Name an environment variable that holds the key.",
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise BadInput("this is not the address of an endpoint", where=url, advice="Write http://host:port/v1.")
    path = parts.path.rstrip("/")
    for ending in (CHAT, COMPLETIONS):
        path = path.removesuffix(ending)
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks to wait, a number or an HTTP date; a date counts from the reply's own `Date`."""
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = float(text) if text else float(headers["retry-after-ms"]) / 1000
    except (KeyError, ValueError):
        seconds = _until(text, headers.get("Date", ""))
    return max(0.0, seconds) if seconds == seconds else None


def _until(text: str, sent: str) -> float:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return float("nan")
    try:
        since = email.utils.parsedate_to_datetime(sent)
    except (TypeError, ValueError):
        since = clock.now()
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - since.replace(tzinfo=since.tzinfo or UTC)).total_seconds()


def _key_of(variable: str) -> str:
    if not variable:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise BadConfig(
            "the key is not there", where=f"environment variable {variable}", advice="Set it and try again."
        )
    if not (key.isascii() and key.isprintable()):
        raise BadConfig("this cannot be a key", where=f"environment variable {variable}")
    return key


def _trust(ca_file: str) -> ssl.SSLContext | bool:
    if not ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as fault:
        raise BadConfig(f"holds no certificates: {fault}", where=ca_file) from None


async def _read_whole(reply: "aiohttp.ClientResponse", most: int) -> bytes | None:
    """The body, or None when it is larger than `most`: an announced size is not waited for, another is cut."""
    length = reply.content_length
    if length is not None and length > most:
        reply.close()
        return None
    if length is not None and "Content-Encoding" not in reply.headers:
        return await reply.read()
    pieces, size = [], 0
    async for piece in reply.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > most:
            reply.close()
            return None
    return b"".join(pieces)


def _refused(reply: _Reply) -> CallError:
    return refusal(reply.status, reply.data, location=reply.location, retry_after=reply.retry_after)


def _failed(trouble: Trouble, detail: str) -> Answer:
    return Answer(error=CallError(trouble, detail[:300]))


def _reason(fault: BaseException) -> str:
    return " ".join((str(fault) or type(fault).__name__).split())[:200]


def _names_in(data: bytes) -> list[str]:
    import json

    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return []
    listed = value.get("data") if isinstance(value, dict) else None
    entries = listed if isinstance(listed, list) else []
    names = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    return [name for name in names if isinstance(name, str)]
