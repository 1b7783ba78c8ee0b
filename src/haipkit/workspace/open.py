"""An open workspace: settings, what is asked, and the ledger; each part is loaded when it is first needed."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from haipkit.kernel.errors import BadConfig
from haipkit.workspace.config import Config, find_root, read_config

if TYPE_CHECKING:
    from haipkit.conduct.model import Conduct
    from haipkit.ledger.blobs import Blobs
    from haipkit.ledger.log import Log


@dataclass
class Workspace:
    config: Config
    _logs: list["Log"] = field(default_factory=list, repr=False)

    @cached_property
    def conduct(self) -> "Conduct":
        from haipkit.conduct.load import load_conduct

        return load_conduct(cache=self.config.private / "cache")

    @cached_property
    def blobs(self) -> "Blobs":
        from haipkit.ledger.blobs import Blobs

        return Blobs(self.config.private / "blobs")

    @cached_property
    def log(self) -> "Log":
        """The ledger for reading."""
        from haipkit.ledger.checkpoint import VerifierKey
        from haipkit.ledger.open import open_ledger

        try:
            log = open_ledger(self.config.ledger, expected=VerifierKey.parse(self.config.verifier_key))
        except BadConfig as fault:
            name = self.config.log_key
            if not (self.config.keys / "next" / f"{name}.vkey").exists():
                raise
            advice = f"Finish what was begun: haip keys rotate {name}."
            raise BadConfig("the replacement of its key was interrupted", where=fault.where, advice=advice) from fault
        self._logs.append(log)
        return log

    def close(self) -> None:
        while self._logs:
            self._logs.pop().close()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_workspace(path: str | os.PathLike[str] | None = None) -> Workspace:
    """Open the workspace at `path`, or the nearest one at or above the current folder.

    Makes nothing: only `haip init` makes a key or a ledger. Raises NotFound, BadConfig.
    """
    root = Path(path).resolve() if path is not None else find_root(Path.cwd())
    return Workspace(read_config(root))
