"""The workbench of a small bakery: made once, copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from haipkit.web.app import create_app
from helpers.commands import done

from .browsing import Browser


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pristine") / "bakery"
    done("init", folder, "--role", "deployer", "--country", "FR", "--name", "Corner Bakery", "--unprotected-keys")
    about = ("--name", "FAQ chatbot", "--purpose", "Answers customers' questions", "--talks-to-people")
    done("-w", folder, "add", "system", "helpdesk", *about, "--roles", "deployer", "--lifecycle", "deployed")
    return folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "bakery"
    shutil.copytree(pristine, copy)
    return copy


@pytest.fixture
def stranger(folder: Path) -> Iterator[Browser]:
    app = create_app(folder)
    yield Browser(app)
    app.state.desk.close()


@pytest.fixture
def owner(stranger: Browser) -> Browser:
    assert stranger.enter().status == 303
    return stranger
