"""Licences and notices in texts, and the cheap look that decides which texts are read."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haipkit.detectors.licences import (
    candidates,
    declared,
    expression_terms,
    known,
    reservations,
    rights_in,
    terms_of,
    text_digest,
)
from haipkit.detectors.optout import ALLOW, DOUBT

INSTALLED = Path("/usr/share/common-licenses")
MIT = (
    "Permission is hereby granted, free of charge, to any person\n# obtaining a copy of this software, subject to: "
    "this\n// permission notice shall be included in all copies."
)


@pytest.mark.skipif(not INSTALLED.is_dir(), reason="no licence texts are installed here")
def test_installed_texts_are_recognised_and_have_the_digests_of_the_table() -> None:
    digests = {digest: one.spdx for one in known() for digest in one.sha256}
    seen = 0
    for path in sorted(INSTALLED.iterdir()):
        text = path.read_text("utf-8", "replace")
        spdx = digests.get(text_digest(text))
        if spdx is not None:
            seen += 1
            assert spdx in [name for name, _ in rights_in(text).licences], path.name
    assert seen >= 5


@pytest.mark.parametrize(
    ("expression", "terms"),
    [
        ("MIT", "permissive"),
        ("Apache-2.0 OR GPL-3.0-only", "permissive"),
        ("MIT AND GPL-2.0-or-later", "copyleft"),
        ("(MIT AND CC-BY-NC-4.0) OR CC0-1.0", "public-domain"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "copyleft"),
        ("CC-BY-SA-4.0", "share-alike"),
        ("LicenseRef-own", "unknown"),
        ("MIT OR", "unknown"),
        ("((", "unknown"),
    ],
)
def test_expressions(expression: str, terms: str) -> None:
    assert expression_terms(expression) == terms


def test_terms_of_every_known_text_fit_its_identifier() -> None:
    for one in known():
        assert terms_of(one.spdx) in (one.terms, "unknown") or one.spdx == "0BSD", one.spdx


@pytest.mark.parametrize(
    ("text", "licences"),
    [
        ("# SPDX-License-Identifier: MIT OR Apache-2.0\n", ["MIT OR Apache-2.0"]),
        ("<a href='http://creativecommons.org/licenses/by-nc-sa/4.0/deed.it'>", ["CC-BY-NC-SA-4.0"]),
        ("https://creativecommons.org/publicdomain/zero/1.0/", ["CC0-1.0"]),
        (MIT, ["MIT"]),
        ("The MIT licence is short. Licences are many.", []),
        ("", []),
    ],
)
def test_licences_in_text(text: str, licences: list[str]) -> None:
    assert [name for name, _ in rights_in(text).licences] == licences


def test_a_reservation_counts_where_no_open_licence_stands_beside_it() -> None:
    assert [s.says for s in rights_in("© 2024 X. Tous droits réservés.").signals()] == [DOUBT]
    assert [s.says for s in rights_in("All rights reserved. " + MIT).signals()] == [ALLOW]
    assert rights_in("Copyright (c) 2024 X, © 2023 Y").notices == 2


def test_declared_fields() -> None:
    assert [s.says for s in declared("cc-by-4.0")] == [ALLOW]
    assert [s.says for s in declared("Apache 2.0")] == [ALLOW]
    assert [s.says for s in declared("proprietary")] == [DOUBT]
    assert declared("  ") == []


@given(
    st.lists(
        st.sampled_from(
            ["some words", MIT, "", "TOUS DROITS RÉSERVÉS", "(C) 2024 X", "無断転載", "SPDX-License-Identifier: MIT"]
        )
    )
)
def test_the_cheap_look_misses_nothing(texts: list[str]) -> None:
    column = pa.array(["before", *texts], pa.large_string()).slice(1)
    chosen = set(candidates(column))
    for row, text in enumerate(texts):
        found = rights_in(text)
        if found.licences or found.notices or found.reserved:
            assert row in chosen, text


def test_every_phrase_of_the_list_is_found() -> None:
    column = pa.array([phrase.decode() for phrase in reservations()], pa.large_string())
    assert len(candidates(column)) == len(reservations())
    assert all(rights_in(f"x {phrase.decode()} y").reserved for phrase in reservations())
