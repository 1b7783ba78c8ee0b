"""The fast engine is compiled once, in the cache of the user, before the tests that measure time."""

import pytest

from haipkit.detectors import fast, shingles_fast


@pytest.fixture(autouse=True, scope="session")
def _compiled() -> None:
    if fast.cache_folder() is not None:
        fast.warm()
        shingles_fast.warm()
