"""All benchmarks, one after the other: never beside other work."""

import importlib
import sys
from pathlib import Path

ORDER = ("commands", "ledger", "reports", "scan", "pipeline", "dedup", "quality", "decisions", "runner", "web")


def main() -> None:
    names = [name for name in ORDER if (Path(__file__).parent / f"{name}.py").exists()]
    for name in names:
        importlib.import_module(f"benchmarks.{name}").main()
        sys.stdout.flush()


if __name__ == "__main__":
    main()
