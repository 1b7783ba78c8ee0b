"""What all pages stand on: the workspace, and what follows from its records, worked out once per size and day."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from haipkit.kernel.clock import today
from haipkit.kernel.errors import HaipError
from haipkit.web.security import Door
from haipkit.workspace.ask import Shelf, read_shelf, steps
from haipkit.workspace.open import Workspace, open_workspace

if TYPE_CHECKING:
    from haipkit.assessment.finding import Assessment, Step
    from haipkit.ledger.verify import Verdict
    from haipkit.records.record import Record
    from haipkit.reports.document import Document


@dataclass(frozen=True)
class View:
    """The state of everything at one ledger size and day."""

    size: int
    day: date
    shelf: Shelf
    found: "Assessment"
    steps: "tuple[Step, ...]"
    by_kind: "Mapping[str, Sequence[Record]]"
    by_index: "Mapping[int, Record]"

    def of_kind(self, kind: str) -> "Sequence[Record]":
        return self.by_kind.get(kind, ())


@dataclass
class Check:
    """One run over the whole ledger, in a thread of its own."""

    total: int
    done: int = 0
    verdict: "Verdict | None" = None
    fault: HaipError | None = None
    ended: threading.Event = field(default_factory=threading.Event)


class Desk:
    """One open workspace for all requests. Reading is cached; writing goes through `workspace.do` as everywhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace: Workspace = open_workspace(folder)
        self.workspace.log.size()
        self.door = Door()
        self.check: Check | None = None
        self._lock = threading.RLock()
        self._view: View | None = None
        self._told: dict[tuple[str, int, date], Document] = {}

    def view(self) -> View:
        with self._lock:
            size, day = self.workspace.log.size(), today()
            if self._view is None or (self._view.size, self._view.day) != (size, day):
                self._view = self._look(size, day)
            return self._view

    def _look(self, size: int, day: date) -> View:
        from haipkit.assessment.engine import assess

        shelf = read_shelf(self.workspace, day)
        found = assess(self.workspace.conduct, shelf.records, day, roles=self.workspace.config.roles)
        by_kind: dict[str, list[Record]] = {}
        for record in reversed(shelf.records):
            by_kind.setdefault(record.header.kind, []).append(record)
        return View(
            size=size,
            day=day,
            shelf=shelf,
            found=found,
            steps=steps(self.workspace, found),
            by_kind=by_kind,
            by_index={record.index: record for record in shelf.records},
        )

    def tell(self, report: str) -> "Document":
        """A report at the present head; the ledger is verified first. Raises what `workspace.tell` raises."""
        from haipkit.workspace.tell import tell

        with self._lock:
            view = self.view()
            name = (report, view.size, view.day)
            if name not in self._told:
                self._told = {known: kept for known, kept in self._told.items() if known[1:] == name[1:]}
                self._told[name] = tell(self.workspace, report)
            return self._told[name]

    def start_check(self, wait: float) -> Check:
        """Verify the ledger in the background, or join the run that is under way; waits up to `wait` seconds."""
        if self.check is None or self.check.ended.is_set():
            self.check = Check(self.workspace.log.size())
            threading.Thread(target=self._verify, args=(self.check,), daemon=True).start()
        self.check.ended.wait(wait)
        return self.check

    def _verify(self, check: Check) -> None:
        from haipkit.workspace.tell import audit

        def step(done: int, _: int) -> None:
            check.done = done

        try:
            with open_workspace(self.folder) as workspace:
                check.verdict = audit(workspace, progress=step)
        except HaipError as fault:
            check.fault = fault
        finally:
            check.ended.set()

    def close(self) -> None:
        self.workspace.close()
