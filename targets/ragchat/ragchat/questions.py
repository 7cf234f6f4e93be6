"""Questions that come with a corpus, shaped as RAG traffic is: short, some without retrieval, some mid-conversation.

Shares follow a published week of university RAG traffic (RAGPulse): 21 % ask for
no passages, 41 % belong to a conversation with earlier turns, questions are short.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from ragchat import extract
from ragchat.contract import ChatRequest
from ragchat.corpus import Document, passages
from ragchat.prompt import build

if TYPE_CHECKING:
    from ragchat.retrieval import Store

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


MOST_PASSAGES = 50  # that one question names
EVALUATED = 24  # questions of the evaluation set
OPENING_WORDS = 5  # of the best sentence, which an answer of any length begins with
NO_ANSWER = "The documentation at hand does not say"


def _passages_of(documents: list[Document]) -> list[str]:
    """Ids of their passages, as the index has them; none that holds a blank, which ids in evidence are parted by."""
    ids = [f"{d.id}#{n}" for d in documents for n, _ in enumerate(passages(d.text))]
    return [one for one in ids if not any(c.isspace() for c in one)][:MOST_PASSAGES]


def evaluation(
    documents: list[Document], store: Store, count: int = EVALUATED, seed: int = 20261127
) -> list[dict[str, Any]]:
    """Questions with what their answers must hold, from what the index and the model say of them today.

    A regression set: an answer that later lacks the passage, or the opening of its best sentence, was made with less.
    """
    rng = random.Random(seed)
    chosen = list(documents)
    rng.shuffle(chosen)
    out: list[dict[str, Any]] = []
    for document in chosen:
        if len(out) == count:
            break
        text = f"What does {document.subject} do?"
        found = store.search(text, 6)
        own = [p.passage_id for p in found[:3] if p.document_id == document.id]
        request = ChatRequest((("user", text),))
        answer = extract.answer(build(request, found)[0]["content"], text)
        opening = " ".join(answer.split()[:OPENING_WORDS])
        if own and not answer.startswith(NO_ANSWER) and not any(c.isspace() for c in own[0]):
            out.append(
                {
                    "id": f"e{len(out):03d}",
                    "question": text,
                    "must_cite": own[:1],
                    "must_contain": [opening],
                    "must_not_contain": [NO_ANSWER],
                }
            )
    return out


def write(documents: list[Document], count: int, seed: int = 20261122) -> list[dict[str, Any]]:
    """``count`` distinct questions about the documents, most popular first; the same for the same corpus."""
    rng = random.Random(seed)
    subjects = list(dict.fromkeys(d.subject for d in documents))
    known: dict[str, list[str]] = {}
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
        if subject not in known:
            known[subject] = _passages_of([d for d in documents if d.subject == subject])
        out.append(
            {
                "id": f"q{len(out):04d}",
                "messages": messages,
                "passages": known[subject],
                "top_k": 0 if rng.random() < NO_RETRIEVAL_SHARE else 6,
                "max_tokens": 512,
                "session_id": f"s{len(out):04d}" if conversation else None,
            }
        )
    return out
