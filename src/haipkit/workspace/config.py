"""`haip.toml`: what the workspace is called, where its ledger and keys are, and who signs.

Facts about the organisation are records, not settings. Edits keep the file's comments.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haipkit.kernel.errors import BadConfig, CannotWrite, NotFound

CONFIG_NAME = "haip.toml"
FORMAT = 1

SETTINGS: dict[str, dict[str, tuple[type, str]]] = {
    "workspace": {
        "format": (int, "Version of this layout"),
        "name": (str, "Short name of the workspace"),
    },
    "ledger": {
        "origin": (str, "Public name of the log, a schema-less URL; it never changes"),
        "path": (str, "Where the log lies, inside the workspace"),
        "verifier_key": (str, "Public key of the log (C2SP vkey); the log is refused if its own differs"),
        "retired_keys": (list, "Public keys that the log used before (`haip keys rotate log`): for older heads only"),
    },
    "keys": {
        "folder": (str, "Where the private keys lie, inside the workspace"),
        "log": (str, "File name of the log's key, without .pem"),
        "office": (str, "The office that signs when no other is named"),
        "protected": (bool, "Whether the keys were made with a passphrase"),
    },
    "assessment": {
        "roles": (list, "Roles to assess while no organisation is recorded"),
        "start": (str, "Profile that gives the starting order of `haip next`"),
    },
    "witness": {
        "keys": (list, "Public keys of those who watch this log (`haip witness trust`)"),
        "urls": (list, "Where they take heads over HTTP (`haip witness send`); nothing is sent unasked"),
    },
    "report": {"language": (str, "Language of reports; English for now")},
}
_REQUIRED = (
    ("workspace", "format"),
    ("workspace", "name"),
    ("ledger", "origin"),
    ("ledger", "path"),
    ("ledger", "verifier_key"),
    ("keys", "folder"),
    ("keys", "log"),
    ("keys", "office"),
)


@dataclass(frozen=True, slots=True)
class Config:
    """Checked settings. Paths are absolute and inside the workspace."""

    root: Path
    name: str
    origin: str
    ledger: Path
    verifier_key: str
    keys: Path
    log_key: str
    office: str
    protected: bool
    roles: tuple[str, ...]
    start: str | None
    witnesses: tuple[str, ...]
    language: str
    retired_keys: tuple[str, ...] = ()
    witness_urls: tuple[str, ...] = ()

    @property
    def file(self) -> Path:
        return self.root / CONFIG_NAME

    @property
    def private(self) -> Path:
        return self.root / ".haip"


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` with a haip.toml. Raises NotFound."""
    for folder in (start, *start.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    raise NotFound(
        "this folder is not a haip workspace, nor is any above it",
        where=str(start),
        advice="Start one with `haip init my-company`, or name one with --workspace or HAIP_WORKSPACE.",
    )


def read_config(root: Path) -> Config:
    """Read and check haip.toml. Raises NotFound, BadConfig (with line or field)."""
    file = root / CONFIG_NAME
    try:
        data = tomllib.loads(file.read_bytes().decode("utf-8"))
    except FileNotFoundError as fault:
        raise NotFound("there is no haip.toml here", where=str(root), advice="Start with `haip init`.") from fault
    except OSError as fault:
        raise BadConfig(f"haip.toml cannot be read: {fault.strerror}", where=str(file)) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadConfig(
            f"not valid TOML: {fault}", where=str(file), advice="Mend the line; nothing was changed."
        ) from fault
    _check(data, str(file))
    keys, assessment = data["keys"], data.get("assessment", {})
    return Config(
        root=root,
        name=data["workspace"]["name"],
        origin=data["ledger"]["origin"],
        ledger=inside(root, data["ledger"]["path"], where=f"{file}: ledger.path"),
        verifier_key=data["ledger"]["verifier_key"],
        keys=inside(root, keys["folder"], where=f"{file}: keys.folder"),
        log_key=keys["log"],
        office=keys["office"],
        protected=keys.get("protected", True),
        roles=tuple(assessment.get("roles", ())),
        start=assessment.get("start"),
        witnesses=tuple(data.get("witness", {}).get("keys", ())),
        language=data.get("report", {}).get("language", "en"),
        witness_urls=tuple(data.get("witness", {}).get("urls", ())),
        retired_keys=tuple(data["ledger"].get("retired_keys", ())),
    )


def _check(data: Mapping[str, Any], where: str) -> None:
    from difflib import get_close_matches

    for section, values in data.items():
        known = SETTINGS.get(section)
        if known is None or not isinstance(values, dict):
            near = get_close_matches(section, SETTINGS, n=1)
            raise BadConfig(
                f"unknown section [{section}]", where=where, advice=f"Did you mean [{near[0]}]?" if near else ""
            )
        for name, value in values.items():
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"[{section}] knows: {', '.join(known)}."
                raise BadConfig(f"unknown setting {section}.{name}", where=where, advice=hint)
            wanted, _ = known[name]
            if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
                raise BadConfig(f"{section}.{name} is {value!r}, which is of the wrong type", where=where)
    for section, name in _REQUIRED:
        if name not in data.get(section, {}):
            raise BadConfig(f"{section}.{name} is missing", where=where, advice="Compare with a fresh `haip init`.")
    if data["workspace"]["format"] != FORMAT:
        raise BadConfig(
            f"this workspace has format {data['workspace']['format']}, this haipkit reads format {FORMAT}",
            where=where,
            advice="Install the haipkit that made it, or a later one.",
        )


def inside(root: Path, name: str, *, where: str) -> Path:
    """`name` under `root`, symlinks followed. Raises BadConfig when it points outside."""
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()):
        raise BadConfig(
            f"{name!r} lies outside the workspace", where=where, advice="Keep it under the folder of haip.toml."
        )
    return path


