"""A browser without a network: it speaks ASGI to the application, keeps cookies and says where a form comes from."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode

HOST = "127.0.0.1:8390"
BOUNDARY = "a-line-that-stands-in-no-file"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def words(self) -> str:
        """What a reader sees."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.text)).split())


@dataclass
class Browser:
    app: Any
    cookies: dict[str, str] = field(default_factory=dict)

    def enter(self) -> Answer:
        """Open the link that works once."""
        return self.get(f"/enter?code={self.app.state.desk.door.new_code()}")

    def get(self, address: str, **headers: str) -> Answer:
        return self._send("GET", address, b"", headers)

    def post(self, address: str, values: Mapping[str, str | Sequence[str]] | None = None, **headers: str) -> Answer:
        """A form, sent as one of our own pages would send it."""
        kind = {"content-type": "application/x-www-form-urlencoded", "sec_fetch_site": "same-origin"}
        return self._send("POST", address, urlencode(values or {}, doseq=True).encode(), kind | headers)

    def upload(self, address: str, values: Mapping[str, str], name: str, content: bytes) -> Answer:
        parts = [
            f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}'.encode() for key, value in values.items()
        ]
        head = f'Content-Disposition: form-data; name="files"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'
        parts.append(head.encode() + content)
        body = (
            b"".join(f"--{BOUNDARY}\r\n".encode() + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()
        )
        headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", "sec_fetch_site": "same-origin"}
        return self._send("POST", address, body, headers)

    def _send(self, method: str, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        path, _, query = address.partition("?")
        named = {"host": HOST} | {name.replace("_", "-"): value for name, value in headers.items() if value}
        if method == "POST":
            named.setdefault("content-length", str(len(body)))
        if self.cookies:
            named["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8390),
        }
        answer = asyncio.run(_exchange(self.app, scope, body))
        for line in answer.headers.get("set-cookie", "").split("\n"):
            name, _, value = line.partition(";")[0].partition("=")
            if name:
                self.cookies[name] = value
        return answer


async def _exchange(app: Any, scope: dict[str, Any], body: bytes) -> Answer:
    sent: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
    got: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return sent.pop(0) if sent else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        got.append(message)

    await app(scope, receive, send)
    headers: dict[str, str] = {}
    for name, value in got[0]["headers"]:
        headers[name.decode().lower()] = value.decode()
    return Answer(got[0]["status"], headers, b"".join(message.get("body", b"") for message in got[1:]))
