"""Numbers that the compiled and the numpy path of near-duplicates and overlaps share."""

import numpy as np

GRAM = 5
"""Tokens in a shingle."""
LANES = 128
"""Permutations of MinHash."""
BANDS, ROWS = 16, 8
"""Bands of a signature and rows in each: two documents of similarity s share a band with 1 - (1 - s**8)**16."""
BLOCK = 8
"""Shingles that a lane takes in one step."""
NEWLINE, WIDE = 1, 1 << 24
"""Codes of characters: 0 divides, NEWLINE divides lines, others are letters; from WIDE on each is a token by itself."""
POINT = np.uint64(0x9E3779B97F4A7C15)
STEP = np.uint64(0xD1342543DE82EF95)
MIX_ONE = np.uint64(0xBF58476D1CE4E5B9)
MIX_TWO = np.uint64(0x94D049BB133111EB)
SEED = 0x68616970
