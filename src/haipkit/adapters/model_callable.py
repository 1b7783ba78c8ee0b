"""A model in this process: a function, an object that answers, or an ASGI application.

It is named as `module:attribute` or `file.py:attribute`. What is named is imported and run with the rights of this
process. What it raises becomes an outcome.
"""

import asyncio
import inspect
import json
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from haipkit.adapters.model_wire import read_answer
from haipkit.kernel.errors import BadInput, NotFound
from haipkit.kernel.outside import Answer, CallError, Prompt, Scored, Trouble

_DETAIL = 300


def load_target(name: str) -> Any:
    """What `module:attribute` or `file.py:attribute` names; modules in the working folder are found too.

    Raises BadInput and NotFound.
    """
    module_name, colon, path = name.rpartition(":")
    if not (colon and module_name and path):
        raise BadInput("this names nothing to call", where=name, advice="Write module:function or file.py:function.")
    folder = Path.cwd()
    if module_name.endswith(".py"):
        file = Path(module_name).resolve()
        folder, module_name = file.parent, file.stem
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        target: Any = import_module(module_name)
    except ModuleNotFoundError as fault:
        missing = fault.name or module_name
        raise NotFound(
            f"there is no module {missing!r}", where=name, advice="Name its file: folder/module.py:function."
        ) from None
    except Exception as fault:
        raise BadInput(f"the module cannot be imported: {reason_of(fault)}", where=name) from fault
    for part in path.split("."):
        try:
            target = getattr(target, part)
        except AttributeError:
            raise NotFound(f"there is no {part!r} in it", where=name) from None
        except Exception as fault:
            raise BadInput(f"it cannot be had: {reason_of(fault)}", where=name) from fault
    return target


def reason_of(fault: BaseException) -> str:
    """Kind and words of an exception of somebody else's code, on one line."""
    return " ".join(f"{type(fault).__name__}: {fault}".split())[:_DETAIL]


class CallableModel:
    """A function or object as an AsyncModel.

    A function takes the messages (a text becomes one user message) and those options that it has parameters for. It may
    be `async`; otherwise it runs in one of `threads` threads. It returns a text, an Answer, or an object as the chat
    completions API has it. An object with `answer` or `complete` is asked through that, one with `score` also scores.
    """

    def __init__(self, target: Any, name: str, *, threads: int = 16, seconds: float = 120.0) -> None:
        self.name = name
        self._target = target
        self._call = getattr(target, "answer", None) or getattr(target, "complete", None) or target
        if not callable(self._call):
            raise BadInput("this cannot be called", where=name, advice="Name a function, or an object that answers.")
        self._takes_text = hasattr(target, "answer")
        self._known = _parameters(self._call)
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="haip-model")

    async def answer(self, prompt: Prompt, **options: Any) -> Answer:
        """An exception, a wrong type or more than `seconds` are outcomes. A thread that hangs goes on by itself."""
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
        given: Prompt = prompt if self._takes_text else messages
        known = options if self._known is None else {key: value for key, value in options.items() if key in self._known}
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._seconds):
                answer = _read(await self._run(self._call, given, **known))
        except TimeoutError:
            answer = _failed(Trouble.TIMEOUT, f"no answer within {self._seconds:g} seconds")
        except (Exception, SystemExit) as fault:
            answer = _failed(Trouble.FAILED, reason_of(fault))
        return replace(answer, seconds=time.perf_counter() - started)

    async def score(self, prompt: str, continuations: Sequence[str]) -> Sequence[Scored]:
        target = getattr(self._target, "score", None)
        error = CallError(Trouble.UNSUPPORTED, "it does not give log-probabilities")
        if target is not None:
            try:
                given = await self._run(target, prompt, continuations)
                return [one if isinstance(one, Scored) else Scored(tuple(map(float, one))) for one in given]
            except (Exception, SystemExit) as fault:
                error = CallError(Trouble.FAILED, reason_of(fault))
        return [Scored(error=error)] * len(continuations)

    async def _run(self, call: Any, *given: Any, **options: Any) -> Any:
        if inspect.iscoroutinefunction(call):
            return await call(*given, **options)
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self._threads, lambda: call(*given, **options))
        return await result if inspect.isawaitable(result) else result

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _parameters(call: Any) -> set[str] | None:
    """Names of options it takes; None when it takes any."""
    try:
        parameters = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return set()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return {parameter.name for parameter in list(parameters)[1:]}


def _read(result: object) -> Answer:
    if isinstance(result, Answer):
        return result
    if isinstance(result, str):
        return Answer(result)
    if isinstance(result, Mapping) and "choices" in result:
        return read_answer(json.dumps(result).encode(), "application/json")
    kind = type(result).__name__
    return _failed(Trouble.MALFORMED, f"it returned {kind}, not a text, an Answer or a chat completion")


def _failed(trouble: Trouble, detail: str) -> Answer:
    return Answer(error=CallError(trouble, detail))
