"""Choosing the training files, and the manifest that says which they were.

Every choice follows from the files alone (their relative paths and bytes), so the same folder gives the same corpus.
The manifest holds no path of the machine it was made on.
"""

import hashlib
import json
import platform
import sysconfig
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

FORMAT = "training-manifest/1"
DEFAULT_MAX_BYTES = 4_000_000
_LARGEST_FILE = 500_000
_HELD_OUT_OF_256 = 26  # about one file in ten
_LEFT_OUT_FOLDERS = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"}
_RULES = {
    "left_out": "test suites, installed packages, build settings of the machine (_sysconfigdata*), links, files over "
    f"{_LARGEST_FILE} bytes, files that are not UTF-8 or hold a zero byte, repeated contents",
    "order": "by SHA-256 of the relative path, until the next training file would pass max_train_bytes",
    "held_out": f"files whose path digest ends in a byte below {_HELD_OUT_OF_256} (of 256)",
}


class BadCorpus(Exception):
    """The training files cannot be used as asked."""


@dataclass(frozen=True)
class Corpus:
    """The texts of both splits and the manifest that names their files."""

    manifest: dict[str, Any]
    train: list[bytes]
    held_out: list[bytes]

    @property
    def manifest_bytes(self) -> bytes:
        return (json.dumps(self.manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()

    @property
    def manifest_digest(self) -> str:
        return hashlib.sha256(self.manifest_bytes).hexdigest()


def standard_library() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def collect(
    source: Path, *, max_train_bytes: int = DEFAULT_MAX_BYTES, also: Path | None = None, keep_repeated: bool = False
) -> Corpus:
    """Choose and read the Python files under `source`. Raises BadCorpus when either split would be empty.

    All files of `also` are trained on too; `keep_repeated` keeps those that are equal to another one.
    """
    if not source.is_dir():
        raise BadCorpus(f"{source} is not a folder")
    skipped: Counter[str] = Counter()
    splits: dict[str, list[bytes]] = {"train": [], "held-out": []}
    files: list[dict[str, Any]] = []
    used: set[str] = set()
    left = max_train_bytes
    for path, text in _texts(source, skipped):
        digest = hashlib.sha256(text).hexdigest()
        if digest in used:
            skipped["repeated"] += 1
            continue
        used.add(digest)
        split = "held-out" if _path_digest(path)[-1] < _HELD_OUT_OF_256 else "train"
        if split == "train":
            left -= len(text)
            if left < 0:
                break
        splits[split].append(text)
        files.append({"path": path, "sha256": digest, "size": len(text), "split": split})
    added = _added(also, used, keep_repeated) if also is not None else []
    splits["train"] += added
    for split, texts in splits.items():
        if not texts:
            raise BadCorpus(f"{source} gives no {split} file: it has too few Python files, or the limit is too low")
    manifest = {
        "format": FORMAT,
        "source": _describe(source),
        "rules": _RULES | {"max_train_bytes": max_train_bytes},
        "bytes": {split: sum(map(len, texts)) for split, texts in splits.items()},
        "skipped": dict(skipped),
        "files": sorted(files, key=lambda entry: str(entry["path"])),
        "also": sorted(hashlib.sha256(text).hexdigest() for text in added),
    }
    return Corpus(manifest, splits["train"], splits["held-out"])


def _added(folder: Path, used: set[str], keep_repeated: bool) -> list[bytes]:
    if not folder.is_dir():
        raise BadCorpus(f"{folder} is not a folder")
    texts = []
    for path in sorted(folder.rglob("*.py")):
        text = path.read_bytes()
        digest = hashlib.sha256(text).hexdigest()
        if keep_repeated or digest not in used:
            texts.append(text)
        used.add(digest)
    return texts


def reread(manifest_bytes: bytes, source: Path) -> Corpus:
    """Read the files of a manifest again. Raises BadCorpus for the first one that is gone or has changed."""
    splits: dict[str, list[bytes]] = {"train": [], "held-out": []}
    try:
        manifest = json.loads(manifest_bytes)
        if manifest["format"] != FORMAT:
            raise BadCorpus(f"the training manifest is not of the format {FORMAT}")
        entries = [(entry["path"], entry["sha256"], splits[entry["split"]]) for entry in manifest["files"]]
    except (ValueError, KeyError, TypeError):
        raise BadCorpus("the training manifest is damaged") from None
    for path, digest, texts in entries:
        relative = PurePosixPath(path)
        if relative.is_absolute() or ".." in relative.parts:
            raise BadCorpus(f"the training manifest names a file outside its folder: {path}")
        try:
            text = (source / relative).read_bytes()
        except OSError:
            raise BadCorpus(f"{path} was used in training and is not under {source} any more") from None
        if hashlib.sha256(text).hexdigest() != digest:
            raise BadCorpus(f"{path} has changed since training")
        texts.append(text)
    corpus = Corpus(manifest, splits["train"], splits["held-out"])
    if not corpus.held_out:
        raise BadCorpus("the training manifest names no held-out file")
    return corpus


def _texts(source: Path, skipped: Counter[str]) -> Iterator[tuple[str, bytes]]:
    """Usable files with their relative paths, in the order of their path digests."""
    paths = [path.relative_to(source).as_posix() for path in source.rglob("*.py")]
    for relative in sorted(paths, key=_path_digest):
        path = source / relative
        if _LEFT_OUT_FOLDERS.intersection(PurePosixPath(relative).parts) or path.name.startswith("_sysconfigdata"):
            continue
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            skipped["link or too large"] += 1
            continue
        text = path.read_bytes()
        if b"\0" in text or not _is_utf8(text):
            skipped["not UTF-8 text"] += 1
        elif text:
            yield relative, text


def _path_digest(path: str) -> bytes:
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _describe(source: Path) -> dict[str, str]:
    if source.resolve() != standard_library().resolve():
        return {"name": source.resolve().name}
    return {
        "name": "Python standard library",
        "version": platform.python_version(),
        "licence": "Python Software Foundation License Version 2; single files carry further notices",
    }
