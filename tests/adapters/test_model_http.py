"""Calls to a real server on the loopback interface, good and broken: an answer or a named error, never a traceback."""

import asyncio
import gzip
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from haipkit.adapters import model_http
from haipkit.adapters.model_http import Endpoint as Address
from haipkit.adapters.model_http import HttpModel, Limits, base_of
from haipkit.kernel.errors import BadConfig, BadInput, UsageError
from haipkit.kernel.outside import Answer, AsyncModel, ScoringModel, Trouble
from helpers.endpoints import Asked, Endpoint, chat, reply, serving

pytestmark = pytest.mark.network

HELLO = [{"role": "user", "content": "hello"}]
QUICK = Limits(seconds=5, attempts=1)
KEY = "sk-not-a-real-key-1234567890"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_http, "_FIRST_PAUSE", 0.01)


def talk(
    serve: Callable[[Asked, int], Any],
    ask: Callable[[HttpModel], Awaitable[Any]] | None = None,
    *,
    limits: Limits = QUICK,
    tls: ssl.SSLContext | None = None,
    **address: str,
) -> tuple[Any, Endpoint]:
    """Serve, ask one thing, and give back what came and what the server saw."""

    async def run() -> tuple[Any, Endpoint]:
        async with (
            serving(serve, tls=tls) as endpoint,
            HttpModel(Address(endpoint.url, **({"model": "echo"} | address)), limits) as model,
        ):
            return await (ask(model) if ask else model.answer(HELLO)), endpoint

    return asyncio.run(run())


def hello(_: Asked, __: int) -> bytes:
    return reply(chat("Hello."))


def test_a_chat_is_answered() -> None:
    answer, endpoint = talk(hello, lambda model: model.answer(HELLO, temperature=0, max_tokens=9))
    assert (answer.text, answer.finish, answer.model, answer.error) == ("Hello.", "stop", "echo-1", None)
    assert (answer.prompt_tokens, answer.completion_tokens, answer.attempts) == (3, 2, 1)
    request = endpoint.asked[0]
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.body == {"model": "echo", "messages": HELLO, "temperature": 0, "max_tokens": 9}
    assert "authorization" not in request.headers


def test_a_text_is_continued() -> None:
    served = reply({"choices": [{"text": " world", "finish_reason": "length"}]})
    answer, endpoint = talk(lambda *_: served, lambda model: model.answer("hello", max_tokens=1))
    assert (answer.text, answer.finish, answer.prompt_tokens) == (" world", "length", None)
    assert endpoint.asked[0].path == "/v1/completions"
    assert endpoint.asked[0].body["prompt"] == "hello"


def test_it_is_what_the_kernel_describes() -> None:
    model = HttpModel(Address("http://127.0.0.1:1"))
    assert isinstance(model, AsyncModel)
    assert isinstance(model, ScoringModel)
    asyncio.run(model.close())


def test_connections_are_reused_and_bounded() -> None:
    async def slow(_: Asked, __: int) -> bytes:
        await asyncio.sleep(0.01)
        return reply(chat("x"))

    async def ask(model: HttpModel) -> list[Answer]:
        return await asyncio.gather(*(model.answer(HELLO) for _ in range(40)))

    answers, endpoint = talk(slow, ask, limits=Limits(connections=8, attempts=1))
    assert {answer.text for answer in answers} == {"x"}
    assert endpoint.most_at_once <= 8
    assert endpoint.connections <= 8
    assert len(endpoint.asked) == 40


GZIPPED = reply(gzip.compress(b'{"choices":[{"message":{"content":"packed"}}]}'), Content_Encoding="gzip")
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'16\r\n{"choices":[{"message"\r\n18\r\n:{"content":"in pieces"}\r\n3\r\n}]}\r\n0\r\n\r\n'
)


@pytest.mark.parametrize(
    ("served", "text"),
    [
        (GZIPPED, "packed"),
        (CHUNKED, "in pieces"),
        (reply({"choices": [{"message": {"content": "plain"}}]}, kind="text/plain"), "plain"),
        (reply({"choices": [{"message": {"content": None, "refusal": "I will not."}}]}), "I will not."),
        (reply({"choices": [{"message": {"content": [{"type": "text", "text": "part"}]}}]}), "part"),
        (reply({"choices": [{"message": {"content": None}}]}), ""),
    ],
)
def test_bodies_of_every_form(served: bytes, text: str) -> None:
    answer, _ = talk(lambda *_: served)
    assert (answer.error, answer.text) == (None, text)


