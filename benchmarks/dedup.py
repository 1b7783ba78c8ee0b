"""Near duplicates: speed on one core, recall by similarity, and memory; beside other tools where they are installed.

Run: python -m benchmarks.dedup [--documents N] [--peers PYTHON]

Everybody gets the same texts in memory, ours as an Arrow column lies there, and the same parameters: 128 permutations,
16 bands of 8 rows, shingles of five words, threshold 0.8. The clock runs from texts to decided pairs. Other tools are
measured on fewer documents, with ours before and after each. They count a run of Japanese letters as one word, as they
come; their recall is therefore counted on other texts alone.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.similar import Planted, planted
from haipkit.actions.a11_data.dedup import COMMON, MARGIN
from haipkit.detectors import minhash, shingles
from haipkit.kernel.errors import HaipError

DOCUMENTS = 20_000
BLOCK = 1000
THRESHOLD = 0.8
PEERS = {"rensa": (8000, 6), "datasketch": (4000, 18), "text-dedup": (3000, 40)}
"""Documents of each tool's sample, and how many times faster we want to be."""

PEER = """
import json, re, sys, time
name, file, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
texts = json.load(open(file))[:count]
words = re.compile(r"\\w+")
def grams(text):
    found = words.findall(text.lower())
    return {" ".join(found[at:at + 5]) for at in range(max(len(found) - 4, 1))}
def rensa():
    from rensa import RMinHash, RMinHashLSH
    lsh, made, pairs = RMinHashLSH(threshold=0.8, num_perm=128, num_bands=16), [], []
    for number, text in enumerate(texts):
        one = RMinHash(num_perm=128, seed=1)
        one.update(list(grams(text)))
        for other in lsh.query(one):
            if one.jaccard(made[other]) >= 0.77:
                pairs.append((other, number))
        lsh.insert(number, one)
        made.append(one)
    return pairs
def datasketch():
    from datasketch import MinHash, MinHashLSH
    lsh, made, pairs = MinHashLSH(num_perm=128, params=(16, 8)), [], []
    for number, text in enumerate(texts):
        one = MinHash(num_perm=128)
        one.update_batch([gram.encode() for gram in grams(text)])
        for other in lsh.query(one):
            if one.jaccard(made[other]) >= 0.77:
                pairs.append((other, number))
        lsh.insert(number, one)
        made.append(one)
    return pairs
def text_dedup():
    import numpy as np
    from collections import defaultdict
    from itertools import combinations
    from text_dedup.minhash import embed_func
    from text_dedup.utils.hashfunc import sha1_hash
    rng, prime = np.random.RandomState(42), np.uint64((1 << 61) - 1)
    permutations = (
        rng.randint(1, int(prime), size=128, dtype=np.uint64), rng.randint(0, int(prime), size=128, dtype=np.uint64)
    )
    ranges = [(at * 8, (at + 1) * 8) for at in range(16)]
    tables = [defaultdict(set) for _ in ranges]
    for number, text in enumerate(texts):
        made = embed_func(
            content=text, idx=number, num_perm=128, ngram_size=5, min_length=0, hashranges=ranges,
            permutations=permutations, hash_func=lambda data: sha1_hash(data, d=64), dtype=np.uint64,
            max_hash=np.uint64((1 << 32) - 1), modulo_prime=prime,
        )
        for key, table in zip(made["__signatures__"], tables):
            table[key].add(number)
    return list({pair for table in tables for group in table.values() for pair in combinations(sorted(group), 2)})
run = {"rensa": rensa, "datasketch": datasketch, "text-dedup": text_dedup}[name]
start = time.process_time()
pairs = run()
spent = time.process_time() - start
print(json.dumps([spent, sum(len(text.encode()) for text in texts), pairs]))
"""

