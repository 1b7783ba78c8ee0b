"""The model behind the completions and chat endpoints: sampling, stop strings, log-probabilities, streaming.

A token is one byte. Log-probabilities are the model's own (temperature 1), whatever temperature draws the text, and the
first byte of a prompt has one too, because the model knows how texts begin.
"""

import codecs
import math
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from _serving import (
    ApiError,
    ApiServer,
    Json,
    read_flag,
    read_include_usage,
    read_messages,
    read_number,
    reply_head,
    usage,
)
from ngram import END, MAX_ORDER, SYMBOLS, Floats, NgramModel

MAX_TOKENS = 4096
_MAX_PROMPTS = 128
_MOST_LOGPROBS = 250_000
_MAX_SEED = 2**63 - 1
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "top_p": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "suffix": ("",),
    "logit_bias": ({},),
    "tools": ([],),
    "response_format": ({"type": "text"},),
}


@dataclass(frozen=True)
class Settings:
    """How to continue a text. `seed` makes the draw repeatable; `stops` end it and are not part of the answer."""

    max_tokens: int = 128
    temperature: float = 1.0
    seed: int | None = None
    stops: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Token:
    """One byte, its log-probability, and the likeliest symbols in its place (likeliest first, ties in byte order)."""

    symbol: int
    logprob: float
    best: tuple[tuple[int, float], ...] = ()


def token_text(symbol: int) -> str:
    """A byte as the API writes tokens: itself when it is a readable character, else `bytes:` and its hexadecimal."""
    if symbol == END:
        return "<|end|>"
    return chr(symbol) if 32 <= symbol < 127 or symbol in b"\t\n\r" else f"bytes:\\x{symbol:02x}"


def generate(
    model: NgramModel, prompt: bytes, settings: Settings, best: int = 0
) -> Iterator[tuple[list[Token], str | None]]:
    """Continue `prompt`. Yields tokens as soon as no stop string can take them back, and last the finish reason."""
    random = np.random.default_rng(settings.seed if settings.seed is not None else secrets.randbits(63))
    keep_back = max(map(len, settings.stops), default=1) - 1
    history = bytearray(prompt)
    waiting: list[Token] = []
    for _ in range(settings.max_tokens):
        probabilities = model.distribution(bytes(history[-MAX_ORDER:]))
        symbol = _draw(probabilities, settings.temperature, random)
        if symbol == END:
            yield waiting, "stop"
            return
        history.append(symbol)
        waiting.append(Token(symbol, math.log(probabilities[symbol]), _best(probabilities, best)))
        tail = bytes(token.symbol for token in waiting)
        ended = max((stop for stop in settings.stops if tail.endswith(stop)), key=len, default=None)
        if ended is not None:
            yield waiting[: -len(ended)], "stop"
            return
        ready = len(waiting) - keep_back
        if ready > 0:
            yield waiting[:ready], None
            waiting = waiting[ready:]
    yield waiting, "length"


def score_prompt(model: NgramModel, prompt: bytes, best: int) -> list[Token]:
    def alternatives(at: int) -> tuple[tuple[int, float], ...]:
        return _best(model.distribution(prompt[max(0, at - MAX_ORDER) : at]), best) if best else ()

    logprobs = model.score(prompt)
    return [Token(symbol, float(logprobs[at]), alternatives(at)) for at, symbol in enumerate(prompt)]


def _best(probabilities: Floats, count: int) -> tuple[tuple[int, float], ...]:
    order = np.argsort(-probabilities, kind="stable")[:count] if count else ()
    return tuple((int(symbol), math.log(probabilities[symbol])) for symbol in order)


def text_of(tokens: Iterable[Token]) -> str:
    return bytes(token.symbol for token in tokens).decode("utf-8", "replace")