def test_tool_calls() -> None:
    calls = [
        {"id": "a", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}},
        {"id": "b", "function": {"name": "stop", "arguments": {"now": True}}},
        "nonsense",
    ]
    served = chat("") | {
        "choices": [{"message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}]
    }
    answer, endpoint = talk(lambda *_: reply(served), lambda model: model.answer(HELLO, tools=[{"type": "function"}]))
    assert [(call.id, call.name, call.arguments) for call in answer.tool_calls] == [
        ("a", "look", '{"at": 1}'),
        ("b", "stop", '{"now": true}'),
    ]
    assert (answer.text, answer.finish) == ("", "tool_calls")
    assert endpoint.asked[0].body["tools"] == [{"type": "function"}]


# Streams

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENTS = (
    b': a comment\n\ndata: {"model":"echo-1","choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
    b'data: {"choices":[{"delta":{"content":"Gr\xc3\xbc"}}]}\r\n\r\n'
    b'data: {"choices":[{"delta":{"content":"\xc3\x9fe"}}]}\n\n'
    b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]}}]}\n\n'
    b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}}]}\n\n'
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\ndata: [DONE]\n\n'
)


def chunks(data: bytes, size: int) -> bytes:
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


def stream(model: HttpModel) -> Awaitable[Answer]:
    return model.answer(HELLO, stream=True)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_stream_is_put_together_whatever_its_pieces(size: int) -> None:
    answer, _ = talk(lambda *_: STREAM_HEAD + chunks(EVENTS, size) + b"0\r\n\r\n", stream)
    assert (answer.text, answer.finish, answer.model, answer.error) == ("Grüße", "stop", "echo-1", None)
    assert (answer.prompt_tokens, answer.completion_tokens) == (1, 2)
    assert [(call.id, call.name, call.arguments) for call in answer.tool_calls] == [("a", "f", "{}")]


@pytest.mark.parametrize(
    ("served", "trouble", "text"),
    [
        (b"CLOSE" + STREAM_HEAD + chunks(EVENTS[:150], 50), Trouble.CONNECTION, "Grü"),
        (STREAM_HEAD + chunks(EVENTS[:150], 50) + b"0\r\n\r\n", Trouble.CONNECTION, "Grü"),
        (STREAM_HEAD + chunks(b"data: {oops\n\ndata: [DONE]\n\n", 50) + b"0\r\n\r\n", Trouble.MALFORMED, ""),
        (STREAM_HEAD + chunks(b'data: {"error":{"message":"worn out"}}\n\n', 50) + b"0\r\n\r\n", Trouble.SERVER, ""),
        (STREAM_HEAD + chunks(b"data: " + b"x" * 9000, 999) + b"0\r\n\r\n", Trouble.TOO_LARGE, ""),
    ],
    ids=["hung up", "no end", "no JSON", "an error inside", "no end of it"],
)
def test_a_broken_stream_is_an_error_that_keeps_what_came(served: bytes, trouble: Trouble, text: str) -> None:
    answer, _ = talk(lambda *_: served, stream, limits=Limits(attempts=1, answer_bytes=8000))
    assert answer.error is not None
    assert (answer.error.trouble, answer.text) == (trouble, text)


# What can go wrong


async def _never(*_: object) -> bytes:
    await asyncio.sleep(30)
    return b""


