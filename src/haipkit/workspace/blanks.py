"""What stands for each field of each kind until somebody fills it in, without loading the models of the bodies.

It is read off those models once and kept in the workspace's cache, so that `haip next` stays light.
"""

from collections.abc import Mapping
from pathlib import Path

import haipkit
from haipkit.assessment.commands import Blank, Blanks
from haipkit.conduct import cached
from haipkit.records.kinds import KINDS

_NAME = "blanks.json"
_SOURCES = ("actions/*/records.py", "records/*.py", "workspace/bodies.py", "workspace/forms.py")


def kept_blanks(cache: Path) -> Blanks:
    """The blanks of every kind; made anew when a model of a body or the version of haipkit has changed."""
    root = Path(haipkit.__file__).parent
    state = cached.state_of(root, [path for pattern in _SOURCES for path in sorted(root.glob(pattern))])
    known = cached.kept(cache / _NAME, state)
    if not isinstance(known, dict):
        from haipkit.workspace.forms import blanks

        known = {kind: blanks(kind) for kind in KINDS}
        cached.keep(cache / _NAME, state, known)

    def of_kind(kind: str) -> Mapping[str, Blank]:
        return {name: Blank(*pair) for name, pair in known.get(kind, {}).items()}

    return of_kind
