"""A small language model of Python source code: train, evaluate, probe, sample and serve it.

python examples/model-developer/language_model.py train
python examples/model-developer/language_model.py evaluate
python examples/model-developer/language_model.py probe
python examples/model-developer/language_model.py sample --prompt "import os" --seed 1
python examples/model-developer/language_model.py serve --port 8802
"""

import argparse
import json
import lzma
import math
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
sys.path.extend([str(_HERE), str(_HERE.parent)])

from _results import Case, write_junit, write_whole  # noqa: E402
from _serving import ApiError, run  # noqa: E402
from completions import Settings, StandardLibraryModel, generate, text_of  # noqa: E402
from corpus import DEFAULT_MAX_BYTES, BadCorpus, Corpus, collect, reread, standard_library  # noqa: E402
from ngram import MAX_ORDER, BadModel, NgramModel, read, train, write  # noqa: E402
from probing import Probe, probe  # noqa: E402
from recording import evaluation_form, form_bytes, probe_form, training_form  # noqa: E402

DEFAULT_FOLDER = _HERE / "build"
DEFAULT_ORDER = 6
_MODEL, _MANIFEST, _EVALUATION = "model.safetensors", "manifest.json", "evaluation.json"
_PROBE, _PROBE_JUNIT = "probe.json", "probe.xml"
_BAR = 4.0  # bits per byte that a release may need at most: half of what bytes need without a model


def train_model(
    source: Path,
    folder: Path,
    *,
    order: int,
    max_train_bytes: int,
    also: Path | None = None,
    keep_repeated: bool = False,
) -> tuple[NgramModel, Corpus]:
    """Train on the files under `source` and in `also`; write the weights and the training manifest to `folder`."""
    corpus = collect(source, max_train_bytes=max_train_bytes, also=also, keep_repeated=keep_repeated)
    model = train(corpus.train, order=order, manifest_digest=corpus.manifest_digest)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / _MANIFEST, corpus.manifest_bytes)
    write_whole(folder / _MODEL, write(model))
    return model, corpus


def load_model(folder: Path) -> NgramModel:
    return read(folder / _MODEL)


def __getattr__(name: str) -> StandardLibraryModel:
    """`language_model.model`: the model in the folder that CODELET_FOLDER names, for `haip … --function`."""
    if name != "model":
        raise AttributeError(name)
    return StandardLibraryModel(load_model(Path(os.environ.get("CODELET_FOLDER", DEFAULT_FOLDER))))


def evaluate_model(folder: Path, source: Path) -> dict[str, Any]:
    """Measure the model of `folder` on its held-out files, read again from `source` and checked against the manifest.

    Bits per byte: the negative base-2 log-probability of all held-out bytes and text ends, over the number of bytes.
    """
    model = load_model(folder)
    corpus = _corpus_of(model, folder, source)
    held_out = bits_per_byte(model, corpus.held_out)
    seen = bits_per_byte(model, corpus.train[: len(corpus.held_out)])
    single = train(corpus.train, order=1, manifest_digest="")
    packed = len(lzma.compress(b"".join(corpus.held_out), preset=9))
    size = sum(map(len, corpus.held_out))
    return {
        "model": model.name,
        "training_manifest_sha256": model.manifest_digest,
        "held_out_files": len(corpus.held_out),
        "held_out_bytes": size,
        "bits_per_byte": round(held_out, 4),
        "perplexity_per_byte": round(2**held_out, 4),
        "bits_per_byte_on_training_files": round(seen, 4),
        "baselines_bits_per_byte": {
            "uniform": 8.0,
            "byte frequencies alone": round(bits_per_byte(single, corpus.held_out), 4),
            "xz -9 of the held-out files together": round(8 * packed / size, 4),
        },
    }


def _corpus_of(model: NgramModel, folder: Path, source: Path) -> Corpus:
    try:
        manifest = (folder / _MANIFEST).read_bytes()
    except OSError as problem:
        raise BadCorpus(f"the training manifest cannot be read: {problem}") from None
    corpus = reread(manifest, source)
    if corpus.manifest_digest != model.manifest_digest:
        raise BadCorpus("the training manifest is not the one this model was trained with")
    return corpus


