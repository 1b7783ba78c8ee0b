"""Which documents look alike: MinHash signatures, bands, candidate pairs, and the exact similarity of two sets.

128 permutations and 16 bands of 8 rows (A. Broder, 1997; Leskovec, Rajaraman and Ullman, Mining of Massive Datasets,
ch. 3). A pair that shares a band is a candidate and nothing more: `similarities` decides on the sets themselves.
"""

import numpy as np
import numpy.typing as npt

from haipkit.detectors import shingles_fast
from haipkit.detectors.shingles import Numbers, Places, Tokens, digests, mixed, shingles, tokens
from haipkit.detectors.shingles_numbers import BANDS, BLOCK, LANES, ROWS, SEED, STEP

Signatures = npt.NDArray[np.uint32]
"""Of shape (documents, LANES)."""
NEIGHBOURS = 32
"""In a band each document is paired with so many that follow it and with the first that it shares the band with."""
_CHUNK = 512
_FULL = np.uint32(0xFFFFFFFF)


def _lanes() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    numbers = mixed(np.arange(SEED, SEED + 2 * LANES, dtype=np.uint64))
    factors = (numbers[:LANES] >> np.uint64(32)).astype(np.uint32) | np.uint32(1)
    return factors, (numbers[LANES:] >> np.uint64(32)).astype(np.uint32)


FACTORS, SUMMANDS = _lanes()


def signatures(made: Tokens, *, engine: str = "base") -> Signatures:
    """For each document the least value of each lane over its shingles; all bits set for one without tokens."""
    least = np.full((len(made.documents), LANES), _FULL, dtype=np.uint32)
    if engine != "base":
        longest = int(np.diff(made.documents, prepend=0).max(initial=0))
        scratch = np.empty(longest + BLOCK, dtype=np.uint64)
        shingles_fast.compiled("minima")(made.hashes, made.documents, FACTORS, SUMMANDS, scratch, least)
        return least
    values, ends = shingles(made)
    short = (values >> np.uint64(32)).astype(np.uint32)
    begin = 0
    for document, end in enumerate(ends.tolist()):
        for at in range(begin, end, _CHUNK):
            lanes = short[at : min(at + _CHUNK, end), None] * FACTORS + SUMMANDS
            np.minimum(least[document], lanes.min(axis=0), out=least[document])
        begin = end
    return least


def band_keys(least: Signatures) -> Numbers:
    """uint64 of shape (BANDS, documents): equal where all rows of a band are equal."""
    keys = np.zeros((BANDS, len(least)), dtype=np.uint64)
    for row in range(ROWS):
        keys = keys * STEP + least[:, row::ROWS].T
    return mixed(keys)


def candidates(keys: Numbers, numbers: Places) -> Places:
    """Pairs of documents that share a key, the lower number first; int64 of shape (pairs, 2). `numbers` ascend.

    Linear in the number of documents however many share one key: see NEIGHBOURS.
    """
    order = np.argsort(keys, kind="stable")
    keys, numbers = keys[order], numbers[order]
    pairs: list[Places] = []
    for step in range(1, NEIGHBOURS):
        here = np.flatnonzero(keys[step:] == keys[:-step])
        if not len(here):
            return np.concatenate([np.empty((0, 2), dtype=np.int64), *pairs])
        pairs.append(np.column_stack([numbers[here], numbers[here + step]]))
    first = np.searchsorted(keys, keys)
    far = np.flatnonzero(np.arange(len(keys)) - first >= NEIGHBOURS)
    return np.concatenate([*pairs, np.column_stack([numbers[first[far]], numbers[far]])])


def estimates(left: Signatures, right: Signatures) -> npt.NDArray[np.float64]:
    """The share of lanes in which two signatures agree, which estimates their similarity to about 0.04."""
    shares: npt.NDArray[np.float64] = (left == right).mean(axis=1)
    return shares


