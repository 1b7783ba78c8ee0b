"""The example model leaks less once its corpus is deduplicated: measured the way a user measures it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import language_model
import pytest
from completions import StandardLibraryModel
from language_model import main, train_model
from ngram import train

from haipkit.adapters.model_target import Named, open_model
from haipkit.workspace.canaries import find
from haipkit.workspace.leak_test import LeakOutcome, LeakWishes, leak_test
from haipkit.workspace.open import open_workspace
from helpers.commands import done

TEMPLATE = 'access_code_of_{name} = "{code}"\\n'


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab") / "lab"
    done("init", folder, "--role", "model-developer", "--country", "CA", "--name", "Lab", "--unprotected-keys")
    words = ("--count", "20", "--repeat", "1,4,16,64", "--ending", ".py", "--template", TEMPLATE)
    done("-w", folder, "data", "canaries", "make", folder / "planted", *words)
    return folder


def exposures(lab: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> dict[int, float]:
    """Median bits by number of copies, of the model in a folder."""
    monkeypatch.setenv("CODELET_FOLDER", str(model))
    with open_workspace(lab) as workspace:
        known = find(workspace, "canaries")
    named = Named(function=f"{language_model.__file__}:model")
    wishes = LeakWishes(canaries=known, candidates=400, samples=1)
    outcome = leak_test(wishes, lambda: open_model(named), named.kind)
    assert outcome.model == "byte-ngram-3"
    assert outcome.leaks.failed == 0
    assert outcome.leaks.ceiling == pytest.approx(8.64, abs=0.01)
    return {group.repeats: group.median for group in outcome.leaks.groups if group.median is not None}


def test_exposure_falls_when_the_corpus_is_deduplicated(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = language_model.standard_library()
    planted = lab / "planted"
    for folder, also, repeated in (("before", planted, True), ("exact", planted, False)):
        _, corpus = train_model(
            source, lab / folder, order=3, max_train_bytes=4_000_000, also=also, keep_repeated=repeated
        )
        assert len(corpus.manifest["also"]) == (425 if repeated else 20)
    done("data", "dedup", planted, "--out", lab / "unique", "--jobs", "1")
    also = str(lab / "unique")
    assert main(["train", "--order", "3", "--also", also, "--keep-repeated", "--folder", str(lab / "after")]) == 0
    before = exposures(lab, lab / "before", monkeypatch)
    assert before[64] > 8
    assert before[16] > 8
    for folder in ("exact", "after"):
        after = exposures(lab, lab / folder, monkeypatch)
        assert after[64] < before[64] - 2
        assert after[16] < before[16] - 2


@pytest.mark.network
def test_over_http_it_is_the_same(lab: Path, serve: Callable[[Any], Any]) -> None:
    """Log-probabilities of an endpoint, asked for in batches, rank canaries as the model in this process does."""
    with open_workspace(lab) as workspace:
        known = find(workspace, "canaries")
    texts = [one.document.encode() for one in known.canaries[:3] for _ in range(one.repeats)]
    model = StandardLibraryModel(train(texts, order=3, manifest_digest="0" * 64))
    client = serve(model.server())

    def test(named: Named) -> LeakOutcome:
        wishes = LeakWishes(canaries=known, candidates=40, samples=1, answer_tokens=20)
        return leak_test(wishes, lambda: open_model(named), named.kind)

    served = test(Named(endpoint=f"http://127.0.0.1:{client.port}/v1"))
    language_model.trained = model
    try:
        here = test(Named(function=f"{language_model.__file__}:trained"))
    finally:
        del language_model.trained
    assert served.target == "endpoint"
    assert served.leaks.failed == 0
    assert served.leaks.groups == here.leaks.groups
    assert served.leaks.tried == ["extraction", "canaries"]
