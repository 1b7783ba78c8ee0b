"""The few public names: each can be used, loads its stage only then, and no other is offered."""

import subprocess
import sys

import pytest

import haipkit


@pytest.mark.parametrize("name", haipkit.__all__)
def test_each_name_can_be_called(name: str) -> None:
    assert callable(getattr(haipkit, name))


def test_importing_the_package_loads_no_stage() -> None:
    script = "import sys, haipkit; print([name for name in sys.modules if name.startswith('haipkit.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = haipkit.nonsense
