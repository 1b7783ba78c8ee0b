"""Who may come in, and what the browser is told to refuse.

One person on their own machine: a link that works once becomes a session, which is an opaque text in a cookie. The
server keeps only its digest. Forms are taken only from our own pages, by what the browser says about their origin.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from haipkit.kernel.clock import now

COOKIE = "haip_session"
SESSION_SECONDS = 12 * 3600
MAX_BODY = 50_000_000
"""The largest form with its files, in bytes."""
_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Sent with every answer unless the answer says something of its own."""


class Door:
    """Links that work once, and the sessions they became. Forgotten when the process ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._links: set[str] = set()
        self._sessions: dict[str, float] = {}
        self.announce: Callable[[str], None] | None = None
        """Told of a new code when somebody stands at the door and no link is left."""

    def new_code(self) -> str:
        """A code for one entry; an earlier one that was not used stops working."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._links = {_digest(code)}
        return code

    def knock(self) -> None:
        """Somebody without a session is here: let the terminal show a new link if the last one was used."""
        if not self._links and self.announce is not None:
            self.announce(self.new_code())

    def enter(self, code: str) -> str | None:
        """The session for a code, or None. The code is spent."""
        with self._lock:
            digest = _digest(code)
            if digest not in self._links:
                return None
            self._links.discard(digest)
            session = secrets.token_urlsafe(32)
            self._sessions[_digest(session)] = now().timestamp() + SESSION_SECONDS
            return session

    def leave(self, session: str) -> None:
        with self._lock:
            self._sessions.pop(_digest(session), None)

    def knows(self, session: str | None) -> bool:
        if not session:
            return False
        until = self._sessions.get(_digest(session))
        return until is not None and now().timestamp() < until


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def host_is_ours(headers: Mapping[str, str]) -> bool:
    """False for a name that somebody else's DNS points at this machine."""
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname in _HOSTS
    except ValueError:
        return False


def comes_from_us(headers: Mapping[str, str]) -> bool:
    """Whether a form was sent by one of our own pages: by fetch metadata, else by Origin. Silence is a no."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin", "")
    return bool(origin) and origin == f"http://{headers.get('host', '')}"


def typed_by_hand(headers: Mapping[str, str]) -> bool:
    """Whether a link was opened by the person (not by another site, and not fetched in advance)."""
    if "prefetch" in headers.get("sec-purpose", "") + headers.get("purpose", ""):
        return False
    return headers.get("sec-fetch-site", "none") in ("none", "same-origin")
