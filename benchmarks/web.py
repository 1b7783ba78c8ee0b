"""The workbench over HTTP with 10 000 records: time to the first answer, server CPU a page, bytes of a first view.

`haip serve` runs as its own process, as people run it. CPU is that of the whole process, from the kernel's count, over
many requests; the first view after a change of the ledger, which works everything out anew, has a line of its own.

Run: python -m benchmarks.web [--records 100000]   (Linux: it reads /proc)
"""

import argparse
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.commands import build

ROUNDS = 20
PAGES = (
    *("/", "/actions", "/action/6", "/requirement/6.1a", "/systems", "/system/s3", "/records"),
    *("/records?system=s3&words=risk", "/record/5000", "/add/risk", "/ledger", "/reports", "/plan", "/start"),
)


class Visitor:
    """One connection with a session."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.port, self.cookie = port, cookie
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, path: str) -> tuple[int, bytes]:
        self.connection.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
        answer = self.connection.getresponse()
        body = answer.read()
        given = answer.getheader("set-cookie")
        if given:
            self.cookie = given.partition(";")[0]
        return answer.status, body


def cpu_seconds(process: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve(folder: Path) -> tuple[subprocess.Popen[str], int, str, float]:
    """(process, port, link, seconds until the link was printed)."""
    began = time.perf_counter()
    words = [str(Path(sys.executable).parent / "haip"), "--workspace", str(folder), "serve", "--port", "0"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"http://127\.0\.0\.1:(\d+)(/enter\S+)", line)
        if found:
            return process, int(found[1]), found[2], time.perf_counter() - began
    raise SystemExit("haip serve did not start")


def measure(folder: Path, records: int) -> None:
    began = time.perf_counter()
    process, port, link, printed = serve(folder)
    try:
        visitor = Visitor(port)
        visitor.get(link)
        answered = time.perf_counter() - began
        before = cpu_seconds(process.pid)
        visitor.get("/")
        first = cpu_seconds(process.pid) - before
        print(f"\n{records:,} records; other work on the machine counts in wall-clock lines")
        print(f"  link printed after {printed:.2f} s, first answer after {answered:.2f} s (wall clock)")
        print(f"  first look at all records, once a change of the ledger: {first * 1000:.0f} ms CPU")
        _, style = visitor.get("/static/workbench.css")
        print(f"  {'page':<34}{'CPU':>9}{'first view':>14}")
        for path in PAGES:
            status, body = visitor.get(path)
            assert status == 200, (path, status)
            before = cpu_seconds(process.pid)
            for _ in range(ROUNDS):
                visitor.get(path)
            spent = (cpu_seconds(process.pid) - before) / ROUNDS * 1000
            print(f"  {path:<34}{spent:>6.1f} ms{(len(body) + len(style)) / 1000:>11.1f} kB")
        print(f"  {mixed(port, visitor.cookie):.0f} requests a second, mixed, two visitors (wall clock)")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def mixed(port: int, cookie: str) -> float:
    """Requests a second over all pages, by two visitors at once."""

    def visit() -> None:
        visitor = Visitor(port, cookie)
        for _ in range(5):
            for path in PAGES:
                visitor.get(path)

    began = time.perf_counter()
    threads = [threading.Thread(target=visit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 2 * 5 * len(PAGES) / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=10_000)
    records = parser.parse_known_args()[0].records
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "workspace"
        build(folder, records)
        measure(folder, records)


if __name__ == "__main__":
    main()
