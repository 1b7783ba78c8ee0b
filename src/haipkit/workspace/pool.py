"""Does units of work one after another here, or in worker processes that leave their results in files."""

import os
from collections.abc import Callable, Iterator, Sequence

from haipkit.actions.a11_data.units import Unit

ALONE = 64 << 20
"""Below so many bytes, starting worker processes costs more than it saves."""
Work = Callable[[Unit], None]
"""Has to be a function of a module, or a `functools.partial` of one: it is sent to other processes."""
Progress = Callable[[int, int], None]


def run_units(work: Work, units: Sequence[Unit], jobs: int = 0) -> Iterator[Unit]:
    """Does the units; yields each when it is done, in any order. `jobs` 0: as many as there are processors."""
    workers = min(jobs or (os.cpu_count() or 1), len(units))
    small = not jobs and sum(unit.weight for unit in units) < ALONE
    return _here(work, units) if workers <= 1 or small else _pooled(work, units, workers)


def _here(work: Work, units: Sequence[Unit]) -> Iterator[Unit]:
    for unit in units:
        work(unit)
        yield unit


def _pooled(work: Work, units: Sequence[Unit], workers: int) -> Iterator[Unit]:
    """In worker processes. A worker that dies (out of memory) ends the pool; what is left is then done here."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    left = {unit.identity: unit for unit in units}
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_settle)
    try:
        futures = {pool.submit(work, unit): unit for unit in units}
        for future in as_completed(futures):
            future.result()
            yield left.pop(futures[future].identity)
    except BrokenProcessPool:
        pass
    finally:
        # Units under way finish and are kept; those that wait are dropped.
        pool.shutdown(wait=True, cancel_futures=True)
    yield from _here(work, list(left.values()))


def _settle() -> None:
    """A worker leaves Ctrl-C to its parent, which lets units under way finish."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
