"""Questions: what is asked of the chat endpoint, in the contract's own words."""

from __future__ import annotations

from dataclasses import dataclass

MOST_GRADED_CHARACTERS = 256 * 1024  # of one answer's text; a longer one is not graded


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a good answer holds: passages by their ids, texts whatever their case and spacing."""

    cite: tuple[str, ...] = ()
    say: tuple[str, ...] = ()
    not_say: tuple[str, ...] = ()

    def missed(self, text: str | None, cited: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Names of the checks that fail, as ``cite 2``, counted from 1; None where they can't be told.

        One failed check is enough to tell: it is told even where others are not.
        """
        failed = [f"cite {k}" for k, one in enumerate(self.cite, start=1) if cited is not None and one not in cited]
        if text is not None:
            said = _plain(text)
            failed += [f"say {k}" for k, one in enumerate(self.say, start=1) if _plain(one) not in said]
            failed += [f"not_say {k}" for k, one in enumerate(self.not_say, start=1) if _plain(one) in said]
        untold = (cited is None and self.cite) or (text is None and (self.say or self.not_say))
        return tuple(failed) if failed or not untold else None


@dataclass(frozen=True, slots=True)
class Question:
    """A request body without its mode; ``id`` names it in the samples."""

    id: str
    messages: tuple[Message, ...]
    top_k: int = 6
    max_tokens: int = 512
    session_id: str | None = None
    passages: tuple[str, ...] = ()  # ids of those known to answer it: any one of them found is a hit
    expects: Expectation | None = None  # of the evaluation set alone


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