def bits_per_byte(model: NgramModel, texts: list[bytes]) -> float:
    total = math.fsum(math.fsum(model.score(text, end=True)) for text in texts)
    return -total / math.log(2) / sum(map(len, texts))


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (BadModel, BadCorpus, ApiError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 65
    except OSError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 74


def _train(options: argparse.Namespace) -> int:
    print(f"reading Python files under {options.source}")
    started = time.perf_counter()
    model, corpus = train_model(
        options.source,
        options.folder,
        order=options.order,
        max_train_bytes=options.max_bytes,
        also=options.also,
        keep_repeated=options.keep_repeated,
    )
    spent = time.perf_counter() - started
    files = corpus.manifest["files"]
    held_out = len(corpus.held_out)
    print(f"trained {model.name} on {len(files) - held_out} files, {corpus.manifest['bytes']['train']:,} bytes")
    if options.also is not None:
        print(f"and on {len(corpus.manifest['also'])} files of {options.also}")
    print(f"held out {held_out} files, {corpus.manifest['bytes']['held-out']:,} bytes")
    print(f"{model.ngrams:,} n-grams in {options.folder / _MODEL} ({spent:.1f} s)")
    if options.record_for:
        _record(options.folder / "training-record.json", training_form(options.record_for, corpus))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    result = evaluate_model(options.folder, options.source)
    text = json.dumps(result, indent=2) + "\n"
    write_whole(options.folder / _EVALUATION, text.encode())
    print(text, end="")
    if options.record_for:
        _record(options.folder / "evaluation-record.json", evaluation_form(options.record_for, result, _BAR))
    return 0


def _probe(options: argparse.Namespace) -> int:
    model = load_model(options.folder)
    probes = probe(model, _corpus_of(model, options.folder, options.source).train)
    text = json.dumps({"model": model.name, "probes": [asdict(entry) for entry in probes]}, indent=2) + "\n"
    write_whole(options.folder / _PROBE, text.encode())
    write_junit(options.folder / _PROBE_JUNIT, f"{model.name}: gives away no mail address", {"probe": _cases(probes)})
    for entry in probes:
        print(f"{entry.prompt!r}: {entry.repeated} from the training text, {entry.invented} made up")
    print(f"written to {options.folder / _PROBE} and {_PROBE_JUNIT}, without the addresses")
    if options.record_for:
        _record(options.folder / "probe-record.json", probe_form(options.record_for, model, probes))
    return 0


def _cases(probes: list[Probe]) -> list[Case]:
    return [
        Case(
            f"no address after {entry.prompt!r}",
            f"{entry.repeated} from the training text in {entry.samples} samples" if entry.repeated else None,
        )
        for entry in probes
    ]


def _record(path: Path, form: dict[str, Any]) -> None:
    write_whole(path, form_bytes(form))
    print(f"form for haip add --from: {path}")


def _sample(options: argparse.Namespace) -> int:
    settings = Settings(max_tokens=options.bytes, temperature=options.temperature, seed=options.seed)
    prompt = options.prompt.encode("utf-8", "surrogateescape")
    tokens = [token for piece, _ in generate(load_model(options.folder), prompt, settings) for token in piece]
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    print(options.prompt + text_of(tokens))
    return 0


def _serve(options: argparse.Namespace) -> int:
    model = StandardLibraryModel(load_model(options.folder))
    return run(model.server(host=options.host, port=options.port))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A small language model of Python source code.")
    commands = parser.add_subparsers(required=True, metavar="command")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where the model is kept (default: build)")
    reading = argparse.ArgumentParser(add_help=False)
    reading.add_argument(
        "--source", type=Path, default=standard_library(), help="folder of Python files (default: the standard library)"
    )
    recording = argparse.ArgumentParser(add_help=False)
    recording.add_argument(
        "--record-for", metavar="SYSTEM", help="also write a form for `haip add --from`: codelet, codelet/1.0"
    )

    command = commands.add_parser(
        "train", parents=[common, reading, recording], help="count, smooth, write weights and manifest"
    )
    command.add_argument("--max-bytes", type=_bounded(int, 1000, 50_000_000), default=DEFAULT_MAX_BYTES)
    command.add_argument("--order", type=_bounded(int, 1, MAX_ORDER), default=DEFAULT_ORDER)
    command.add_argument("--also", type=Path, metavar="FOLDER", help="train on the Python files of this folder too")
    command.add_argument("--keep-repeated", action="store_true", help="keep files of --also that are equal to another")
    command.set_defaults(run=_train)

    command = commands.add_parser("evaluate", parents=[common, reading, recording], help="measure on held-out files")
    command.set_defaults(run=_evaluate)

    command = commands.add_parser("probe", parents=[common, reading, recording], help="try to draw mail addresses out")
    command.set_defaults(run=_probe)

    command = commands.add_parser("sample", parents=[common], help="write a continuation of a prompt")
    command.add_argument("--prompt", default="")
    command.add_argument("--bytes", type=_bounded(int, 1, 1_000_000), default=400)
    command.add_argument("--temperature", type=_bounded(float, 0, 2), default=0.7)
    command.add_argument("--seed", type=_bounded(int, 0, 2**63 - 1), default=None)
    command.set_defaults(run=_sample)

    command = commands.add_parser("serve", parents=[common], help="answer over HTTP like the OpenAI API")
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=_bounded(int, 0, 65535), default=8802)
    command.set_defaults(run=_serve)
    return parser


def _bounded(kind: type[int] | type[float], low: float, high: float) -> Any:
    def read_value(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be from {low:,} to {high:,}")
        return value

    return read_value


if __name__ == "__main__":
    sys.exit(main())
