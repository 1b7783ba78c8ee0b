"""Where a copy of a data set may be put."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from haipkit.kernel.errors import UsageError

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import CorpusFile


def check_copy(out: Path, paths: Sequence[str], files: "Sequence[CorpusFile]") -> None:
    """A copy never lands in its own source, on other files, or two files under one name. Raises UsageError."""
    place = out.resolve()
    for path in paths:
        if "://" not in path and Path(path).is_dir() and place.is_relative_to(Path(path).resolve()):
            raise UsageError("the copy would lie inside the data set", where=str(out), advice="Name another folder.")
    if place.exists() and not place.is_dir():
        raise UsageError("this is a file; a copy needs a folder", where=str(out))
    if place.exists() and any(place.iterdir()):
        raise UsageError("this folder is not empty", where=str(out), advice="Name an empty or a new folder.")
    names = [file.name for file in files]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise UsageError(f"two files would be copied to {twice[0]!r}", advice="Name their folders one by one.")
