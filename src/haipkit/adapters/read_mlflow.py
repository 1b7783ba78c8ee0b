"""Runs of MLflow: its folder on disk (`mlruns/EXPERIMENT/RUN`), or the JSON that `mlflow runs describe` prints.

Takes over parameters, times, the commit it noted and digests of the artefacts that lie in the folder. Metrics stay
where they are: an evaluation is imported as one.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from haipkit.kernel.errors import BadInput, NotFound

_COMMIT = "mlflow.source.git.commit"
_MOST = 2000


def read_mlflow(path: Path) -> dict[str, Any]:
    """The body of a trace/1 record without its day: title, parameters, commit, outputs, and `started` (ISO day).

    Raises NotFound and BadInput.
    """
    if not path.exists():
        raise NotFound("there is no such run", where=str(path))
    return _folder(path) if path.is_dir() else _described(path)


def _folder(path: Path) -> dict[str, Any]:
    meta = _meta(path / "meta.yaml")
    values = {name: _values(path / name) for name in ("params", "tags")}
    outputs = []
    home = path / "artifacts"
    files = sorted(one for one in home.rglob("*") if one.is_file()) if home.is_dir() else []
    if len(files) > _MOST:
        raise BadInput(f"{len(files):,} artefacts are too many for one trace", where=str(path))
    for one in files:
        content = one.read_bytes()
        name = one.relative_to(home).as_posix()
        outputs.append({"name": name[:300], "sha256": sha256(content).hexdigest(), "size": len(content)})
    title = meta.get("run_name") or values["tags"].get("mlflow.runName") or meta.get("run_id") or path.name
    return _body(title, meta.get("start_time"), meta.get("end_time"), values["params"], values["tags"], outputs, path)


def _described(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
        info, held = data["info"], data["data"]
        params, tags = (_named(held.get(name) or {}) for name in ("params", "tags"))
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        hint = "Name its folder, or what mlflow runs describe prints."
        raise BadInput("this is not a run of MLflow", where=str(path), advice=hint) from fault
    title = info.get("run_name") or tags.get("mlflow.runName") or info.get("run_id") or path.stem
    return _body(title, info.get("start_time"), info.get("end_time"), params, tags, [], path)


def _named(value: Any) -> dict[str, str]:
    if isinstance(value, list):
        return {str(one["key"]): str(one["value"]) for one in value}
    return {str(name): str(text) for name, text in value.items()}


def _body(
    title: str,
    start: Any,
    end: Any,
    params: dict[str, str],
    tags: dict[str, str],
    outputs: list[dict[str, Any]],
    path: Path,
) -> dict[str, Any]:
    from datetime import UTC, datetime

    try:
        began, ended = (int(value) / 1000 if value not in (None, "", "null") else None for value in (start, end))
        day = datetime.fromtimestamp(began, UTC).date().isoformat() if began is not None else None
    except (ValueError, TypeError, OverflowError, OSError) as fault:
        raise BadInput("its times cannot be read", where=str(path)) from fault
    commit = tags.get(_COMMIT, "")
    body: dict[str, Any] = {
        "title": str(title)[:300],
        "step": "training",
        "performed_on": day,
        "parameters": [{"name": name[:300], "value": text[:300] or "–"} for name, text in sorted(params.items())],
        "outputs": outputs,
        "code_commit": commit if commit and all(one in "0123456789abcdef" for one in commit) else None,
        "command": (tags.get("mlflow.source.name") or "")[:300] or None,
        "seconds": f"{ended - began:.3f}" if began is not None and ended is not None and ended >= began else None,
        "source": "MLflow",
    }
    return {name: value for name, value in body.items() if value is not None}


def _meta(path: Path) -> dict[str, str]:
    """The flat `name: value` lines of meta.yaml; nothing else stands in it."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput("this folder is not a run of MLflow: it has no meta.yaml", where=str(path.parent)) from fault
    pairs = (line.partition(":") for line in lines if ":" in line and not line.startswith((" ", "-", "#")))
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def _values(folder: Path) -> dict[str, str]:
    """One file a value, its name the key (which may hold folders)."""
    if not folder.is_dir():
        return {}
    files = [one for one in folder.rglob("*") if one.is_file()]
    return {one.relative_to(folder).as_posix(): one.read_text("utf-8", "replace").strip() for one in files}