class StandardLibraryModel:
    """The trained model as an in-process chat model: a `name` and `complete(messages)`."""

    def __init__(self, model: NgramModel) -> None:
        self.ngrams = model
        self.name = model.name

    def complete(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> str:
        """Answer a chat. Options as in the API: max_tokens, temperature, seed, stop."""
        body = {"messages": [dict(message) for message in messages], **options}
        settings = _settings(body, default_tokens=128)
        return text_of(_run(self.ngrams, _chat_prompt(body), settings, 0)[0])

    def answer(self, prompt: str | Sequence[Mapping[str, Any]], **options: Any) -> str:
        """Continue a text, or answer a chat."""
        if not isinstance(prompt, str):
            return self.complete(prompt, **options)
        settings = _settings(options, default_tokens=16)
        return text_of(_run(self.ngrams, _encode(prompt), settings, 0)[0])

    def score(self, prompt: str, continuations: Sequence[str]) -> list[list[float]]:
        """Log-probabilities of each byte of each continuation."""
        given = _encode(prompt)
        return [list(self.ngrams.score(given + _encode(one))[len(given) :]) for one in continuations]

    def server(self, *, host: str = "127.0.0.1", port: int = 0) -> ApiServer:
        routes = {"/v1/completions": self.answer_completion, "/v1/chat/completions": self.answer_chat}
        return ApiServer([self.name], routes, host=host, port=port)

    def answer_completion(self, body: Json) -> Json | Iterator[Json]:
        """`POST /v1/completions`."""
        prompts = _prompts(body)
        settings = _settings(body, default_tokens=16)
        echo = read_flag(body, "echo")
        shown = None if body.get("logprobs") is None else int(read_number(body, "logprobs", 0, 0, SYMBOLS, whole=True))
        _check_size(shown, sum(map(len, prompts)) * echo + len(prompts) * settings.max_tokens)
        head = reply_head("cmpl", "text_completion", self.name) | {"system_fingerprint": self._fingerprint}
        if read_flag(body, "stream"):
            return self._stream_completion(head, prompts, settings, echo, shown, read_include_usage(body))
        choices = []
        produced = 0
        for index, prompt in enumerate(prompts):
            tokens, reason = _run(self.ngrams, prompt, settings, shown or 0)
            produced += len(tokens)
            text = text_of(tokens)
            if echo:
                text = (prompt + bytes(token.symbol for token in tokens)).decode("utf-8", "replace")
                tokens = (score_prompt(self.ngrams, prompt, shown) if shown is not None else []) + tokens
            choices.append(_completion_choice(index, text, tokens, shown, reason, 0))
        return head | {"choices": choices, "usage": usage(sum(map(len, prompts)), produced)}

    def answer_chat(self, body: Json) -> Json | Iterator[Json]:
        """`POST /v1/chat/completions`: the messages become comment lines, and the model continues the last one."""
        prompt = _chat_prompt(body)
        settings = _settings(body, default_tokens=128)
        shown = int(read_number(body, "top_logprobs", 0, 0, SYMBOLS, whole=True))
        logprobs = read_flag(body, "logprobs")
        if shown and not logprobs:
            raise ApiError(400, "'top_logprobs' needs 'logprobs' to be true.", param="top_logprobs")
        _check_size(shown, settings.max_tokens)
        fingerprint = {"system_fingerprint": self._fingerprint}
        if read_flag(body, "stream"):
            head = reply_head("chatcmpl", "chat.completion.chunk", self.name) | fingerprint
            return self._stream_chat(head, prompt, settings, shown if logprobs else None, read_include_usage(body))
        tokens, reason = _run(self.ngrams, prompt, settings, shown)
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text_of(tokens), "refusal": None},
            "logprobs": _chat_logprobs(tokens) if logprobs else None,
            "finish_reason": reason,
        }
        head = reply_head("chatcmpl", "chat.completion", self.name) | fingerprint
        return head | {"choices": [choice], "usage": usage(len(prompt), len(tokens))}

    @property
    def _fingerprint(self) -> str:
        return f"manifest-{self.ngrams.manifest_digest[:16]}"

    def _stream_completion(
        self, head: Json, prompts: list[bytes], settings: Settings, echo: bool, shown: int | None, with_usage: bool
    ) -> Iterator[Json]:
        produced = 0
        for index, prompt in enumerate(prompts):
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            characters = 0
            if echo:
                tokens = score_prompt(self.ngrams, prompt, shown) if shown is not None else []
                text = decoder.decode(prompt)
                yield head | {"choices": [_completion_choice(index, text, tokens, shown, None, 0)]}
                characters = sum(map(_starts_character, prompt))
            for tokens, reason in generate(self.ngrams, prompt, settings, shown or 0):
                produced += len(tokens)
                text = decoder.decode(bytes(token.symbol for token in tokens), final=reason is not None)
                yield head | {"choices": [_completion_choice(index, text, tokens, shown, reason, characters)]}
                characters += sum(_starts_character(token.symbol) for token in tokens)
        if with_usage:
            yield head | {"choices": [], "usage": usage(sum(map(len, prompts)), produced)}

    def _stream_chat(
        self, head: Json, prompt: bytes, settings: Settings, shown: int | None, with_usage: bool
    ) -> Iterator[Json]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        produced = 0
        yield head | {"choices": [_chat_chunk({"role": "assistant", "content": ""})]}
        for tokens, reason in generate(self.ngrams, prompt, settings, shown or 0):
            produced += len(tokens)
            text = decoder.decode(bytes(token.symbol for token in tokens), final=reason is not None)
            logprobs = None if shown is None else _chat_logprobs(tokens)
            yield head | {"choices": [_chat_chunk({"content": text} if text else {}, reason, logprobs)]}
        if with_usage:
            yield head | {"choices": [], "usage": usage(len(prompt), produced)}