BOMB = reply(gzip.compress(b" " * 5_000_000), Content_Encoding="gzip")
BROKEN: dict[str, tuple[Any, Trouble]] = {
    "hangs up": (lambda *_: None, Trouble.CONNECTION),
    "half a body": (lambda *_: b"CLOSE" + reply(chat("x"))[:-9], Trouble.CONNECTION),
    "half a chunk": (lambda *_: b"CLOSE" + CHUNKED[:-30], Trouble.CONNECTION),
    "a chunk size that is none": (lambda *_: b"CLOSE" + CHUNKED.replace(b"16\r\n", b"zz\r\n"), Trouble.MALFORMED),
    "no HTTP": (lambda *_: b"CLOSE" + b"SSH-2.0-nothing\r\n\r\n", Trouble.MALFORMED),
    "no JSON": (lambda *_: reply(b'{"choices": ['), Trouble.MALFORMED),
    "a web page": (lambda *_: reply(b"<html>Sign in</html>", kind="text/html"), Trouble.MALFORMED),
    "a list": (lambda *_: reply([1]), Trouble.MALFORMED),
    "no choice": (lambda *_: reply({"choices": []}), Trouble.MALFORMED),
    "choices that are none": (lambda *_: reply({"choices": {"0": 1}}), Trouble.MALFORMED),
    "a choice without text": (lambda *_: reply({"choices": [{"index": 0}]}), Trouble.MALFORMED),
    "nested too deep": (lambda *_: reply(b"[" * 200_000), Trouble.MALFORMED),
    "empty": (lambda *_: reply(b""), Trouble.MALFORMED),
    "not UTF-8": (lambda *_: reply(b'{"choices":"\xff\xfe"}'), Trouble.MALFORMED),
    "gzip that is none": (lambda *_: reply(b"plain", Content_Encoding="gzip"), Trouble.CONNECTION),
    "an error with status 200": (lambda *_: reply({"error": {"message": "no GPU"}}), Trouble.SERVER),
    "huge, announced": (
        lambda *_: b"CLOSE" + b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx",
        Trouble.TOO_LARGE,
    ),
    "huge, packed": (lambda *_: BOMB, Trouble.TOO_LARGE),
    "a redirect": (lambda *_: reply(b"", status="307 Moved", Location="http://other.example/"), Trouble.REFUSED),
    "bad request": (lambda *_: reply({"error": {"message": "no such field"}}, status="400 No"), Trouble.REFUSED),
    "no such model": (lambda *_: reply({"error": "gone"}, status="404 No"), Trouble.UNSUPPORTED),
    "wrong key": (lambda *_: reply({"error": {"message": f"bad key {KEY}"}}, status="401 No"), Trouble.NOT_ALLOWED),
    "out of money": (
        lambda *_: reply({"error": {"message": "pay", "code": "insufficient_quota"}}, status="429 No"),
        Trouble.NOT_ALLOWED,
    ),
    "worn out": (lambda *_: reply(b"oops", status="500 Oops", kind="text/plain"), Trouble.SERVER),
    "an error page": (lambda *_: reply(b"<h1>" + b"x" * 900_000, status="502 Bad"), Trouble.SERVER),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_endpoint_is_a_named_error(case: str) -> None:
    served, trouble = BROKEN[case]
    answer, _ = talk(served, limits=Limits(seconds=5, attempts=1, answer_bytes=1_000_000))
    assert answer.error is not None
    assert answer.error.trouble is trouble, answer.error
    assert answer.error.detail
    assert KEY not in answer.error.detail


def test_one_that_never_answers_is_left_after_its_time() -> None:
    answer, _ = talk(_never, limits=Limits(seconds=0.1, attempts=1))
    assert answer.error is not None
    assert answer.error.trouble is Trouble.TIMEOUT


def test_nobody_there() -> None:
    async def ask() -> Answer:
        async with serving(hello) as endpoint:
            url = endpoint.url
        async with HttpModel(Address(url, "echo"), QUICK) as model:
            return await model.answer(HELLO)

    answer = asyncio.run(ask())
    assert answer.error is not None
    assert answer.error.trouble is Trouble.CONNECTION


# Asking again


@pytest.mark.parametrize(
    "refusal",
    [
        reply(b"", status="503 Busy"),
        reply({"error": {"message": "slow down"}}, status="429 Slow", Retry_After="0.05"),
        reply(b"", status="429 Slow", retry_after_ms="20"),
        reply(
            b"", status="429 Slow", Retry_After="Fri, 20 Nov 2026 10:00:00 GMT", Date="Fri, 20 Nov 2026 10:00:00 GMT"
        ),
        None,
    ],
    ids=["503", "seconds", "milliseconds", "date", "hang-up"],
)
def test_what_may_go_well_later_is_asked_again(refusal: bytes | None) -> None:
    answer, endpoint = talk(lambda _, number: refusal if number < 3 else reply(chat("now")), limits=Limits(attempts=4))
    assert (answer.text, answer.error, answer.attempts) == ("now", None, 3)
    assert len(endpoint.asked) == 3


def test_what_cannot_go_well_is_asked_once() -> None:
    answer, endpoint = talk(lambda *_: reply(b"", status="400 No"), limits=Limits(attempts=4))
    assert (answer.attempts, len(endpoint.asked)) == (1, 1)


def test_it_gives_up_in_the_end() -> None:
    answer, endpoint = talk(lambda *_: reply(b"", status="503 Busy"), limits=Limits(attempts=3))
    assert answer.error is not None
    assert (answer.error.status, answer.attempts, len(endpoint.asked)) == (503, 3, 3)


def test_a_pause_that_is_too_long_is_reported_instead() -> None:
    busy = reply(b"", status="429 Slow", Retry_After="3600")
    answer, endpoint = talk(lambda *_: busy, limits=Limits(attempts=4))
    assert answer.error is not None
    assert (answer.error.retry_after, len(endpoint.asked)) == (3600, 1)


def test_a_pause_asked_of_one_call_is_kept_by_all(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        slept.append(seconds)
        await sleep(min(seconds, 0.2))

    async def ask(model: HttpModel) -> list[Answer]:
        first = asyncio.ensure_future(model.answer(HELLO))
        while not slept:
            await sleep(0.005)
        return [await model.answer(HELLO), await first]

    def busy_once(_: Asked, number: int) -> bytes:
        return reply(b"", status="429 Slow", Retry_After="0.2") if number == 1 else reply(chat("x"))

    monkeypatch.setattr("haipkit.adapters.model_http.asyncio.sleep", note)
    answers, _ = talk(busy_once, ask, limits=Limits(attempts=4))
    assert [answer.text for answer in answers] == ["x", "x"]
    assert len(slept) >= 2
    assert slept[0] >= 0.2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "-7"}, 0.0),
        ({"Retry-After": "Fri, 20 Nov 2026 10:00:30 GMT"}, 30.0),
        ({"Retry-After": "Fri, 20 Nov 2026 10:00:30 GMT", "Date": "Fri, 20 Nov 2026 10:00:10 GMT"}, 20.0),
        ({"Retry-After": "Fri, 20 Nov 2020 10:00:30 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({}, None),
    ],
)
def test_a_pause_is_read(headers: dict[str, str], seconds: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAIP_NOW", "2026-11-20T10:00:00Z")
    assert model_http.retry_after(headers) == seconds


# Secrets


def test_the_key_goes_to_the_endpoint_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)
    echoing = reply({"error": {"message": f"what is {KEY}?"}}, status="400 No")
    caplog.set_level(0)
    answer, endpoint = talk(lambda *_: echoing, key_variable="SOME_KEY")
    assert endpoint.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(answer) + caplog.text
    assert "***" in repr(answer)
    model = HttpModel(Address("http://models.example/v1", key_variable="SOME_KEY"))
    assert KEY not in repr(model)
    assert model.shows_key
    assert not HttpModel(Address("https://models.example/v1", key_variable="SOME_KEY")).shows_key
    _, endpoint = talk(hello, key_variable="SOME_KEY", key_header="api-key")
    assert endpoint.asked[0].headers["api-key"] == KEY


