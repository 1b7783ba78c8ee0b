"""Calls a second against a stand-in with 20 ms latency, 100 in flight: a bare aiohttp loop, ours with its journal.

`python -m benchmarks.runner [--calls N] [--peers FOLDER]`. Bare loop and ours take turns; each prints its best of five.
Then ours with answers that come over TLS, in chunks, packed, or as a stream; and other tools (`runner_peers`).
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path

from benchmarks.endpoint import endpoint
from benchmarks.runner_peers import show
from haipkit.adapters.call_journal import Journal
from haipkit.adapters.call_runner import Bounds, Call, run_calls
from haipkit.adapters.model_http import Endpoint, HttpModel, Limits
from haipkit.kernel import clock
from haipkit.kernel.outside import Answer

IN_FLIGHT, CALLS, ROUNDS = 100, 6000, 5
PROMPTS = [[{"role": "user", "content": f"Probe {number}: please answer."}] for number in range(CALLS)]


class Straight:
    """Gives every call once, and judges each answer as a cheap scorer would."""

    def __init__(self, calls: int, *, stream: bool = False) -> None:
        self._waiting = iter(range(calls))
        self._options = {"temperature": 0, **({"stream": True} if stream else {})}
        self.refused = 0

    def next(self) -> Call | None:
        number = next(self._waiting, None)
        if number is None:
            return None
        return Call(f"suite/{number}", PROMPTS[number % len(PROMPTS)], self._options)

    def done(self, call: Call, answer: Answer) -> None:
        self.refused += "can’t help" in answer.text


async def ours(url: str, calls: int, *, ca_file: str = "", stream: bool = False) -> int:
    with tempfile.TemporaryDirectory() as folder:
        feed = Straight(calls, stream=stream)
        limits = Limits(connections=IN_FLIGHT, attempts=1)
        async with HttpModel(Endpoint(url, "stand-in", ca_file=ca_file), limits) as model:
            with Journal(Path(folder) / "run.jsonl", {"plan": "benchmark"}) as journal:
                await run_calls(model, feed, journal, Bounds(most=IN_FLIGHT))
        return feed.refused


async def bare(url: str, calls: int) -> int:
    """What anybody would write in ten lines: a session, a semaphore, the answer parsed and looked at."""
    import aiohttp

    waiting = iter(range(calls))
    refused = 0

    async def worker(session: aiohttp.ClientSession) -> None:
        nonlocal refused
        for number in waiting:
            body = {"model": "stand-in", "messages": PROMPTS[number % len(PROMPTS)], "temperature": 0}
            async with session.post(url + "/chat/completions", json=body) as reply:
                answer = json.loads(await reply.read())
                refused += "can’t help" in answer["choices"][0]["message"]["content"]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:
        await asyncio.gather(*(worker(session) for _ in range(IN_FLIGHT)))
    return refused


def timed(run: Callable[[str, int], Awaitable[int]], url: str, calls: int) -> tuple[float, float]:
    """(calls a second, CPU seconds a call)."""
    cpu, wall = time.process_time(), time.perf_counter()
    assert asyncio.run(run(url, calls)) == calls  # type: ignore[arg-type]
    return calls / (time.perf_counter() - wall), (time.process_time() - cpu) / calls


def certificate(folder: Path) -> tuple[str, str]:
    """(PEM with key, PEM of the authority) for 127.0.0.1, made for this run."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stand-in")])
    day = clock.now()
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(day - timedelta(days=1)).not_valid_after(day + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    text = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(key.private_bytes(*form) + text)
    (folder / "authority.pem").write_bytes(text)
    return str(folder / "server.pem"), str(folder / "authority.pem")


def forms(calls: int) -> None:
    """Ours, with answers in other forms than one plain body."""
    with tempfile.TemporaryDirectory() as folder:
        server, authority = certificate(Path(folder))
        for words, form, secure in (
            ("in chunks", "chunked", False),
            ("packed with gzip", "gzip", False),
            ("as a stream, word by word", "stream", False),
            ("over TLS", "plain", True),
        ):
            run = partial(ours, ca_file=authority if secure else "", stream=form == "stream")
            with endpoint(20, form, server if secure else "") as url:
                timed(run, url, 500)
                rounds = [timed(run, url, calls) for _ in range(3)]
            rate, cpu = max(one[0] for one in rounds), min(one[1] for one in rounds)
            print(f"  haipkit, answers {words:<26} {rate:7,.0f} calls/s   {cpu * 1e3:5.2f} ms of CPU a call")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="Where other tools are installed.")
    given, _ = parser.parse_known_args()
    with endpoint(20) as url:
        timed(bare, url, 500)
        timed(ours, url, 500)
        pairs = [(timed(bare, url, given.calls), timed(ours, url, given.calls)) for _ in range(ROUNDS)]
    best_bare, best_ours = (max(pair[place][0] for pair in pairs) for place in (0, 1))
    print(f"\nRunner: {given.calls:,} calls, {IN_FLIGHT} in flight, 20 ms latency, answers kept in a journal\n")
    print(
        f"  bare aiohttp loop   {best_bare:7,.0f} calls/s   {min(p[0][1] for p in pairs) * 1e3:5.2f} ms of CPU a call"
    )
    print(
        f"  haipkit             {best_ours:7,.0f} calls/s   {min(p[1][1] for p in pairs) * 1e3:5.2f} ms of CPU a call"
    )
    print(f"  ratio               {best_ours / best_bare:7.2f}   (goal 0.75; 3,000 calls/s; 0.3 ms)")
    print(f"  largest memory      {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:7,.0f} MB   (goal 80)\n")
    forms(given.calls)
    if given.peers:
        print("\n  Other tools at their documented concurrency, slope between two sizes\n")
        with endpoint(20) as url:
            show(given.peers, url, best_ours)


if __name__ == "__main__":
    main()
