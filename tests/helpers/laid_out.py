"""Texts as the arrays that numeric code takes: bytes, and where each text begins and stops."""

from typing import Any

import numpy as np


def laid_out(texts: list[str]) -> tuple[Any, Any, Any]:
    pieces = [text.encode() for text in texts]
    stops = np.cumsum([len(piece) for piece in pieces]).astype(np.int64)
    begins = stops - np.array([len(piece) for piece in pieces], dtype=np.int64)
    return np.frombuffer(b"".join(pieces) or b"\0", dtype=np.uint8), begins, stops