def test_a_redirect_does_not_get_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)

    async def run() -> tuple[Answer, Endpoint]:
        async with serving(hello) as other:
            move = reply(b"", status="308 Moved", Location=f"{other.url}/chat/completions")
            async with (
                serving(lambda *_: move) as endpoint,
                HttpModel(Address(endpoint.url, "echo", "SOME_KEY"), QUICK) as model,
            ):
                return await model.answer(HELLO), other

    answer, other = asyncio.run(run())
    assert other.asked == []
    assert answer.error is not None
    assert "redirects to" in answer.error.detail


@pytest.mark.parametrize("value", [None, "", "  ", "a\nb", "schlüssel"])
def test_a_key_that_is_none(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if value is None:
        monkeypatch.delenv("SOME_KEY", raising=False)
    else:
        monkeypatch.setenv("SOME_KEY", value)
    with pytest.raises(BadConfig, match="SOME_KEY") as fault:
        HttpModel(Address("http://127.0.0.1:1/v1", key_variable="SOME_KEY"))
    assert "schlüssel" not in str(fault.value)


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    answer, _ = talk(hello)
    assert answer.error is None


# Addresses, TLS, log-probabilities


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1"),
        ("http://localhost:8000/", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1/", "http://localhost:8000/v1"),
        (" https://x.example/openai/v1/chat/completions ", "https://x.example/openai/v1"),
        ("https://x.example/v1/completions", "https://x.example/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_addresses(given: str, used: str) -> None:
    assert base_of(given) == used


@pytest.mark.parametrize(
    "given",
    [
        "",
        "localhost:8000",
        "ftp://x.example",
        "http://",
        "http://x:99999/v1",
        "http://[::1/v1",
        "https://x.example/v1?k=1",
    ],
)
def test_what_is_no_address(given: str) -> None:
    with pytest.raises(BadInput):
        base_of(given)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadInput) as fault:
        base_of("https://me:hunter2@x.example/v1")
    assert "hunter2" not in str(fault.value)


@pytest.mark.parametrize("options", [{"seed": float("nan")}, {"tools": [object()]}, {"stop": b"x"}])
def test_options_that_cannot_be_sent(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="cannot be sent"):
        talk(hello, lambda model: model.answer(HELLO, **options))


def test_tls(tmp_path: Path) -> None:
    context, ca_file = _certificate(tmp_path)
    answer, _ = talk(hello, tls=context, ca_file=str(ca_file))
    assert answer.text == "Hello."
    answer, _ = talk(hello, tls=context)
    assert answer.error is not None
    assert answer.error.trouble is Trouble.NOT_ALLOWED
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    with pytest.raises(BadConfig, match="certificates"):
        talk(hello, ca_file=str(empty))


def _certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    forms = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(*forms))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, secret)
    return context, certificate


