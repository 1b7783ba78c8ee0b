"""A stand-in for a model: answers chat completions after a fixed time, from a process of its own.

`python -m benchmarks.endpoint MILLISECONDS [FORM [CERTIFICATE]]` prints its port. Parses only as much HTTP as clients
send here. FORM is how it answers: plain, chunked, gzip or stream; with a certificate (PEM with its key), over TLS.
"""

import asyncio
import contextlib
import gzip
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ANSWER = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "stand-in",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "I can’t help with that."},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19},
    }
).encode()
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def _whole(body: bytes, more: bytes = b"") -> bytes:
    return b"%b%bContent-Length: %d\r\n\r\n%b" % (_HEAD, more, len(body), body)


def _chunked(head: bytes, pieces: list[bytes]) -> bytes:
    parts = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return b"%bTransfer-Encoding: chunked\r\n\r\n%b0\r\n\r\n" % (head, parts)


def _events() -> list[bytes]:
    """The answer word by word, as server-sent events."""
    words = ("I ", "can’t ", "help ", "with ", "that.")
    deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant"}, None)]
    deltas += [*(({"content": word}, None) for word in words), ({}, "stop")]
    events = []
    for delta, finish in deltas:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "stand-in", "choices": [choice]}
        events.append(b"data: %b\n\n" % json.dumps(chunk).encode())
    return [*events, b"data: [DONE]\n\n"]


REPLIES = {
    "plain": _whole(ANSWER),
    "chunked": _chunked(_HEAD, [ANSWER[start : start + 90] for start in range(0, len(ANSWER), 90)]),
    "gzip": _whole(gzip.compress(ANSWER, mtime=0), b"Content-Encoding: gzip\r\n"),
    "stream": _chunked(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", _events()),
}


class _Connection(asyncio.Protocol):
    def __init__(self, delay: float, reply: bytes) -> None:
        self._delay, self._reply, self._data = delay, reply, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._data) < end + 4 + size:
                return
            self._data = self._data[end + 4 + size :]
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, self._reply)  # type: ignore[attr-defined]


async def _serve(delay: float, form: str, certificate: str) -> None:
    secure = None
    if certificate:
        secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        secure.load_cert_chain(certificate)
    make = asyncio.get_running_loop().create_server
    server = await make(lambda: _Connection(delay, REPLIES[form]), "127.0.0.1", 0, backlog=1024, ssl=secure)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextlib.contextmanager
def endpoint(milliseconds: int = 20, form: str = "plain", certificate: str = "") -> Iterator[str]:
    """The base address of a stand-in that runs until the block ends."""
    command = [sys.executable, "-m", "benchmarks.endpoint", str(milliseconds), form, certificate]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        try:
            scheme = "https" if certificate else "http"
            yield f"{scheme}://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        delay, form, pem = (*sys.argv[1:], *("", "plain", "")[len(sys.argv) - 1 :])
        asyncio.run(_serve(int(delay) / 1000, form, pem))
