"""Does units of work one after another here, or in worker processes that leave their results in files.

The one place for what all looks at a data set share: progress, Ctrl-C, going on from finished units, and answers that
do not depend on how many processes there are.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from haipkit.actions.a11_data.units import Unit

ALONE = 64 << 20
"""Below so many bytes, starting worker processes costs more than it saves."""
Work = Callable[[Unit], None]
"""Has to be a function of a module, or a `functools.partial` of one: it is sent to other processes, once to each."""
Answer = Callable[[Unit], dict[str, Any]]
"""The same, with an answer that JSON can hold."""
Progress = Callable[[int, int], None]


def answers(
    work: Answer, units: Sequence[Unit], state: Path, jobs: int = 0, progress: Progress | None = None
) -> tuple[list[dict[str, Any]], int]:
    """Each unit's answer, in the order of the units, and how many of them an earlier run left in `state`."""
    done_before = finish(
        partial(_leave, work, str(state)), units, lambda unit: _place(state, unit).exists(), jobs, progress
    )
    return [json.loads(_place(state, unit).read_bytes()) for unit in units], done_before


def finish(
    work: Work, units: Sequence[Unit], is_done: Callable[[Unit], bool], jobs: int = 0, progress: Progress | None = None
) -> int:
    """Do the units that are not done yet; returns how many were. `progress` takes bytes done and bytes in all."""
    waiting = [unit for unit in units if not is_done(unit)]
    total = sum(unit.weight for unit in units)
    done = total - sum(unit.weight for unit in waiting)
    for unit in run_units(work, waiting, jobs):
        done += unit.weight
        if progress is not None:
            progress(done, total)
    return len(units) - len(waiting)


def run_units(work: Work, units: Sequence[Unit], jobs: int = 0) -> Iterator[Unit]:
    """Does the units; yields each when it is done, in any order. `jobs` 0: as many as there are processors."""
    workers = min(jobs or (os.cpu_count() or 1), len(units))
    small = not jobs and sum(unit.weight for unit in units) < ALONE
    return _here(work, units) if workers <= 1 or small else _pooled(work, units, workers)


def _place(state: Path, unit: Unit) -> Path:
    return state / f"{unit.identity}.json"


def _leave(work: Answer, state: str, unit: Unit) -> None:
    from haipkit.adapters.write_corpus import Shard

    with Shard(_place(Path(state), unit), "text", "") as shard:
        shard.write(json.dumps(work(unit)).encode("utf-8", "surrogateescape"))


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
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_settle, initargs=(work,))
    try:
        futures = {pool.submit(_do, unit): unit for unit in units}
        for future in as_completed(futures):
            future.result()
            yield left.pop(futures[future].identity)
    except BrokenProcessPool:
        pass
    finally:
        # Units under way finish and are kept; those that wait are dropped.
        pool.shutdown(wait=True, cancel_futures=True)
    yield from _here(work, list(left.values()))


_task: list[Work] = []
"""In a worker process: the work of its units."""


def _settle(work: Work) -> None:
    """A worker leaves Ctrl-C to its parent, which lets units under way finish."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _task[:] = [work]


def _do(unit: Unit) -> None:
    _task[0](unit)
