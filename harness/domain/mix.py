"""The Mix: what arrivals ask, drawn with the schedule, so that both targets get the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from harness.domain.asks import Asks

MOST_PROMPT_TOKENS = 400_000
CHARACTERS_PER_TOKEN = 4.0  # English prose under common tokenisers; what a target counted stands in input_tokens


@dataclass(frozen=True, slots=True)
class TokenLength:
    """Prompt lengths in tokens: log-normal about a median, or all alike with ``sigma`` 0."""

    median: float
    sigma: float = 0.0

    def draw(self, rng: Random) -> int:
        return self.at(rng.gauss(0.0, self.sigma))

    def at(self, deviation: float) -> int:
        """Of a prompt whose logarithm lies so far from the median's."""
        return max(1, min(MOST_PROMPT_TOKENS, round(self.median * math.exp(deviation))))


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares and shapes of RAG traffic; the defaults leave each question as its file has it.

    ``zipf``       exponent of the questions' popularity (their order in the file)
    ``repeats``    share of arrivals that ask word for word what an earlier one asked; all others
                   are made unique. None: a question repeats as often as its popularity has it
    ``passages``   top_k and its weight; empty: the question's own
    ``turns``      mean turns of a session; above 1, arrivals go on with an earlier session and
                   carry its history, whose answers are scripted, so both targets read the same
    ``tenants``    name and share of each; empty: arrivals belong to nobody
    ``noisy``      the tenant that makes every burst: all that goes beyond the quiet rate is its own
    ``prompt``     length of the whole prompt in tokens, reached by notes put before the question
    ``asks``       an answer, or passages alone: of questions that want some
    ``evaluated``  share of arrivals that ask a question of the evaluation set, where there is one
    """

    stream_share: float = 1.0
    zipf: float = 0.95  # top 10 % of 250 questions draw about 60 % of requests, as in the RAGPulse trace
    repeats: float | None = None
    passages: tuple[tuple[int, float], ...] = ()
    turns: float = 1.0
    think_s: float = 5.0
    prompt: TokenLength | None = None
    max_tokens: int | None = None
    tenants: tuple[tuple[str, float], ...] = ()
    noisy: str | None = None
    evaluated: float = 0.0
    asks: Asks = Asks.CHAT

    def for_retrieval(self) -> Mix:
        """Passages alone: no streams, conversations, lengths or checked answers."""
        passages = tuple((k, w) for k, w in self.passages if k)
        return Mix(0.0, self.zipf, passages=passages, tenants=self.tenants, noisy=self.noisy, asks=Asks.RETRIEVAL)


def mix_data(mix: Mix) -> dict[str, Any]:
    """Plain values that travel as JSON or msgpack."""
    pairs = {name: [list(pair) for pair in getattr(mix, name)] for name in ("passages", "tenants")}
    return asdict(mix) | pairs | {"asks": mix.asks.value}


def mix_from(data: Mapping[str, Any]) -> Mix:
    """The inverse of ``mix_data``."""
    prompt = data["prompt"]
    return Mix(
        **{
            **data,
            "passages": tuple((int(k), float(w)) for k, w in data["passages"]),
            "tenants": tuple((str(name), float(share)) for name, share in data.get("tenants", ())),
            "prompt": TokenLength(**prompt) if prompt else None,
            "asks": Asks(data.get("asks", Asks.CHAT)),
        }
    )
