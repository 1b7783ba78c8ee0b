"""Who does the units of a scan: this process, processes here, or the machines of a Ray or Spark cluster.

The work is sent as paths, never as rows; a unit may be done twice, and by whom does not change the answer. An engine
that ends early leaves every unit finished that it has given back.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from haipkit.actions.a11_data.units import Unit
from haipkit.kernel.errors import HaipError, Unavailable, UsageError
from haipkit.workspace import pool
from haipkit.workspace.scan_unit import Plan, do_unit, do_unit_afar, keep_shards

_RETRIES = 5
Engine = Callable[[Plan, Sequence[Unit], int, str], Iterator[Unit]]


def run_units(plan: Plan, units: Sequence[Unit], jobs: int, on: str) -> Iterator[Unit]:
    """Do the units and give back each one when it is finished, in any order.

    `on` is "" for this machine, "ray", "spark", or one of these with the address of a cluster ("spark://host:7077").
    Raises UsageError for another engine, Unavailable for one that is not installed or does not answer.
    """
    name, _, address = on.partition("://")
    if not on:
        yield from pool.run_units(partial(do_unit, plan), units, jobs)
        return
    check_engine(on)
    if units:
        yield from _ENGINES[name](plan, units, jobs, address)


def check_engine(on: str) -> None:
    """Raises UsageError for an engine that there is not, Unavailable for one that is not installed."""
    from importlib.util import find_spec

    name, _, _ = on.partition("://")
    if name not in _ENGINES:
        raise UsageError(f"there is no engine {name!r}", advice="--on takes ray or spark, with ://ADDRESS or without.")
    if find_spec({"ray": "ray", "spark": "pyspark"}[name]) is None:
        raise Unavailable(f"--on {name} needs a package that is missing", advice=f"Install the extra: haipkit[{name}].")


def _rayed(plan: Plan, units: Sequence[Unit], jobs: int, address: str) -> Iterator[Unit]:
    """As tasks over paths on Ray: a cluster of its own on this machine, or the one at `address` ("auto", host:port)."""
    with _settings({"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}):
        import ray as untyped

        ray: Any = untyped
        if not ray.is_initialized():
            _join_ray(ray, jobs, address)
        try:
            task = ray.remote(do_unit_afar).options(num_cpus=1, max_retries=_RETRIES)
            shared = ray.put(plan)
            room = max(2, 4 * int(ray.cluster_resources().get("CPU", 1)))
            waiting = list(reversed(units))
            running: dict[Any, Unit] = {}
            while waiting or running:
                while waiting and len(running) < room:
                    unit = waiting.pop()
                    running[task.remote(shared, unit)] = unit
                ready, _ = ray.wait(list(running), num_returns=1)
                for reference in ready:
                    unit = running.pop(reference)
                    keep_shards(plan, unit, _ray_answer(ray, reference))
                    yield unit
        finally:
            ray.shutdown()


def _join_ray(ray: Any, jobs: int, address: str) -> None:
    quiet = {"log_to_driver": False, "logging_level": "error"}
    try:
        if address:
            ray.init(address=address, **quiet)
            return
        ray.init(
            address="local",
            num_cpus=jobs or os.cpu_count() or 1,
            include_dashboard=False,
            object_store_memory=128 << 20,
            _node_ip_address="127.0.0.1",
            **quiet,
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as fault:
        first = str(fault).strip().split("\n")[0]
        raise Unavailable(f"Ray does not answer: {first}", where=address or "this machine") from fault


def _ray_answer(ray: Any, reference: Any) -> dict[str, bytes]:
    try:
        answer: dict[str, bytes] = ray.get(reference)
        return answer
    except ray.exceptions.RayTaskError as fault:
        cause = fault.cause if isinstance(fault.cause, HaipError) else None
        raise cause or Unavailable(f"a worker failed: {fault.cause}", where="Ray") from fault
    except ray.exceptions.RayError as fault:
        raise Unavailable(
            f"workers were lost {_RETRIES + 1} times over one unit ({type(fault).__name__})",
            where="Ray",
            advice="What was finished is kept with --dataset: run the same command again.",
        ) from fault


def _sparked(plan: Plan, units: Sequence[Unit], jobs: int, address: str) -> Iterator[Unit]:
    """As an RDD of one path each on Spark: in this machine's threads and processes, or on the master at `address`.

    One job a unit, so that each one is kept as soon as it is finished; Spark runs them side by side.
    """
    from concurrent.futures import ThreadPoolExecutor, as_completed

    with _settings({"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"} if not address else {}):
        context = _join_spark(jobs, address)
        try:
            shared = context.broadcast(plan)
            threads = ThreadPoolExecutor(max(1, context.defaultParallelism))
            work = _SparkUnit(shared)

            def do(unit: Unit) -> dict[str, bytes]:
                (answer,) = context.parallelize([unit], 1).map(work).collect()
                return dict(answer)

            futures = {threads.submit(do, unit): unit for unit in units}
            try:
                for future in as_completed(futures):
                    keep_shards(plan, futures[future], _spark_answer(future))
                    yield futures[future]
            finally:
                for future in futures:
                    future.cancel()
                context.cancelAllJobs()
                threads.shutdown(wait=True, cancel_futures=True)
        finally:
            context.stop()


class _SparkUnit:
    """What Spark sends to its workers: by name, so that it runs what is installed there."""

    def __init__(self, shared: Any) -> None:
        self._shared = shared

    def __call__(self, unit: Unit) -> dict[str, bytes]:
        try:
            return do_unit_afar(self._shared.value, unit)
        except HaipError as fault:
            words = "\n".join((type(fault).__name__, fault.what, fault.where, fault.advice))
            return {"fault": words.encode("utf-8", "replace")}


def _join_spark(jobs: int, address: str) -> Any:
    from pyspark import SparkConf, SparkContext

    master = f"spark://{address}" if address else f"local[{jobs or '*'},{_RETRIES}]"
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.task.maxFailures": str(_RETRIES),
        "spark.driver.memory": "512m",
        "spark.log.level": "OFF",
        **({} if address else {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}),
    }
    conf = SparkConf().setMaster(master).setAppName("haip scan").setAll(list(settings.items()))
    try:
        with _quiet():
            return SparkContext.getOrCreate(conf)
    except Exception as fault:
        first = str(fault).strip().split("\n")[0]
        raise Unavailable(
            f"Spark does not start: {first}", where=master, advice="It needs Java 17 or later (JAVA_HOME)."
        ) from fault


def _spark_answer(future: Any) -> dict[str, bytes]:
    from haipkit.kernel import errors

    try:
        answer: dict[str, bytes] = future.result()
    except Exception as fault:
        first = next((line for line in reversed(str(fault).strip().split("\n")) if line.strip()), "")
        raise Unavailable(f"a worker failed: {first.strip()[:300]}", where="Spark") from fault
    if "fault" in answer:
        kind, what, where, advice = answer["fault"].decode().split("\n")
        raise getattr(errors, kind)(what, where=where, advice=advice)
    return answer


@contextmanager
def _settings(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for as long as an engine runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _quiet() -> Iterator[None]:
    """Spark's launcher writes to standard error before it can be told not to."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a device, not a path
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


_ENGINES: dict[str, Engine] = {"ray": _rayed, "spark": _sparked}
