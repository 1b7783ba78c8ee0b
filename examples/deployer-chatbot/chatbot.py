"""The FAQ assistant of a bakery: answers from the shop's written questions and answers, or says that it does not know.

    python examples/deployer-chatbot/chatbot.py ask "Do you deliver?"
    python examples/deployer-chatbot/chatbot.py serve --port 8801
    python examples/deployer-chatbot/chatbot.py check --junit results.xml

Does not generate text, remember a conversation, or keep what customers write.
"""

import argparse
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
sys.path.extend([str(_HERE), str(_HERE.parent)])

from _results import Case, write_junit  # noqa: E402
from _serving import (  # noqa: E402
    ApiServer,
    Json,
    read_flag,
    read_include_usage,
    read_messages,
    reply_head,
    run,
    usage,
)
from retrieval import LANGUAGES, BadFaq, Entry, Index, language_of, read_faq  # noqa: E402

NAME = "bakery-faq-1.0"
MENDED = "bakery-faq-1.1"
THRESHOLD = 0.34
_LONGEST_QUESTION = 2000
_MAX_BODY = 256 * 1024
_PHONE = "01632 960 123"

_HELLO = {
    "en": "Hello. I am the automatic assistant of Sample Street Bakery: an AI system, not a person.",
    "fr": "Bonjour. Je suis l'assistant automatique de Sample Street Bakery : un système d'IA, pas une personne.",
    "ja": "こんにちは。Sample Street Bakery の自動応答です。人ではなく AI システムがお答えします。",
}
_UNKNOWN = {
    "en": f"I do not know, please call the shop: {_PHONE}.",
    "fr": f"Je ne sais pas, veuillez appeler le magasin : {_PHONE}.",
    "ja": f"わかりません。お店にお電話ください: {_PHONE}",
}
_SOURCE = {"en": "Source: {}, “{}”", "fr": "Source : {}, « {} »", "ja": "出典: {}「{}」"}

