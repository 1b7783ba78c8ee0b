"""The two ends of C2SP tlog-witness over HTTP: a small server for `POST …/add-checkpoint`, and the call to one.

Knows nothing of heads and proofs: bytes come in, somebody else decides, bytes go out.
"""

import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from haipkit.kernel.errors import BadInput, Busy, HaipError, NotFound

PATH = "/add-checkpoint"
MAX_BODY = 1_000_000
SECONDS = 30.0


class Reply(NamedTuple):
    """An HTTP status, a body and its media type."""

    status: int
    body: bytes
    media_type: str = "text/plain; charset=utf-8"


class WitnessServer(ThreadingHTTPServer):
    """Answers `add-checkpoint` requests with what `decide` says of their bodies."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, host: str, port: int, decide: Callable[[bytes], Reply]) -> None:
        self.decide = decide
        try:
            super().__init__((host, port), _Handler)
        except OSError as fault:
            raise Busy(
                f"nobody can listen there: {fault.strerror}", where=f"{host}:{port}", advice="Choose another --port."
            ) from fault

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    timeout = SECONDS
    server_version, sys_version = "haip-witness", ""
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        if urlsplit(self.path).path.rstrip("/") != PATH:
            self._answer(Reply(HTTPStatus.NOT_FOUND, b"a witness answers at add-checkpoint alone\n"))
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or len(length) > 9:
            self._answer(Reply(HTTPStatus.LENGTH_REQUIRED, b"the length of the request is missing\n"))
        elif int(length) > MAX_BODY:
            self._answer(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"the request is too long\n"))
        else:
            body = self.rfile.read(int(length))
            try:
                self._answer(self.server.decide(body))
            except HaipError:
                self._answer(Reply(HTTPStatus.INTERNAL_SERVER_ERROR, b"this witness cannot sign just now\n"))

    def do_GET(self) -> None:
        self._answer(Reply(HTTPStatus.METHOD_NOT_ALLOWED, b"a witness takes POST requests to add-checkpoint\n"))

    do_HEAD = do_PUT = do_DELETE = do_GET

    def _answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.media_type)
        self.send_header("Content-Length", str(len(reply.body)))
        if reply.status >= HTTPStatus.BAD_REQUEST:
            # What is left of a refused request would be read as the next one.
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def log_message(self, *_: Any) -> None:
        """Nothing about callers is kept."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A witness is the one that was named, not another one that it names."""

    def redirect_request(self, *_: Any) -> None:
        return None


def ask_witness(url: str, request: bytes, *, seconds: float = SECONDS) -> Reply:
    """POST `request` to the witness at `url` (its prefix, without `/add-checkpoint`).

    Raises BadInput for what is no http address, NotFound when nobody answers there.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"{url[:80]!r} is not the address of a witness", advice="Write https://witness.example.org.")
    call = urllib.request.Request(  # noqa: S310 - the scheme was just checked
        f"{url.rstrip('/')}{PATH}", data=request, headers={"Content-Type": "text/plain; charset=utf-8"}, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(call, timeout=seconds) as answer:
            return Reply(answer.status, answer.read(MAX_BODY + 1))
    except urllib.error.HTTPError as fault:
        with fault:
            return Reply(fault.code, fault.read(MAX_BODY))
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "reason", fault)
        raise NotFound(
            f"the witness does not answer: {reason}", where=url, advice="Is it running? Try later."
        ) from fault