def save(path: Path, data: bytes) -> None:
    """Write a whole file or nothing. Raises CannotWrite."""
    from haipkit.ledger.files import replace_file

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
    except OSError as fault:
        raise CannotWrite(
            f"cannot be written: {fault.strerror}", where=str(path), advice="Nothing was changed."
        ) from fault


def new_config(name: str, origin: str, verifier_key: str, office: str, *, protected: bool, start: str) -> bytes:
    """The text of a fresh haip.toml, with comments."""
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("haipkit workspace. Facts are in the ledger; this file says where things are."))
    document.add("workspace", tomlkit.item({"format": FORMAT, "name": name}))
    document.add(tomlkit.nl())
    ledger = tomlkit.table()
    ledger.add(tomlkit.comment("The log's name, and the key that everybody checks it with. Both are public."))
    ledger.add("origin", origin)
    ledger.add("path", ".haip/ledger.db")
    ledger.add("verifier_key", verifier_key)
    document.add("ledger", ledger)
    document.add(tomlkit.nl())
    keys = tomlkit.table()
    keys.add(
        tomlkit.comment("Private keys stay in this folder, readable by you alone. Never copy them into a repository.")
    )
    keys.add("folder", ".haip/keys")
    keys.add("log", "log")
    keys.add("office", office)
    keys.add("protected", protected)
    document.add("keys", keys)
    document.add(tomlkit.nl())
    assessment = tomlkit.table()
    assessment.add(
        tomlkit.comment("Which profile says where to start: sme, deployer, application-developer, model-developer.")
    )
    assessment.add("start", start)
    document.add("assessment", assessment)
    document.add(tomlkit.nl())
    witness = tomlkit.table()
    witness.add(tomlkit.comment("Verifier keys of others who watch this ledger: `haip witness trust`."))
    witness.add("keys", [])
    document.add("witness", witness)
    return tomlkit.dumps(document).encode("utf-8")


def set_value(config: Config, section: str, name: str, value: Any) -> None:
    """Change one setting and keep every comment. Raises BadConfig, CannotWrite; on failure nothing is changed."""
    set_values(config, section, {name: value})


def set_values(config: Config, section: str, values: Mapping[str, Any]) -> None:
    """Change several settings of a section in one step. Raises as `set_value`."""
    import tomlkit

    document = tomlkit.parse(config.file.read_text("utf-8"))
    if section not in document:
        document.add(section, tomlkit.table())
    for name, value in values.items():
        document[section][name] = value
    text = tomlkit.dumps(document)
    _check(tomllib.loads(text), str(config.file))
    save(config.file, text.encode("utf-8"))
