"""The layout and the habits of the whole repository: what no single module can promise."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from haipkit.kernel.words import ACTIONS

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src/haipkit"


def tracked() -> list[Path]:
    """Every file that git knows; work that is not committed yet is nobody's promise."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in files if path.is_file()]


MODULES = [path for path in tracked() if path.is_relative_to(SRC) and path.suffix == ".py"]

LONGEST_FILE, LONGEST_FUNCTION = 500, 60
LONG: dict[str, str] = {
    "actions/a11_data/records.py": "one body for each kind of record about data, and nothing else",
    "ledger/log.py": "append, group commit and recovery share one lock and one tree",
}
"""Files over 500 lines, or `file:function` over 60, each with its reason."""

CLOCKS = {
    "kernel/clock.py": "the only clock",
    "kernel/identity.py": "ids sort by the moment they were made, whatever day HAIP_NOW names",
}

HEAVY = {
    "click": ("cli/*.py", "cli/*/*.py"),
    "pydantic": ("actions/*/records.py", "records/fields.py", "records/general.py", "workspace/bodies.py"),
    "pytest": ("adapters/pytest_plugin.py",),
    "sqlite3": ("ledger/sqlite.py", "ledger/sqlite_upgrade.py"),
    # The detectors work on arrays; nobody imports them but a scan, inside the function that runs it.
    "numpy": ("detectors/*.py",),
    "pyarrow": ("detectors/*.py",),
    **dict.fromkeys(("aiohttp", "cryptography", "defusedxml", "fsspec", "jinja2", "numba"), ()),
    **dict.fromkeys(("opacus", "pyspark", "ray", "torch", "transformers"), ()),
    **dict.fromkeys(("re2", "rfc8785", "safetensors", "tomlkit", "typst"), ()),
    "zstandard": (),
    "inspect_ai": (),
    "argon2": (),
    "fastapi": ("web/*.py", "web/*/*.py"),
    "multipart": (),
    "uvicorn": (),
}
"""Who may import what at module level. All others import it inside the function that needs it."""


def inside(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


# Layout


def test_every_action_has_its_folder_under_its_official_number() -> None:
    folders = sorted(path.name for path in (SRC / "actions").iterdir() if (path / "__init__.py").exists())
    assert folders == [f"a{number:02}_{name}" for number, (name, _) in ACTIONS.items()]
    for folder in folders:
        for name in ("README.md", "records.py"):
            assert (SRC / "actions" / folder / name).is_file(), f"{folder} lacks {name}"


def test_the_twelve_readmes_have_the_same_sections() -> None:
    heads = {
        path.parent.name: re.findall(r"^## (.*)$", path.read_text(), re.MULTILINE)
        for path in (SRC / "actions").glob("*/README.md")
    }
    assert len({tuple(sections) for sections in heads.values()}) == 1, heads


def test_tests_mirror_the_stages() -> None:
    stages = {path.name for path in SRC.iterdir() if (path / "__init__.py").exists()}
    others = {"helpers", "vectors", "vendor", "journeys", "examples"}
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in tracked() if path.is_relative_to(ROOT / "tests")}
    assert {name for name in folders if "." not in name} <= stages | others


# Habits


def test_every_module_says_what_it_is() -> None:
    texts = {inside(path): path.read_text("utf-8") for path in MODULES}
    assert [name for name, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))] == []


def test_nothing_grows_too_long_without_a_reason() -> None:
    long = set()
    for path in MODULES:
        text = path.read_text("utf-8")
        if len(text.splitlines()) > LONGEST_FILE:
            long.add(inside(path))
        for function in functions(ast.parse(text)):
            if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION:
                long.add(f"{inside(path)}:{function.name}")
    assert long - set(LONG) == set(), "split it, or give a reason in LONG"
    assert set(LONG) - long == set(), "no longer long: take it out of LONG"