END_TO_END = """
import json, resource, sys, time
from pathlib import Path
from haipkit.workspace.dedup import dedup
from haipkit.workspace.dedup_search import DedupWishes
start = time.process_time()
found = dedup(DedupWishes((sys.argv[1],), jobs=1, room=int(sys.argv[2])))
spent = time.process_time() - start
status = Path("/proc/self/status")  # getrusage would tell the peak of whoever started this process
lines = status.read_text().splitlines() if status.exists() else []
peak = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
print(json.dumps([spent, peak, found.tally.dropped, found.slices, found.engine]))
"""

Pairs = set[tuple[int, int]]


def search(texts: list[bytes], engine: str) -> tuple[Pairs, dict[str, float]]:
    """Pairs as similar as the threshold, and CPU seconds by step. What `haip data dedup` does, without files."""
    data = np.frombuffer(b"".join(texts), dtype=np.uint8)
    stops = np.cumsum([len(text) for text in texts])
    begins = stops - np.array([len(text) for text in texts])
    spent: dict[str, float] = {}
    clock = time.process_time()

    def lap(name: str) -> None:
        nonlocal clock
        now = time.process_time()
        spent[name] = now - clock
        clock = now

    blocks_of = [slice(at, at + BLOCK) for at in range(0, len(texts), BLOCK)]
    digests = np.concatenate([shingles.digests(data, begins[one], stops[one], engine=engine) for one in blocks_of])
    _, first, whose = np.unique(digests.view("V16"), return_index=True, return_inverse=True)
    partner = first[whose.ravel()]
    pairs = {(int(one), number) for number, one in enumerate(partner.tolist()) if one != number}
    single = np.flatnonzero(partner == np.arange(len(texts)))
    lap("digests")
    starts = range(0, len(single), BLOCK)
    blocks = [shingles.tokens(data, begins[single[at : at + BLOCK]], stops[single[at : at + BLOCK]], engine=engine)
              for at in starts]  # fmt: skip
    lap("tokens")
    lines = [shingles.line_hashes(one, engine=engine) for one in blocks]
    known, often = np.unique(np.concatenate(lines), return_counts=True)
    common = known[often >= COMMON]
    blocks = [
        shingles.without_lines(one, np.isin(here, common), engine=engine)
        for one, here in zip(blocks, lines, strict=True)
    ]
    lap("boilerplate")
    least = np.concatenate([minhash.signatures(one, engine=engine) for one in blocks])
    lap("signatures")
    places = np.arange(len(single))
    likely = np.unique(np.concatenate([minhash.candidates(keys, places) for keys in minhash.band_keys(least)]), axis=0)
    close = minhash.estimates(least[likely[:, 0]], least[likely[:, 1]]) >= THRESHOLD - MARGIN
    likely = likely[close]
    lap("bands")
    wanted = np.unique(likely)
    texts_of = single[wanted]
    made = shingles.tokens(data, begins[texts_of], stops[texts_of], engine=engine)
    made = shingles.without_lines(made, np.isin(shingles.line_hashes(made, engine=engine), common), engine=engine)
    values, ends = shingles.shingles(made, engine=engine)
    left, right = np.searchsorted(wanted, likely).T.copy()
    sure = minhash.similarities(values, ends, left, right, engine=engine) >= THRESHOLD
    lap("verification")
    return pairs | {(int(one), int(other)) for one, other in single[likely[sure]].tolist()}, spent


def recall(made: Planted, found: Pairs, count: int, low: float, high: float, *, japanese: bool | None = None) -> str:
    wanted = [
        (one, other)
        for one, other, share, exact, letters in made.pairs
        if other < count and low <= share < high and not exact and (japanese is None or letters is japanese)
    ]
    return f"{np.mean([pair in found for pair in wanted]):.4f} of {len(wanted):,}" if wanted else "none"


def fastest(texts: list[bytes], engine: str, times: int) -> tuple[float, Pairs, dict[str, float]]:
    """MB/s of the run that was disturbed least, what it found, and its steps."""
    found, spent = min((search(texts, engine) for _ in range(times)), key=lambda run: sum(run[1].values()))
    return sum(map(len, texts)) / 1e6 / sum(spent.values()), found, spent


