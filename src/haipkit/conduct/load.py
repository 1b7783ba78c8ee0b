"""What is asked, from the data files in this folder: the only door to them.

Does not assess, and does not know the bodies of records. A folder for a cache makes a later start several times as
quick; the cache is made again whenever a data file or the version of haipkit changes.
"""

from collections.abc import Collection
from pathlib import Path

from haipkit.conduct.model import Conduct
from haipkit.kernel.errors import BadInput

_FOLDERS = ("clauses", "requirements", "profiles", "profiles/programmes")
_FILES = ("jurisdictions/dates.toml", "instruments/resources.toml")


def load_conduct(
    folder: Path | None = None, *, cache: Path | None = None, kinds: Collection[str] | None = None
) -> Conduct:
    """All clauses, requirements, profiles, programmes, dates and resources in `folder` (default: those of haipkit).

    `cache` is a folder that may hold the result of an earlier call; that is used only when it was made from the same
    files by the same version, and written again otherwise. `kinds` are the names of the kinds of record that exist;
    when given, a need for another kind is refused. Raises BadInput that names the file, the entry and the field.
    """
    root = folder or Path(__file__).parent
    files = _data_files(root)
    conduct = _read(root, files) if cache is None else _read_through(cache, root, files)
    if kinds is not None:
        _check_kinds(conduct, kinds)
    return conduct


def _read(root: Path, files: list[Path]) -> Conduct:
    from haipkit.conduct.read import read_conduct

    return read_conduct(root, files)


def _read_through(cache: Path, root: Path, files: list[Path]) -> Conduct:
    from haipkit.conduct import cached

    state = cached.state_of(root, files)
    conduct = cached.read(cache, state)
    if conduct is None:
        conduct = _read(root, files)
        cached.write(cache, state, conduct)
    return conduct


def _data_files(root: Path) -> list[Path]:
    files = [path for name in _FOLDERS for path in sorted((root / name).glob("*.toml"))]
    return files + [path for name in _FILES if (path := root / name).is_file()]


def _check_kinds(conduct: Conduct, kinds: Collection[str]) -> None:
    asked = [(f"requirement {one.id}", need) for one in conduct.requirements.values() for need in one.needs]
    asked += [
        (f"programme {programme.id}, duty {duty.id}", duty.need)
        for programme in conduct.programmes.values()
        for duty in programme.duties
    ]
    for where, need in asked:
        for kind in (need.kind, *need.also):
            if kind not in kinds:
                raise BadInput(f"there is no kind of record called {kind!r}", where=f"{where}, need, kind")
