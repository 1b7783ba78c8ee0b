"""The compiled path of near-duplicates and overlaps: `shingles_kernel` as machine code, kept in a folder of its own.

As with the scanner nobody waits by surprise: the path is taken when `warm` has been run (`haip data warm`).
"""

import hashlib
import platform
import sys
import types
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haipkit.detectors import fast, shingles_kernel, shingles_numbers
from haipkit.kernel.errors import CannotWrite, InternalFault, Unavailable

_READY = "ready"
INLINED = ("mix", "grams", "letter")


@lru_cache(maxsize=1)
def cache_folder() -> Path | None:
    """Where the compiled code of these sources, this interpreter and this processor belongs; None without numba."""
    scanner = fast.cache_folder()
    if scanner is None:
        return None
    versions = [metadata.version("numba"), metadata.version("llvmlite"), metadata.version("numpy")]
    digest = hashlib.sha256("\n".join([sys.version, *versions, platform.machine(), fast._processor()]).encode())
    for module in (shingles_kernel, shingles_numbers, sys.modules[__name__]):
        digest.update(Path(str(module.__file__)).read_bytes())
    return scanner.with_name(f"near-{digest.hexdigest()[:24]}")


def is_warm() -> bool:
    """Does the compiled code lie ready? Imports nothing."""
    folder = cache_folder()
    return folder is not None and (folder / _READY).is_file()


def warm() -> Path:
    """Compile where that is not done yet, check that both paths agree, and return the folder of the compiled code.

    Raises Unavailable without numba and CannotWrite when the folder cannot be written.
    """
    from haipkit.detectors.minhash import agree

    folder = cache_folder()
    if folder is None:
        raise Unavailable("the fast engine needs numba", advice="Install the extra: haipkit[fast].")
    if is_warm():
        return folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not agree():
            raise InternalFault("the compiled and the plain path do not agree", advice="Remove numba, and report this.")
        (folder / _READY).write_text("compiled and checked\n", encoding="utf-8")
    except OSError as fault:
        raise CannotWrite(f"the compiled code cannot be kept: {fault}", where=str(folder)) from fault
    return folder


@lru_cache(maxsize=1)
def _twin() -> dict[str, Any]:
    import numba

    folder = cache_folder()
    names = dict(vars(shingles_kernel))
    for name, function in vars(shingles_kernel).items():
        if isinstance(function, types.FunctionType):
            copy = types.FunctionType(function.__code__, names, name, function.__defaults__)
            # Called so often that a call would cost more than the work.
            inline = numba.njit(nogil=True, error_model="numpy", inline="always")
            names[name] = inline(copy) if name in INLINED else fast.cached(copy, folder)
    return names


def compiled(name: str) -> Callable[..., Any]:
    """A function of the kernel as machine code; it releases the GIL."""
    function: Callable[..., Any] = _twin()[name]
    return function


def frozen(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A view that cannot be written: buffers of Arrow cannot either, and each sort of array is compiled by itself."""
    view = data.view()
    with suppress(ValueError):
        view.flags.writeable = False
    return view
