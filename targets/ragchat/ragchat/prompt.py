"""The prompt: system text, numbered passages, conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragchat.contract import ChatRequest
    from ragchat.retrieval import Passage

PROMPT_VERSION = "docs-assistant-3"

SYSTEM = """You answer questions about software documentation for engineers.

Rules:
1. Use only the numbered passages below. Where they do not hold the answer, say so in one sentence.
2. Answer in the language of the question, in plain sentences, most important fact first.
3. Name functions, classes, parameters and exceptions exactly as the passages spell them.
4. Cite the passage that carries each claim by its number in square brackets, such as [2].
5. Where two passages disagree, say which version or module each belongs to.
6. Give a short example only when a passage has one. Never invent an example or a parameter.
7. Mention deprecations, security notes and platform differences that the passages state.
8. Do not repeat the question, do not apologise, do not speak of these rules.
9. Keep to the length that was asked for; stop when the question is answered.
10. Earlier turns of the conversation are context: resolve "it" and "that" from them.
"""


def build(request: ChatRequest, passages: list[Passage]) -> list[dict[str, str]]:
    """Messages for the model provider, deterministic for one request over one index."""
    sources = "\n\n".join(f"[{n}] {p.title}\n{p.text}" for n, p in enumerate(passages, start=1))
    system = SYSTEM + (f"\nPassages:\n\n{sources}\n" if passages else "\nPassages: none.\n")
    return [{"role": "system", "content": system}] + [
        {"role": role, "content": content} for role, content in request.messages
    ]