def _run(model: NgramModel, prompt: bytes, settings: Settings, best: int) -> tuple[list[Token], str]:
    pieces = list(generate(model, prompt, settings, best))
    return [token for piece, _ in pieces for token in piece], pieces[-1][1] or "length"


def _draw(probabilities: Floats, temperature: float, random: np.random.Generator) -> int:
    if temperature == 0:
        return int(probabilities.argmax())
    logs = np.log(probabilities)
    sums = np.exp((logs - logs.max()) / max(temperature, 1e-4)).cumsum()
    return min(int(np.searchsorted(sums, random.random() * sums[-1], side="right")), SYMBOLS - 1)


def _settings(body: Json, *, default_tokens: int) -> Settings:
    for name, neutral in _NEUTRAL.items():
        if body.get(name) is not None and body[name] not in neutral:
            raise ApiError(400, f"'{name}' is not supported here, except as {neutral[0]!r}.", param=name)
    newer = "max_completion_tokens" if body.get("max_completion_tokens") is not None else "max_tokens"
    seed = None if body.get("seed") is None else int(read_number(body, "seed", 0, 0, _MAX_SEED, whole=True))
    stops = body.get("stop") or []
    stops = [stops] if isinstance(stops, str) else stops
    if (
        not isinstance(stops, list)
        or len(stops) > 4
        or not all(isinstance(s, str) and 0 < len(s) <= 256 for s in stops)
    ):
        raise ApiError(400, "'stop' must be one to four strings of 1 to 256 characters.", param="stop")
    return Settings(
        max_tokens=int(read_number(body, newer, default_tokens, 0, MAX_TOKENS, whole=True)),
        temperature=read_number(body, "temperature", 1.0, 0, 2),
        seed=seed,
        stops=tuple(_encode(stop) for stop in stops),
    )


def _check_size(shown: int | None, tokens: int) -> None:
    if shown is not None and (shown + 1) * tokens > _MOST_LOGPROBS:
        raise ApiError(400, f"This asks for more than {_MOST_LOGPROBS:,} log-probabilities.", param="logprobs")


def _prompts(body: Json) -> list[bytes]:
    """One text, a list of texts, one list of byte numbers, or a list of such lists."""
    prompt = body.get("prompt", "")
    several = isinstance(prompt, list) and prompt and not isinstance(prompt[0], int)
    prompts = prompt if isinstance(prompt, list) and several else [prompt]
    if len(prompts) > _MAX_PROMPTS:
        raise ApiError(400, f"'prompt' may hold at most {_MAX_PROMPTS} prompts.", param="prompt")
    return [_encode(one) if isinstance(one, str) else _from_numbers(one) for one in prompts]


def _from_numbers(prompt: object) -> bytes:
    if isinstance(prompt, list) and all(type(symbol) is int and 0 <= symbol < SYMBOLS for symbol in prompt):
        return bytes(prompt)
    raise ApiError(400, "'prompt' must be text, or a list of byte values from 0 to 255.", param="prompt")


def _chat_prompt(body: Json) -> bytes:
    lines = []
    for message in read_messages(body):
        said = "\n#   ".join(message["content"].splitlines())
        lines.append(f"# {message['role']}: {said}\n")
    return _encode("".join(lines) + "# assistant:")


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _completion_choice(
    index: int, text: str, tokens: list[Token], shown: int | None, reason: str | None, characters: int
) -> Json:
    return {
        "index": index,
        "text": text,
        "logprobs": None if shown is None else _completion_logprobs(tokens, characters),
        "finish_reason": reason,
    }


def _starts_character(symbol: int) -> bool:
    """False for the later bytes of a UTF-8 character, which share its offset."""
    return symbol & 0xC0 != 0x80


def _completion_logprobs(tokens: list[Token], characters: int) -> Json:
    """`characters` is how many characters of the text came before these tokens."""
    offsets = []
    for token in tokens:
        characters += _starts_character(token.symbol)
        offsets.append(max(characters - 1, 0))
    return {
        "tokens": [token_text(token.symbol) for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [{token_text(symbol): value for symbol, value in token.best} for token in tokens],
        "text_offset": offsets,
    }


def _chat_logprobs(tokens: list[Token]) -> Json:
    return {
        "content": [
            _chat_logprob(token.symbol, token.logprob)
            | {"top_logprobs": [_chat_logprob(symbol, value) for symbol, value in token.best]}
            for token in tokens
        ],
        "refusal": None,
    }


def _chat_logprob(symbol: int, logprob: float) -> Json:
    return {"token": token_text(symbol), "logprob": logprob, "bytes": [symbol]}


def _chat_chunk(delta: Json, reason: str | None = None, logprobs: Json | None = None) -> Json:
    return {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": reason}
