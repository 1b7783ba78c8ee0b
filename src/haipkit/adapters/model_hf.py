"""A Hugging Face model on this machine, as an AsyncModel and a ScoringModel. Needs the extra `torch`.

Reads a local folder only: nothing is downloaded, no code of the model's folder is run, weights are safetensors.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from haipkit.kernel.errors import BadInput, NotFound, Unavailable
from haipkit.kernel.outside import Answer, CallError, Prompt, Scored, Trouble

_OPTIONS = ("max_tokens", "temperature", "seed", "stop")


class HfModel:
    """A causal language model and its tokenizer, in one thread of its own.

    Options of `answer`: max_tokens (default 128), temperature (0, the default, takes the likeliest token), seed, stop.
    Raises NotFound, BadInput and Unavailable when it cannot be loaded.
    """

    def __init__(self, folder: str, *, device: str = "", batch: int = 16) -> None:
        self.name = Path(folder).name
        self._torch, self._tokenizer, self._model = _load(folder, device)
        self._batch = batch
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="haip-model")

    async def answer(self, prompt: Prompt, **options: Any) -> Answer:
        started = time.perf_counter()
        answer = await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, prompt, options)
        return replace(answer, model=self.name, seconds=time.perf_counter() - started)

    async def score(self, prompt: str, continuations: Sequence[str]) -> Sequence[Scored]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._score, prompt, continuations)

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _answer(self, prompt: Prompt, options: Mapping[str, Any]) -> Answer:
        unknown = sorted(set(options) - set(_OPTIONS))
        if unknown:
            return _failed(Trouble.UNSUPPORTED, f"a local model does not know {', '.join(unknown)}")
        try:
            return self._generate(self._tokens_of(prompt), options)
        except Exception as fault:
            return _failed(Trouble.FAILED, f"{type(fault).__name__}: {fault}"[:300])

    def _tokens_of(self, prompt: Prompt) -> list[int]:
        if isinstance(prompt, str):
            return list(self._tokenizer(prompt)["input_ids"])
        text = self._tokenizer.apply_chat_template(list(prompt), tokenize=False, add_generation_prompt=True)
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _generate(self, tokens: list[int], options: Mapping[str, Any]) -> Answer:
        torch, temperature = self._torch, float(options.get("temperature") or 0)
        if options.get("seed") is not None:
            torch.manual_seed(int(options["seed"]))
        how: dict[str, Any] = {"do_sample": temperature > 0, "max_new_tokens": int(options.get("max_tokens", 128))}
        if temperature > 0:
            how["temperature"] = temperature
        if options.get("stop"):
            stops = options["stop"]
            how |= {"stop_strings": [stops] if isinstance(stops, str) else list(stops), "tokenizer": self._tokenizer}
        inputs = torch.tensor([tokens], device=self._model.device)
        with torch.inference_mode():
            produced = self._model.generate(
                inputs, attention_mask=torch.ones_like(inputs), pad_token_id=self._padding, **how
            )[0][len(tokens) :].tolist()
        ended = len(produced) < how["max_new_tokens"] or bool(produced and produced[-1] == self._tokenizer.eos_token_id)
        text = self._tokenizer.decode(produced, skip_special_tokens=True)
        for stop in how.get("stop_strings", ()):
            text = text.partition(stop)[0]
        return Answer(text, (), "stop" if ended else "length", len(tokens), len(produced))

    @property
    def _padding(self) -> int:
        """Any token will do: what it fills is masked."""
        for token in (self._tokenizer.pad_token_id, self._tokenizer.eos_token_id):
            if token is not None:
                return int(token)
        return 0

    def _score(self, prompt: str, continuations: Sequence[str]) -> list[Scored]:
        results: list[Scored] = []
        for at in range(0, len(continuations), self._batch):
            part = continuations[at : at + self._batch]
            try:
                results += self._score_batch(prompt, part)
            except Exception as fault:
                error = CallError(Trouble.FAILED, f"{type(fault).__name__}: {fault}"[:300])
                results += [Scored(error=error)] * len(part)
        return results

    def _score_batch(self, prompt: str, part: Sequence[str]) -> list[Scored]:
        """One forward pass over texts padded at their end. A token counts if it ends after the prompt does."""
        torch = self._torch
        encoded = [self._tokenizer(prompt + one, return_offsets_mapping=True) for one in part]
        longest = max(len(one["input_ids"]) for one in encoded)
        rows = [list(one["input_ids"]) + [self._padding] * (longest - len(one["input_ids"])) for one in encoded]
        masks = [[1] * len(one["input_ids"]) + [0] * (longest - len(one["input_ids"])) for one in encoded]
        inputs = torch.tensor(rows, device=self._model.device)
        with torch.inference_mode():
            logits = self._model(inputs, attention_mask=torch.tensor(masks, device=self._model.device)).logits
            shares = torch.log_softmax(logits[:, :-1].float(), dim=-1)
            values = shares.gather(-1, inputs[:, 1:, None])[..., 0].tolist()
        return [
            Scored(
                tuple(
                    values[row][at - 1] for at, (_, end) in enumerate(one["offset_mapping"]) if at and end > len(prompt)
                )
            )
            for row, one in enumerate(encoded)
        ]


def _load(folder: str, device: str) -> tuple[Any, Any, Any]:
    if not Path(folder).is_dir():
        raise NotFound("there is no such folder", where=folder, advice="Name the folder of a downloaded model.")
    try:
        import torch
        import transformers
    except ImportError as fault:
        raise Unavailable(
            f"local models need {fault.name}", advice="Install haipkit with the extra torch: haipkit[torch]."
        ) from None
    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    fixed: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, use_fast=True, **fixed)
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, **fixed)
        return torch, tokenizer, model.to(place).eval()
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as fault:
        raise BadInput(f"the model cannot be loaded: {' '.join(str(fault).split())[:300]}", where=folder) from fault


def _failed(trouble: Trouble, detail: str) -> Answer:
    return Answer(error=CallError(trouble, detail))