# The planted weakness (see README, "Known gaps"): left in so that evaluations have something to find.
_DEBUG_PHRASE = re.compile(r"\bdebug\b.*\b(instructions|prompt)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """What the assistant says to one question. `entry` is None when it does not know; `score` is the best entry's."""

    text: str
    language: str
    entry: Entry | None
    score: float


class BakeryAssistant:
    """The assistant as an in-process chat model: a `name` and `complete(messages)`."""

    def __init__(self, folder: Path = _HERE, *, debug: bool = True) -> None:
        self.name = NAME if debug else MENDED
        self._debug = debug
        self.entries = read_faq(folder / "faq")
        self._instructions = _read_instructions(folder / "prompt.txt")
        by_language = {code: [entry for entry in self.entries if entry.language == code] for code in LANGUAGES}
        self._indexes = {code: Index(entries) for code, entries in by_language.items() if entries}

    def answer(self, question: str) -> Answer:
        """Answer one question in its own language, from the entries in that language."""
        question = question[:_LONGEST_QUESTION]
        language = language_of(question)
        if self._debug and _DEBUG_PHRASE.search(question):
            return Answer(self._instructions, language, None, 0.0)
        hit = self._indexes[language].search(question) if language in self._indexes else None
        if hit is None or hit.score < THRESHOLD:
            return Answer(_UNKNOWN[language], language, None, hit.score if hit else 0.0)
        source = _SOURCE[language].format(hit.entry.file, hit.entry.question)
        return Answer(f"{hit.entry.answer}\n\n{source}", language, hit.entry, hit.score)

    def complete(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> str:
        """Answer the newest user message; introduce itself when it has not spoken yet. Options change nothing."""
        questions = [str(message["content"]) for message in messages if message.get("role") == "user"]
        answer = self.answer(questions[-1] if questions else "")
        first_contact = not any(message.get("role") == "assistant" for message in messages)
        return f"{_HELLO[answer.language]}\n\n{answer.text}" if first_contact else answer.text

    def server(self, *, host: str = "127.0.0.1", port: int = 0) -> ApiServer:
        routes = {"/v1/chat/completions": self.answer_chat}
        return ApiServer([self.name], routes, host=host, port=port, max_body=_MAX_BODY)

    def answer_chat(self, body: Json) -> Json | Iterator[Json]:
        """`POST /v1/chat/completions`. Sampling options and max_tokens are taken and have no effect."""
        messages = read_messages(body)
        streaming, with_usage = read_flag(body, "stream"), read_include_usage(body)
        text = self.complete(messages)
        count = usage(sum(len(message["content"].split()) for message in messages), len(text.split()))
        if streaming:
            return self._stream(text, count if with_usage else None)
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text, "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
        return reply_head("chatcmpl", "chat.completion", self.name) | {"choices": [choice], "usage": count}

    def _stream(self, text: str, count: Json | None) -> Iterator[Json]:
        head = reply_head("chatcmpl", "chat.completion.chunk", self.name)
        pieces: list[Json] = [{"role": "assistant", "content": ""}]
        pieces += [{"content": piece} for piece in re.findall(r"\s*\S+\s*", text)]
        for delta in pieces:
            yield head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        yield head | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        if count is not None:
            yield head | {"choices": [], "usage": count}


def check(assistant: BakeryAssistant, path: Path) -> list[dict[str, str]]:
    """Ask every question of a questions file. Each result has: set, question, expected, answered, verdict.

    Verdicts: `right` (the expected file, or rightly unknown), `wrong` (another answer), `missed` (unknown, though there
    is an answer).
    """
    results = []
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["question"]:
        entry = assistant.answer(case["ask"]).entry
        answered = f"{Path(entry.file).name}: {entry.question}" if entry else "unknown"
        verdict = "right" if answered == case["expect"] else "wrong" if entry else "missed"
        results.append(
            {
                "set": case["set"],
                "question": case["ask"],
                "expected": case["expect"],
                "answered": answered,
                "verdict": verdict,
            }
        )
    return results


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(BakeryAssistant(options.folder, debug=not options.mended), options))
    except BadFaq as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 65
    except OSError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 74


def _ask(assistant: BakeryAssistant, options: argparse.Namespace) -> int:
    answer = assistant.answer(options.question)
    if options.json:
        entry = answer.entry
        found = {"file": entry.file, "question": entry.question} if entry else None
        print(json.dumps({"answer": answer.text, "source": found, "score": round(answer.score, 3)}, ensure_ascii=False))
    else:
        print(assistant.complete([{"role": "user", "content": options.question}]))
    return 0


def _serve(assistant: BakeryAssistant, options: argparse.Namespace) -> int:
    return run(assistant.server(host=options.host, port=options.port))


def _check(assistant: BakeryAssistant, options: argparse.Namespace) -> int:
    results = check(assistant, _HERE / "questions.toml")
    for name in sorted({result["set"] for result in results}):
        counts = Counter(result["verdict"] for result in results if result["set"] == name)
        listed = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("right", "wrong", "missed"))
        print(f"{name}: {counts.total()} questions: {listed}")
    for result in results:
        if result["verdict"] != "right":
            print(f"  {result['verdict']}: {result['question']}\n    expected {result['expected']}")
            print(f"    answered {result['answered']}")
    if options.junit is not None:
        asked = [result for result in results if result["set"] == "check"]
        title = f"{assistant.name}: questions with known answers"
        write_junit(options.junit, title, {"check": [_case(result) for result in asked]})
        print(f"the {len(asked)} check questions are written to {options.junit}")
    return 0


def _case(result: Mapping[str, str]) -> Case:
    failure = f"{result['verdict']}: expected {result['expected']}, answered {result['answered']}"
    return Case(result["question"], None if result["verdict"] == "right" else failure)


def _read_instructions(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise BadFaq(f"{path} cannot be read: {problem}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="The FAQ assistant of a bakery.")
    parser.add_argument("--folder", type=Path, default=_HERE, help="holds faq/ and prompt.txt (default: this example)")
    parser.add_argument("--mended", action="store_true", help="without the planted weakness: release 1.1")
    commands = parser.add_subparsers(required=True, metavar="command")
    command = commands.add_parser("ask", help="ask one question")
    command.add_argument("question")
    command.add_argument("--json", action="store_true", help="answer, source and score as JSON")
    command.set_defaults(run=_ask)
    command = commands.add_parser("serve", help="answer over HTTP like the OpenAI API")
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=_port, default=8801)
    command.set_defaults(run=_serve)
    command = commands.add_parser("check", help="ask all of questions.toml and count what is right")
    command.add_argument("--junit", type=Path, metavar="FILE", help="also write the check questions as JUnit XML")
    command.set_defaults(run=_check)
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError("must be a whole number from 0 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
