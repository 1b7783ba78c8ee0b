"""Servers on the loopback interface that answer as they are told, broken ones too: bytes in, bytes out."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Asked:
    """One request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Endpoint:
    """A running server: its address, and what it was asked, in order."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0


def reply(body: bytes | object, *, status: str = "200 OK", kind: str = "application/json", **headers: str) -> bytes:
    """A whole HTTP reply. A body that is not bytes is written as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


def chat(text: str, **more: object) -> dict[str, object]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return {"object": "chat.completion", "model": "echo-1", "choices": [choice], "usage": usage} | more


@asynccontextmanager
async def serving(answer: Callable[[Asked, int], Any], *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Endpoint]:
    """Serve until the block ends. `answer(request, number)` gives the raw reply, or an awaitable of it; None hangs up.

    A reply that starts with b"CLOSE" is sent without it, and the connection is closed in the middle of things.
    """
    running = Endpoint()
    open_writers: set[asyncio.StreamWriter] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.connections += 1
        open_writers.add(writer)
        try:
            while (request := await _read(reader)) is not None:
                running.asked.append(request)
                running.at_once += 1
                running.most_at_once = max(running.most_at_once, running.at_once)
                data = answer(request, len(running.asked))
                data = await data if asyncio.iscoroutine(data) else data
                running.at_once -= 1
                if data is None:
                    break
                writer.write(data.removeprefix(b"CLOSE"))
                await writer.drain()
                if data.startswith(b"CLOSE"):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            open_writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    running.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield running
    finally:
        server.close()
        for writer in list(open_writers):
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = await reader.readline()
        if not line:
            return None
        head += line
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    data = await reader.readexactly(int(headers.get("content-length", "0")))
    method, path, _ = first.split(" ", 2)
    return Asked(method, path, headers, json.loads(data) if data else None)
