"""What a run of calls brought, kept the moment it arrives: one JSON line a call, each chained to the one before.

A line is written before its answer counts, so a killed process loses nothing that counted; the disk is asked to keep
what was written every half second and at the end. A line that was cut off by a crash is taken away when the journal is
opened again; any other damage is refused with its line.
"""

import fcntl
import json
import os
import threading
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from haipkit.kernel.errors import BadInput, CannotWrite
from haipkit.kernel.outside import Answer, CallError, ToolCall, Trouble

FORM = "call-journal/1"
_SYNC_SECONDS = 0.5
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Journal:
    """The answers of one run. `about` says which run it is (its plan and ordinal); `answers` holds what is kept.

    Raises BadInput when `path` is the journal of another run or was changed, CannotWrite when it is in use or the disk
    refuses.
    """

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self.path = path
        self.answers: dict[str, Answer] = {}
        self._chain = ""
        self._lines = 0
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._fault: OSError | None = None
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as fault:
            raise CannotWrite(f"the journal cannot be opened: {fault.strerror}", where=str(path)) from fault
        try:
            self._claim()
            self._replay(dict(about))
        except BaseException:
            os.close(self._file)
            raise
        self._syncer = threading.Thread(target=self._sync_often, name="journal", daemon=True)
        self._syncer.start()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    @property
    def head(self) -> str:
        """SHA-256 (hex) that the last line carries: it stands for every line before it."""
        return self._chain

    def keep(self, call: str, answer: Answer) -> None:
        """Write the answer of `call`. Raises CannotWrite; then the answer does not count."""
        self._write({"call": call, **_as_json(answer)})
        self.answers[call] = answer

    def close(self) -> None:
        """Have the disk keep everything. Raises CannotWrite. May be called twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._dirty.set()
        self._syncer.join()
        try:
            os.fsync(self._file)
        except OSError as fault:
            self._fault = self._fault or fault
        os.close(self._file)
        if self._fault is not None:
            raise CannotWrite(f"the disk did not keep the journal: {self._fault.strerror}", where=str(self.path))

    def _claim(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            raise CannotWrite(
                "this run is going on in another process", where=str(self.path), advice="Wait for it, or stop it first."
            ) from fault

    def _write(self, entry: dict[str, Any]) -> None:
        data = _ENCODER.encode(entry).encode("utf-8", "surrogatepass")
        chain = sha256(self._chain.encode() + data).hexdigest()
        line = chain.encode() + b" " + data + b"\n"
        try:
            done = os.write(self._file, line)
            if done < len(line):
                os.ftruncate(self._file, os.lseek(self._file, 0, os.SEEK_CUR) - done)
                os.lseek(self._file, 0, os.SEEK_END)
                raise OSError(28, "No space left on device")
        except OSError as fault:
            raise CannotWrite(f"the answer cannot be kept: {fault.strerror}", where=str(self.path)) from fault
        self._chain = chain
        self._lines += 1
        self._dirty.set()

    def _sync_often(self) -> None:
        while not self._closing.is_set():
            self._dirty.wait()
            if self._closing.wait(_SYNC_SECONDS):
                return
            self._dirty.clear()
            try:
                os.fsync(self._file)
            except OSError as fault:
                self._fault = self._fault or fault

    def _replay(self, about: dict[str, Any]) -> None:
        data = _read_all(self._file)
        whole = data.rfind(b"\n") + 1
        for number, line in enumerate(data[:whole].splitlines(keepends=True), 1):
            self._replay_line(number, line.removesuffix(b"\n"), about)
        if whole < len(data):
            os.ftruncate(self._file, whole)
        os.lseek(self._file, whole, os.SEEK_SET)
        if not self._lines:
            self._write({"form": FORM, **about})

    def _replay_line(self, number: int, line: bytes, about: dict[str, Any]) -> None:
        chain, _, body = line.partition(b" ")
        if chain.decode("latin-1") != sha256(self._chain.encode() + body).hexdigest():
            raise self._broken(number, "this line is not as it was written")
        try:
            entry = json.loads(body.decode("utf-8", "surrogatepass"))
            if number == 1:
                if entry != {"form": FORM, **about}:
                    raise BadInput("this is the journal of another run", where=str(self.path))
            else:
                self.answers[entry["call"]] = _from_json(entry)
        except (ValueError, KeyError, TypeError) as fault:
            raise self._broken(number, "this line is no answer") from fault
        self._chain = chain.decode()
        self._lines += 1

    def _broken(self, number: int, what: str) -> BadInput:
        return BadInput(
            what,
            where=f"{self.path}, line {number}",
            advice="Restore the file, or start a new run, which will count as one.",
        )


def _read_all(file: int) -> bytes:
    os.lseek(file, 0, os.SEEK_SET)
    pieces = []
    while piece := os.read(file, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def _as_json(answer: Answer) -> dict[str, Any]:
    """Only what is not the default."""
    entry: dict[str, Any] = {"text": answer.text}
    if answer.tool_calls:
        entry["tools"] = [[one.id, one.name, one.arguments] for one in answer.tool_calls]
    if answer.finish:
        entry["finish"] = answer.finish
    if answer.prompt_tokens is not None or answer.completion_tokens is not None:
        entry["tokens"] = [answer.prompt_tokens, answer.completion_tokens]
    if answer.model:
        entry["model"] = answer.model
    if answer.error is not None:
        error = answer.error
        entry["error"] = [error.trouble.value, error.detail, error.status, error.retry_after]
    entry["attempts"] = answer.attempts
    entry["seconds"] = round(answer.seconds, 4)
    return entry


def _from_json(entry: Mapping[str, Any]) -> Answer:
    prompt, completion = entry.get("tokens") or (None, None)
    error = entry.get("error")
    return Answer(
        text=entry["text"],
        tool_calls=tuple(ToolCall(*one) for one in entry.get("tools", ())),
        finish=entry.get("finish", ""),
        prompt_tokens=prompt,
        completion_tokens=completion,
        model=entry.get("model", ""),
        error=CallError(Trouble(error[0]), *error[1:]) if error else None,
        attempts=entry["attempts"],
        seconds=entry["seconds"],
    )