def ours(made: Planted) -> None:
    texts = [text.encode() for text in made.texts]
    size = sum(map(len, texts))
    exact = {(one, other) for one, other, _, same, _ in made.pairs if same}
    print(
        f"dedup: {size / 1e6:.0f} MB, {len(texts):,} documents, {len(made.pairs):,} planted pairs, one core, CPU time"
    )
    for engine in ("fast", "base"):
        try:
            shingles.engine_in_use(engine)
            search(texts[:200], engine)
        except HaipError as fault:
            print(f"  {engine}: not measured: {fault.what}")
            continue
        speed, found, spent = fastest(texts, engine, 5 if engine == "fast" else 1)
        steps = ", ".join(f"{name} {seconds:.2f}" for name, seconds in spent.items())
        print(f"  haipkit, {engine:<5} {speed:7.1f} MB/s   ({steps} s)")
        print(f"    exact copies {len(exact & found):,} of {len(exact):,}")
        for name, low, high in (("0.8 to 1", 0.8, 1.01), ("0.8 to 0.9", 0.8, 0.9), ("below 0.8", 0.0, 0.8)):
            japanese = recall(made, found, len(texts), low, high, japanese=True)
            print(f"    similarity {name:<10} found {recall(made, found, len(texts), low, high)}; Japanese {japanese}")


def peers(made: Planted, python: str, folder: Path) -> None:
    """Other tools, each in a process of its own, and ours before and after it: other work disturbs both alike."""
    texts = [text.encode() for text in made.texts]
    engine = shingles.engine_in_use()
    file = folder / "texts.json"
    file.write_text(json.dumps(made.texts))
    for name, (count, wanted) in PEERS.items():
        before, *_ = fastest(texts, engine, 2)
        done = subprocess.run([python, "-c", PEER, name, str(file), str(count)], capture_output=True, text=True)
        if done.returncode:
            print(f"  {name}: not measured: {done.stderr.strip().splitlines()[-1]}")
            continue
        after, *_ = fastest(texts, engine, 2)
        speed = max(before, after)
        seconds, size, pairs = json.loads(done.stdout.splitlines()[-1])
        found = {(min(pair), max(pair)) for pair in pairs}
        rate = size / 1e6 / seconds
        met = "met" if speed >= wanted * rate else "MISSED"
        part = recall(made, found, count, 0.8, 1.01, japanese=False)
        print(
            f"  {name:<12} {rate:7.1f} MB/s   haipkit beside it {speed:5.1f}, {speed / rate:5.1f} times as fast"
            f" (wanted {wanted}: {met})   recall {part}"
        )


def memory(made: Planted, folder: Path) -> None:
    """`haip data dedup` on a file, and on one three times as large, with little room for slices."""
    for times in (1, 3):
        path = folder / f"corpus-{times}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for turn in range(times):
                for text in made.texts:
                    other = text if not turn else text.replace("e", "eio"[turn]).replace("の", "のはが"[turn])
                    file.write(json.dumps({"text": other}, ensure_ascii=False) + "\n")
        size = path.stat().st_size
        for room in (512 << 20, 1 << 20):
            done = subprocess.run(
                [sys.executable, "-c", END_TO_END, str(path), str(room)], capture_output=True, text=True, check=True
            )
            seconds, peak, dropped, slices, engine = json.loads(done.stdout)
            print(
                f"  end to end ({engine}), {size / 1e6:3.0f} MB of JSON lines, room {room >> 20:3} MiB:"
                f" {size / 1e6 / seconds:5.1f} MB/s, peak {peak >> 10} MiB, {slices} slices, {dropped:,} dropped"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter with rensa, datasketch and text-dedup")
    options = parser.parse_args()
    made = planted(options.documents)
    ours(made)
    with tempfile.TemporaryDirectory() as name:
        if options.peers:
            peers(made, options.peers, Path(name))
        memory(made, Path(name))
    print(f"  peak of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")


if __name__ == "__main__":
    main()
