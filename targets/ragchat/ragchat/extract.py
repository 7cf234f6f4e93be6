"""The extractive answer: sentences of the passages that fit the question, with their citation."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_WORD = re.compile(r"\w+")
_PASSAGE = re.compile(r"^\[(\d+)\] ", re.MULTILINE)
_TOKEN = re.compile(r"\s*(?:\w{1,7}|[^\w\s])")


def answer(system: str, question: str, *, small: bool = False) -> str:
    """Best-matching sentences first, each followed by its passage number; grounded in the prompt alone.

    A ``small`` model says a single sentence, one from the middle of that order.
    """
    wanted = {w.lower() for w in _WORD.findall(question) if len(w) > 2}
    scored = []
    parts = _PASSAGE.split(system)
    for number, text in zip(parts[1::2], parts[2::2], strict=True):
        for found in _SENTENCE.finditer(text):
            sentence = " ".join(found.group().split())
            words = {w.lower() for w in _WORD.findall(sentence)}
            if len(words) >= 4:
                scored.append((len(wanted & words) / (3 + len(words)) ** 0.5, sentence, number))
    if not scored:
        return "The documentation at hand does not say. Ask about a module, class or function by its name."
    scored.sort(key=lambda row: -row[0])
    said = scored[len(scored) // 2 :][:1] if small else scored
    return " ".join(f"{sentence} [{number}]" for _, sentence, number in said)


def tokens(text: str) -> list[str]:
    """Word pieces that join to the text again."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """About four characters a token, as the providers' rule of thumb has it."""
    return max(1, len(text) // 4)
