"""Questions that come with a corpus, shaped as RAG traffic is: short, some without retrieval, some mid-conversation.

Shares follow a published week of university RAG traffic (RAGPulse): 21 % ask for
no passages, 41 % belong to a conversation with earlier turns, questions are short.
"""

from __future__ import annotations

import random
from typing import Any

from ragchat.corpus import Document

NO_RETRIEVAL_SHARE = 0.21
CONVERSATION_SHARE = 0.41

_OPENERS = (
    "What does {s} do?",
    "How do I use {s}?",
    "When should I use {s}?",
    "Which arguments does {s} take?",
    "What does {s} return?",
    "Which errors can {s} raise?",
    "Is there anything to watch out for with {s}?",
    "Explain {s} in two sentences.",
    "Give me the short version of {s}.",
    "What is the difference between {s} and {o}?",
    "How does {s} relate to {o}?",
    "Can {s} be used together with {o}?",
)
_FOLLOW_UPS = (
    "And what happens when it fails?",
    "Is it safe to use from several threads?",
    "Which default does it use, and can I change it?",
    "What would you use instead?",
    "Does that also hold for {o}?",
)


def write(documents: list[Document], count: int, seed: int = 20261122) -> list[dict[str, Any]]:
    """``count`` distinct questions about the documents, most popular first; the same for the same corpus."""
    rng = random.Random(seed)
    subjects = list(dict.fromkeys(d.subject for d in documents))
    rng.shuffle(subjects)
    out: list[dict[str, Any]] = []
    seen: set[str] = set()
    while len(out) < count:
        subject, other = rng.choice(subjects), rng.choice(subjects)
        text = rng.choice(_OPENERS).format(s=subject, o=other)
        conversation = rng.random() < CONVERSATION_SHARE
        follow_up = rng.choice(_FOLLOW_UPS).format(o=other)
        key = f"{text}|{follow_up}" if conversation else text
        if key in seen:
            text = f"{text} ({len(out)})"
        seen.add(key)
        messages = [{"role": "user", "content": text}]
        if conversation:
            recalled = next(d.text for d in documents if d.subject == subject)[:400]
            messages += [
                {"role": "assistant", "content": f"{recalled} [1]"},
                {"role": "user", "content": f"{follow_up} I mean {subject}."},
            ]
        out.append(
            {
                "id": f"q{len(out):04d}",
                "messages": messages,
                "top_k": 0 if rng.random() < NO_RETRIEVAL_SHARE else 6,
                "max_tokens": 512,
                "session_id": f"s{len(out):04d}" if conversation else None,
            }
        )
    return out
