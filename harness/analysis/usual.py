"""What a target's own answers are like when all is well: their model, and how many passages each question's answers cite.

An answer is degraded where it says so, where another model made it, or where it cites fewer passages than the everyday
answers to the same question do. What can't be told stays unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.analysis.coded import is_known, is_true
from harness.domain.models import same_model

if TYPE_CHECKING:
    from harness.analysis.columns import Array
    from harness.analysis.dataset import RunData

FULL, DEGRADED, UNTOLD = 0, 1, -1
LEAST_ANSWERS = 3  # of one question, before its citations are expected of others
ALIKE = 0.95  # of all everyday answers cite as many as others to their question; where fewer do, the count says nothing


class ToldBy(StrEnum):
    """Where a target's own model is known from."""

    TARGET = "target.toml"
    META = "/v1/meta"
    USUAL = "its usual warm answers"


@dataclass(frozen=True)
class Own:
    """The model that answers when all is well; ``asked``: another name that target.toml asks for, which no answer bears."""

    model: str
    told_by: ToldBy
    asked: str | None = None


class Usual:
    """Of one target, from its everyday runs; read when asked for."""

    def __init__(self, runs: Sequence[RunData]) -> None:
        self._runs = runs

    @cached_property
    def own(self) -> Own | None:
        """None where no answer names its model."""
        seen = self._models
        asked = next((m for r in self._runs if r.record and (m := _asked(r.record.run)) is not None), None)
        if asked is not None and any(same_model(asked, name) for name in seen):
            return Own(asked, ToldBy.TARGET)
        said = {m for r in self._runs if r.record and (m := _meta(r.record.target_says)) is not None}
        if len(said) == 1:
            return Own(said.pop(), ToldBy.META)
        return Own(seen.most_common(1)[0][0], ToldBy.USUAL, asked) if seen else None

    @cached_property
    def _models(self) -> Counter[str]:
        """Of warm everyday answers."""
        found: Counter[str] = Counter()
        for run in self._runs:
            found.update({m: n for m, n in run.columns["model"].counts(_warm(run)).items() if m is not None})
        return found

    def degraded(self, run: RunData) -> Array:
        """``FULL``, ``DEGRADED`` or ``UNTOLD`` of each arrival; a failed one is untold: it is no answer."""
        found = np.full(len(run.ok), UNTOLD, dtype=np.int8)
        model, said = run.columns["model"], run.columns["degraded"]
        if self.own is not None:
            own = [m for m in model.counts(run.ok) if m is not None and same_model(self.own.model, m)]
            mine = model.among(own)
            found[mine] = FULL
            found[is_known(model) & ~mine] = DEGRADED
        known = is_known(said)
        found[known] = np.where(is_true(said), DEGRADED, FULL)[known]
        found[self._below(run)] = DEGRADED
        found[~run.ok] = UNTOLD
        return found

    def _below(self, run: RunData) -> Array:
        """Answers that cite fewer passages than their question's everyday answers."""
        few, below = _cited(run), np.zeros(len(run.ok), dtype=bool)
        for wanted, here in _by_wanted(run) if self._citations else ():
            usual = run.columns["question_id"].told(lambda q, k=wanted: self._citations.get((q, k), 0), 0)
            below |= here & (few >= 0) & (few < usual)
        return below

    @cached_property
    def _citations(self) -> dict[tuple[str, float], int]:
        """The count that everyday answers to a question have, by question and passages asked for; empty where they vary."""
        by_key: dict[tuple[str, float], Counter[int]] = {}
        for run in self._runs:
            cited, told = _cited(run), _warm(run)
            for wanted, here in _by_wanted(run):
                for (question, count), n in _counts(run, cited, here & told & (cited >= 0)).items():
                    by_key.setdefault((question, wanted), Counter())[count] += n
        usual = {key: seen.most_common(1)[0] for key, seen in by_key.items() if seen.total() >= LEAST_ANSWERS}
        answers = sum(by_key[key].total() for key in usual)
        alike = sum(n for _, n in usual.values())
        return {key: count for key, (count, _) in usual.items()} if answers and alike / answers >= ALIKE else {}


def _warm(run: RunData) -> Array:
    return run.measured & run.ok & ~is_true(run.columns["cold"])


def _cited(run: RunData) -> Array:
    """Passages that each answer cites, -1 where it does not say."""
    counts: Array = run.columns["citations"].told(lambda text: len(text.split()), -1)
    return counts


def _by_wanted(run: RunData) -> list[tuple[float, Array]]:
    """Arrivals by the passages that they asked for; -1 stands for the question's own number."""
    wanted = np.nan_to_num(run.columns["top_k"], nan=-1.0)
    return [(float(k), wanted == k) for k in np.unique(wanted)]


def _counts(run: RunData, cited: Array, chosen: Array) -> dict[tuple[str, int], int]:
    """How many of the chosen answers to each question cite so many passages."""
    if not chosen.any():
        return {}
    names: dict[str, int] = {}
    asked = run.columns["question_id"].told(lambda q: names.setdefault(q, len(names)), -1)[chosen]
    most = int(cited.max()) + 1
    found = np.bincount(asked * most + cited[chosen])
    order = list(names)
    return {(order[int(k) // most], int(k) % most): int(found[k]) for k in np.flatnonzero(found)}


def _asked(run: Any) -> str | None:  # noqa: ANN401 - a JSON value
    spec = (run or {}).get("spec")
    model = spec.get("model") if isinstance(spec, dict) else None
    return model if isinstance(model, str) and model else None


def _meta(said: Any) -> str | None:  # noqa: ANN401 - a JSON value
    meta = (said or {}).get("meta")
    model = meta.get("model") if isinstance(meta, dict) else None
    return model if isinstance(model, str) and model else None
