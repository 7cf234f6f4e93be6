"""Situations drawn at random: a pilot of a fleet at one traffic, of which one thing was not measured and is otherwise.

What the pilot saw is played by ``truth``; what comes at other traffic too, with nothing of the harness in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from harness.analysis.dataset import Dataset, RunData
from harness.domain.estimate import Unknown
from harness.domain.reasons import absence
from harness.domain.retry import NO_RETRY
from harness.domain.role import Role
from harness.domain.sample import COLUMNS
from harness.domain.traffic import Traffic
from harness.evidence.schema import SAMPLE_KINDS
from harness.platforms.scaling import Grows, Picks, Scaling, Waiting, assumed, declared
from harness.predict.fitted import fit
from harness.predict.loads import MonthOf
from harness.predict.predict import USUAL, Asked, Effort, predicted
from harness.predict.prediction import AtTraffic, Quantity
from harness.predict.validate import unlike
from tests.builders import external
from tests.predict.truth import Played, Truth, play, poisson, probed, samples

BLOCKS, LENGTH_S = 5, 240.0
QUICK = Effort(same=2, worlds=20, requests=1500)
MONTH_S = 730 * 3600
DEADLINE_S = 30.0


class Otherwise(StrEnum):
    """What nobody measured, and is not as it is taken to be."""

    NOTHING = "nothing"
    LIMIT = "the limit is half of what is assumed"
    WINDOW = "the window is half of what is assumed"
    GAPS = "only gaps shorter than the window were probed"
    START = "a start takes three times as long, and none was measured"
    CARRIES = "an instance carries half of what would be needed"


@dataclass(frozen=True)
class Situation:
    """``seen`` is what the pilot met, ``truth`` what is there; they differ in nothing that was measured."""

    otherwise: Otherwise
    truth: Truth
    scaling: Scaling
    per_s: float
    factor: float
    probes: int
    gaps_to: float
    seed: int


def draw(seed: int) -> Situation:
    rng = np.random.default_rng([seed, 2026])
    kinds = list(Otherwise)
    otherwise = kinds[seed % len(kinds)]
    truth = Truth(
        limit=int(rng.integers(6, 40)),
        window_s=float(np.exp(rng.uniform(np.log(15), np.log(300)))),
        window_spread=float(rng.uniform(0.02, 0.2)),
        start_s=float(rng.uniform(0.3, 2.0)),
        model_s=float(rng.uniform(0.2, 1.0)),
        runtime_s=float(rng.uniform(0.02, 0.2)),
        sigma=float(rng.uniform(0.1, 0.5)),
    )
    per_s, factor = float(np.exp(rng.uniform(np.log(0.3), np.log(3)))), float(rng.choice([1, 3, 10]))
    if otherwise is Otherwise.CARRIES:
        places = int(rng.integers(2, 9))
        truth = replace(truth, limit=int(rng.integers(1, 4)), places=places, window_s=None, queue=10_000)
    assumed_window = truth.window_s
    if otherwise is Otherwise.WINDOW:
        assumed_window = truth.window_s * 2
    limit = declared(truth.limit, "the control plane")
    if otherwise is Otherwise.LIMIT:
        limit = assumed(truth.limit * 2, truth.limit * 2 / 4, truth.limit * 8, "a documented default")
    if truth.fixed:
        scaling = Scaling(
            *(Grows.FIXED, Picks.LEAST, assumed(np.inf, 1, np.inf, "nobody says"), limit, limit),
            waiting=Waiting(declared(np.inf, "it waits"), declared(np.inf, "it waits")),
        )
    else:
        scaling = Scaling(
            *(Grows.ON_DEMAND, Picks.RECENT, declared(1, "one"), declared(0, "none"), limit),
            idle_s=assumed(assumed_window, assumed_window / 4, assumed_window * 4, "what is usual"),
            bills_starts=True,
        )
    probes = 0 if truth.fixed or otherwise is Otherwise.WINDOW else 40
    gaps_to = 0.7 if otherwise is Otherwise.GAPS else 4.0
    return Situation(otherwise, truth, scaling, per_s, factor, probes, gaps_to, seed)


def predict(s: Situation) -> AtTraffic:
    """As the harness has it from what the pilot saw."""
    data = measured(s)
    fitted = fit("alpha", data, s.scaling, NO_RETRY, s.seed)
    if s.otherwise is Otherwise.START:
        fitted = replace(fitted, starts=())
    month = Traffic(round(s.per_s * MONTH_S), s.per_s * 3)
    again = unlike(data, fitted, s.seed, USUAL.again)
    asked = Asked(
        external("http://127.0.0.1:1", name="alpha"),
        fitted,
        Unknown(absence.NoPrices()),
        MonthOf.of_week(month),
        DEADLINE_S,
        unlike=again,
    )
    return predicted(asked, s.factor, s.seed, QUICK)


def truly(s: Situation, requests: int = 12_000) -> Mapping[Quantity, float]:
    """What is there at the other traffic."""
    rng = np.random.default_rng([s.seed, 77])
    rate = s.per_s * s.factor
    start_s = s.truth.start_s * (3 if s.otherwise is Otherwise.START else 1)
    warm = 4 * (s.truth.window_s or 10.0)
    came = play(
        replace(s.truth, start_s=start_s),
        poisson(rate, warm + requests / rate, rng),
        rng,
        from_s=warm,
        deadline_s=DEADLINE_S,
    )
    return {
        Quantity.P95: came.p95_s(),
        Quantity.TTFT_P95: came.p95_s(first=True),
        Quantity.COLD_SHARE: came.cold_share,
        Quantity.REFUSED_SHARE: came.refused_share,
        Quantity.INSTANCES_MEAN: came.instances_mean,
    }


def measured(s: Situation) -> Dataset:
    """Blocks of steady traffic, each in weather of its own, and a keep-alive search."""
    runs = []
    for block in range(1, BLOCKS + 1):
        rng = np.random.default_rng([s.seed, block])
        weather = float(np.exp(rng.normal(0, 0.02)))
        truth = replace(s.truth, model_s=s.truth.model_s * weather, runtime_s=s.truth.runtime_s * weather)
        came = play(truth, poisson(s.per_s, LENGTH_S, rng), rng)
        runs.append(run(block, "steady", came, rng))
    roles = {"steady": Role.EVERYDAY}
    if s.probes:
        rng = np.random.default_rng([s.seed, 55])
        low, high = s.truth.window_s / 4, s.truth.window_s * s.gaps_to
        gaps = np.exp(rng.uniform(np.log(low), np.log(high), s.probes)).tolist()
        runs.append(run_of(1, "keepalive", probed(s.truth, gaps, rng)))
        roles["keepalive"] = Role.KEEP_ALIVE
    return Dataset("alpha", "alpha", tuple(roles), tuple(runs), BLOCKS, tuple(range(1, BLOCKS + 1)), (), roles=roles)


def run(block: int, profile: str, came: Played, rng: np.random.Generator) -> RunData:
    return run_of(block, profile, samples(came, rng))


def run_of(block: int, profile: str, rows: list) -> RunData:
    """Samples as the analysis sees them, without files."""
    columns = {}
    for name in COLUMNS:
        values = [getattr(row, name) for row in rows]
        plain = SAMPLE_KINDS[name] in ("float64", "double", "float") or name in NUMBERS
        columns[name] = np.array([np.nan if v is None else v for v in values], float) if plain else objects(values)
    return RunData(block, "alpha", profile, None, columns)


NUMBERS = {n for n in COLUMNS if n.endswith(("_s", "_ms", "_tokens")) or n in ("bytes", "instance_requests", "lane")}


def objects(values: list) -> np.ndarray:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out