def similarities(
    values: Numbers, ends: Places, left: Places, right: Places, *, engine: str = "base"
) -> npt.NDArray[np.float64]:
    """The Jaccard similarity of pairs of sets; set n is values[ends[n - 1]:ends[n]], where repeats do not count."""
    found = np.zeros((len(left), 3), dtype=np.int64)
    if engine != "base":
        longest = int(np.diff(ends, prepend=0).max(initial=1))
        size = 1 << (4 * longest).bit_length()
        table, marks = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.int64)
        shingles_fast.compiled("overlaps")(values, ends, left, right, table, marks, found)
    else:
        starts = np.concatenate([[0], ends[:-1]])
        wanted = np.unique(np.concatenate([left, right]))
        sets = {one: np.unique(values[starts[one] : ends[one]]) for one in wanted.tolist()}
        for pair, (one, other) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
            common = np.intersect1d(sets[one], sets[other], assume_unique=True)
            found[pair] = len(sets[one]), len(sets[other]), len(common)
    whole = found[:, 0] + found[:, 1] - found[:, 2]
    shares: npt.NDArray[np.float64] = found[:, 2] / np.maximum(whole, 1)
    return shares


def keepers(pairs: Places, shares: npt.NDArray[np.float64], rank: Places) -> list[tuple[int, int, float]]:
    """(dropped, kept, similarity): which documents go, given the pairs that are alike. `rank` orders the members.

    `rank` belongs to the members in ascending order (`np.unique(pairs)`); the lowest rank is kept first. A document
    goes only if one that stays is alike, so no chain of small steps leads away from what was kept.
    """
    members, places = np.unique(pairs, return_inverse=True)
    places = places.reshape(pairs.shape)
    both = np.concatenate([places, places[:, ::-1]])
    weights = np.concatenate([shares, shares])
    order = np.argsort(both[:, 0], kind="stable")
    ends = np.cumsum(np.bincount(both[:, 0], minlength=len(members)))
    others, weights = both[order, 1], weights[order]
    kept = np.zeros(len(members), dtype=bool)
    dropped = []
    for member in np.argsort(rank, kind="stable").tolist():
        span = slice(ends[member - 1] if member else 0, ends[member])
        near, how = others[span], weights[span]
        stay = kept[near]
        if not stay.any():
            kept[member] = True
            continue
        best = max(zip(how[stay].tolist(), (-rank[near[stay]]).tolist(), near[stay].tolist(), strict=True))
        dropped.append((int(members[member]), int(members[best[2]]), best[0]))
    return sorted(dropped)


def agree() -> bool:
    """Do both paths give the same for a text of all sorts? Compiles what is not compiled yet."""
    from haipkit.detectors import ngrams

    words = "The Quick—brown fox, ÉTÉ naïve Ωmega １２ＡＢ ｱｲｳ 日本語の文章です。 ไทย 한국어 "
    words += "\U00020000x \U0001f600 a_b 1.5\n"
    texts = [words * 9, "", "one two", words + "tail " * 40, " \n\u2028 ", words[::-1] * 3]
    data = np.frombuffer("".join(texts).encode(), dtype=np.uint8)
    stops = np.cumsum([len(text.encode()) for text in texts])
    begins = stops - [len(text.encode()) for text in texts]
    results = []
    for engine in ("base", "fast"):
        made = tokens(data, begins, stops, engine=engine)
        letters = tokens(data, begins, stops, single=True, engine=engine)
        results.append(_all_of(data, begins, stops, made, engine) + list(vars(letters).values()))
        results[-1] += ngrams.sample(made, engine)
    return all(np.array_equal(one, other) for one, other in zip(*results, strict=True))


def _all_of(data: npt.NDArray[np.uint8], begins: Places, stops: Places, made: Tokens, engine: str) -> list[object]:
    from haipkit.detectors.shingles import document_hashes, line_hashes, without_lines

    lines = line_hashes(made, engine=engine)
    left = without_lines(made, lines == lines[0], engine=engine)
    values, ends = shingles(left, engine=engine)
    pairs = np.array([[0, 3], [0, 5], [1, 2], [3, 3]], dtype=np.int64)
    return [
        *vars(made).values(),
        lines,
        document_hashes(made, engine=engine),
        left.hashes,
        left.documents,
        values,
        ends,
        signatures(left, engine=engine),
        similarities(values, ends, pairs[:, 0].copy(), pairs[:, 1].copy(), engine=engine),
        digests(data, begins, stops, engine=engine),
    ]