def test_time_comes_from_one_clock() -> None:
    asks = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime))\(")
    found = {inside(path) for path in MODULES if asks.search(path.read_text("utf-8"))}
    assert found == set(CLOCKS)


def test_heavy_modules_are_imported_inside_the_function_that_needs_them() -> None:
    early = []
    for path in MODULES:
        for name in _imported_at_start(ast.parse(path.read_text("utf-8"))):
            allowed = HEAVY.get(name.partition(".")[0])
            if allowed is not None and not any(path.relative_to(SRC).match(pattern) for pattern in allowed):
                early.append(f"{inside(path)}: {name}")
    assert not early


def _imported_at_start(node: ast.AST) -> Iterator[str]:
    """Modules that are imported when the module is: not in functions, not for type checkers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield child.module or ""
        yield from _imported_at_start(child)


def _dependencies() -> set[str]:
    """Names of all distributions, also those of the extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return {re.split(r"[^a-z0-9-]", line)[0] for line in lines}


def test_the_list_of_heavy_modules_knows_every_dependency() -> None:
    modules = {"google-re2": "re2", "argon2-cffi": "argon2", "python-multipart": "multipart"}
    modules["inspect-ai"] = "inspect_ai"
    named = {modules.get(name, name) for name in _dependencies()}
    assert named <= set(HEAVY), "a new dependency: say here who may import it at module level"


def test_each_dependency_has_its_decision() -> None:
    decided = {path.stem.partition("depend-on-")[2] for path in (ROOT / "docs/adr").glob("*-depend-on-*.md")}
    assert _dependencies() == decided


# Words


def test_we_never_say_what_nobody_can_know() -> None:
    word = re.compile(r"\b(certified|compliant|AI-powered|simply)\b", re.IGNORECASE)
    allowed = re.compile(
        r"\b(not|never|nor|nobody is) (certified|compliant)\b|\"(certified|compliant)\"", re.IGNORECASE
    )
    places = [ROOT / "src", ROOT / "examples", ROOT / "docs", *ROOT.glob("*.md")]
    found = []
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".html", ".typ", ".css", ".svg", ".json", ".txt"} and any(
            path.is_relative_to(place) for place in places
        ):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if word.search(allowed.sub("", line)):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not found


def test_no_file_names_a_machine_or_a_package_host() -> None:
    # Written in pieces, so that this file does not hold them.
    paths = ["/" + "work/", "/" + "tmp/", "/" + "home/", "/" + "Users/", "/" + "root/"]
    hosts = ["py" + "pi.org", "python" + "hosted", "npm" + "js", "registry." + "npm", "proxy.golang" + ".org"]
    hosts += ["crates" + ".io", "ruby" + "gems.org", "conda." + "anaconda", "jsdel" + "ivr", "un" + "pkg"]
    banned = re.compile("|".join(map(re.escape, paths + hosts)))
    found = []
    for path in tracked():
        if "vendor" in path.parts:
            continue
        hit = banned.search(path.read_bytes().decode("utf-8", "replace"))
        if hit:
            found.append(f"{path.relative_to(ROOT)}: {hit.group()}")
    assert not found


# What a start costs, and what it opens


def _python(code: str, *words: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HAIP_")} | variables
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )


_LOADED = """
import os, sys
os._exit = sys.exit  # a command leaves without taking its objects apart; here we want to look at what it loaded
before = set(sys.modules)
from haipkit.cli.main import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
names = {name.partition(".")[0] for name in set(sys.modules) - before}
print(",".join(sorted(names - sys.stdlib_module_names)), file=sys.stderr)
"""


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository") / "bakery"
    words = ["init", str(folder), "--role", "deployer", "--country", "FR", "--unprotected-keys"]
    done = subprocess.run([sys.executable, "-m", "haipkit.cli.main", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_help_loads_nothing_but_its_own_text() -> None:
    done = _python(_LOADED, "--help")
    assert done.stderr.strip() == "haipkit", done.stderr


@pytest.mark.parametrize("words", [["status"], ["status", "6"], ["next"], ["records"], ["evidence", "list"], ["keys"]])
def test_reading_commands_load_click_alone(words: list[str], workspace: Path) -> None:
    done = _python(_LOADED, *words, cwd=workspace)
    assert done.stderr.strip() == "click,haipkit", done.stderr


_GUARDED = """
import json, os, sys

def refuse(event, arguments):
    if event.startswith("socket.") or event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        os.write(2, ("opened: " + event).encode())
        os._exit(99)

sys.addaudithook(refuse)
from haipkit.cli.run import run
for line in json.loads(sys.argv[1]):
    if line == "socket":
        import socket
        socket.socket()
    code = run(line)
    assert code == 0, (line, code)
"""


def test_no_command_opens_a_socket_or_starts_a_program(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("We asked twenty questions.")
    start = ["init", "bakery", "--role", "deployer", "--country", "FR", "--unprotected-keys"]
    steps = (
        "add system helpdesk --name FAQ --purpose Answers --roles deployer --lifecycle deployed"
        " --prohibited-uses-checked-on 2026-11-01",
        "evidence add notes.txt --backs helpdesk",
        "programme choose code-of-conduct",
        "status --json",
        "next",
        "report gaps --to html,pdf,md,json",
        "bundle report gaps --out gaps.zip",
        "verify gaps.zip --key bakery/.haip/keys/log.vkey",
        "ledger export tree",
        "doctor --deep",
    )
    lines = [start, *(["-w", "bakery", *step.split()] for step in steps)]
    done = _python(_GUARDED, json.dumps(lines), cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_guard_against_sockets_sees_one() -> None:
    done = _python(_GUARDED, json.dumps(["socket"]))
    assert (done.returncode, "opened: socket" in done.stderr) == (99, True)


# The import rule

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

WRONG = {
    "Import downwards only; siblings do not know each other": ("kernel/clock.py", "import haipkit.records.record"),
    "The twelve actions do not know each other": (
        "actions/a06_security/__init__.py",
        "import haipkit.actions.a01_risk.records",
    ),
    "Thinking does not touch the world": ("assessment/engine.py", "import socket"),
    "Reports and exports are told, they do not look": ("reports/text.py", "import haipkit.ledger.merkle"),
    "An auditor can read the whole verifier": ("ledger/verify/tree.py", "import haipkit.ledger.files"),
    "Storage drivers are imported by ledger.open alone": ("workspace/ask.py", "import haipkit.ledger.sqlite"),
}
"""Contract → an import that it has to catch."""


def _linted(folder: Path) -> str:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", folder / "pyproject.toml"]
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    return f"{done.returncode} " + " ".join(done.stdout.split())


def test_every_import_contract_is_kept_and_catches_a_wrong_import(tmp_path: Path) -> None:
    for path in MODULES:
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert set(WRONG) == {contract["name"] for contract in CONTRACTS}
    kept = _linted(tmp_path)
    assert kept.startswith("0 "), kept
    for name, line in WRONG.values():
        path = tmp_path / "src/haipkit" / name
        path.write_text(path.read_text("utf-8") + f"\n{line}\n", "utf-8")
    (tmp_path / "src/haipkit/stray").mkdir()
    (tmp_path / "src/haipkit/stray/__init__.py").touch()
    told = _linted(tmp_path)
    assert told.startswith("1 "), told
    for name in WRONG:
        assert f"{name} BROKEN" in told, told
    assert "stray" in told, "a new folder has to find its layer"


def test_the_verifier_knows_three_modules_of_the_ledger() -> None:
    contract = next(one for one in CONTRACTS if one["name"] == "An auditor can read the whole verifier")
    modules = {f"haipkit.ledger.{path.stem}" for path in (SRC / "ledger").glob("*.py") if path.stem != "__init__"}
    allowed = {f"haipkit.ledger.{name}" for name in ("merkle", "checkpoint", "disclosure")}
    assert modules - allowed <= set(contract["forbidden_modules"])


def test_every_thinking_stage_is_held_to_its_contract() -> None:
    contract = next(one for one in CONTRACTS if one["name"] == "Thinking does not touch the world")
    thinking = {"kernel", "conduct", "records", "detectors", "actions", "assessment"}
    there = {path.relative_to(SRC).parts[0] for path in tracked() if path.is_relative_to(SRC)}
    assert {f"haipkit.{name}" for name in thinking & there} == set(contract["source_modules"])


# The wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a network from the source archive, which is built from the tracked files and some rubbish."""
    home = tmp_path_factory.mktemp("wheel")
    source = home / "source"
    for path in tracked():
        target = source / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for rubbish in (".mypy_cache/x.db", "__pycache__/x.pyc", "build/model.safetensors"):
        path = source / "examples/model-developer" / rubbish
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    make = "import sys; from setuptools import build_meta; print(build_meta.build_sdist(sys.argv[1]))"
    done = _python(make, str(home), cwd=source)
    assert done.returncode == 0, done.stderr
    with tarfile.open(home / done.stdout.split()[-1]) as archive:
        archive.extractall(home / "unpacked", filter="data")
    (unpacked,) = (home / "unpacked").iterdir()
    command = ["-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(home), "."]
    built = subprocess.run([sys.executable, *command], cwd=unpacked, capture_output=True, text=True, timeout=300)
    assert built.returncode == 0, built.stderr
    (path,) = home.glob("*.whl")
    return path


def test_the_wheel_holds_every_data_file_and_the_examples(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("haipkit/")}
    own = {"haipkit/" + inside(path) for path in tracked() if path.is_relative_to(SRC)}
    examples = {
        "haipkit/_examples/" + path.relative_to(ROOT / "examples").as_posix()
        for path in tracked()
        if path.is_relative_to(ROOT / "examples")
    }
    assert held == own | examples


def test_the_wheel_works_without_the_sources(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    lines = [
        ["init", "shop", "--role", "deployer", "--country", "CA", "--unprotected-keys"],
        ["-w", "shop", "report", "gaps", "--to", "html,pdf"],
        ["conduct", "show", "6.1a"],
        ["instrument"],
    ]
    code = (
        "import sys, json, haipkit; from haipkit.cli.run import run; "
        "from haipkit.workspace.example import example_names; "
        "assert 'site' in haipkit.__file__, haipkit.__file__; "
        "assert example_names() == ['deployer-chatbot', 'model-developer'], example_names(); "
        "sys.exit(max(map(run, json.loads(sys.argv[1]))))"
    )
    done = _python(code, json.dumps(lines), cwd=tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "shop/reports").iterdir())) == 2
