"""A tool library's house rules, and the answer that stands in them: what every Python service here retrieves from."""

import json
import re
from pathlib import Path

PASSAGES = json.loads((Path(__file__).parent / "passages.json").read_text())
FIRST_S, EACH_S = 0.04, 0.004  # before the first piece, and before each further one


def found(question):
    """The two passages that share the most words with the question."""
    asked = set(re.findall(r"[a-z]+", question.lower()))
    return sorted(PASSAGES, key=lambda p: -len(asked & set(re.findall(r"[a-z]+", p["text"].lower()))))[:2]


def answer(question):
    """Its pieces, and the ids of what it is from."""
    passages = found(question)
    return re.findall(r"\S+\s*", "The house rules say: " + passages[0]["text"]), [p["id"] for p in passages]
