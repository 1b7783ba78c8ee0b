"""haipkit: the G7 Hiroshima AI Process Code of Conduct as running software.

The public names load their stage when they are first used, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haipkit.assessment.engine import assess
    from haipkit.ledger.verify import verify_bundle
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.scan import scan

__version__ = "0.1.0"
__all__ = ["assess", "open_workspace", "scan", "verify_bundle"]

_HOMES = {
    "assess": "haipkit.assessment.engine",
    "open_workspace": "haipkit.workspace.open",
    "scan": "haipkit.workspace.scan",
    "verify_bundle": "haipkit.ledger.verify",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'haipkit' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