def _scores(asked: Asked, _: int) -> bytes:
    """Each character a token, of the log-probability minus its code point; one more token at the end."""
    choices = []
    for index, text in enumerate(asked.body["prompt"]):
        tokens = [*text, "!"]
        logprobs = {
            "tokens": tokens,
            "token_logprobs": [None, *(-float(ord(token)) for token in tokens[1:])],
            "text_offset": list(range(len(tokens))),
        }
        choices.append({"index": index, "text": text + "!", "logprobs": logprobs})
    return reply({"choices": choices[::-1]})


def test_log_probabilities_of_continuations() -> None:
    scored, endpoint = talk(
        _scores, lambda model: model.score("ab", ["c", "de", "éx"]), limits=Limits(score_batch=2, attempts=1)
    )
    assert [one.logprobs for one in scored] == [(-99.0,), (-100.0, -101.0), (-233.0, -120.0)]
    assert [len(asked.body["prompt"]) for asked in endpoint.asked] == [2, 1]
    scored, _ = talk(_scores, lambda model: model.score("", ["abc"]))
    assert scored[0].logprobs == (-98.0, -99.0)


@pytest.mark.parametrize(
    ("served", "trouble"),
    [
        (reply({"choices": [{"index": 0, "text": "!", "logprobs": None}]}), Trouble.UNSUPPORTED),
        (reply({"choices": [{"index": 0, "text": "abc", "logprobs": {"content": []}}]}), Trouble.UNSUPPORTED),
        (reply({"choices": []}), Trouble.MALFORMED),
        (reply({"error": {"message": "no echo"}}, status="404 No"), Trouble.UNSUPPORTED),
        (reply(b"no"), Trouble.MALFORMED),
    ],
)
def test_one_that_gives_no_log_probabilities_says_so(served: bytes, trouble: Trouble) -> None:
    scored, _ = talk(lambda *_: served, lambda model: model.score("ab", ["c"]))
    assert scored[0].error is not None
    assert scored[0].error.trouble is trouble


def test_the_only_model_is_found() -> None:
    listed = reply({"data": [{"id": "codelet"}]})
    name, _ = talk(lambda *_: listed, lambda model: model.find_name(), model="")
    assert name == "codelet"
    assert talk(lambda *_: listed, lambda model: model.find_name())[0] == "echo"
    several = reply({"data": [{"id": "a"}, {"id": "b"}]})
    with pytest.raises(UsageError, match="serves 2 models"):
        talk(lambda *_: several, lambda model: model.find_name(), model="")
    with pytest.raises(UsageError, match="names no model"):
        talk(lambda *_: reply(b"?"), lambda model: model.find_name(), model="")
