"""`haip data warm`: compile the fast scanner ahead of time."""

import time
from pathlib import Path

import click

from haipkit.cli.output import echo_json, line


@click.command(name="warm")
@click.option("--json", "as_json", is_flag=True)
def command(as_json: bool) -> int:
    """Compile the fast scanner now and keep it for this user and this Python.

    Needs the extra `fast`. Without it, scans take the plain path and nothing has to be compiled. The folder belongs to
    exactly this haipkit, Python, numba and processor: after an update, run it again.
    """
    from haipkit.detectors.fast import is_warm, warm

    ready = is_warm()
    started, worked = time.perf_counter(), time.process_time()
    folder = warm()
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    if as_json:
        told = {"folder": str(folder), "bytes": size, "compiled": not ready}
        echo_json({**told, "seconds": round(seconds, 2), "processor_seconds": round(processor, 2)})
    elif ready:
        line(f"Nothing to do: the compiled scanner lies ready in {folder} ({size / 1e6:.1f} MB).")
    else:
        line(
            f"Ready after {seconds:.1f} s ({processor:.1f} s of processor time). The compiled scanner takes "
            f"{size / 1e6:.1f} MB in {folder}, and every scan uses it from now on."
        )
    return 0
