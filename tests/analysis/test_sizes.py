"""Sizes: what is deployed and held, against what is allowed, and the score that follows."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from harness.analysis.dataset import load
from harness.analysis.shown import Shown, Spread
from harness.analysis.sizes import footprint, high_water, memory_held
from harness.decision.scorecards import _sizes
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reasons.absence import MemoryUntold
from harness.platforms.aws_lambda.readings import REPORTS
from harness.platforms.platform import Most
from harness.platforms.shared.local_signals import EMBEDDED
from tests.builders import Pilot, sample

ZIP = Most(artifact_mb=250, source="the platform's page")
META = {
    "artifact": {"package_mb": 60.0, "weights_mb": 100, "index_mb": 4.0, "memory_mb": "?"},
    "runtime": {"memory_mb": 512},
}


class Held(Pilot):
    """Instances that say how much memory they have held, more with each block."""

    told: bool = True

    def _samples(self, run):
        return [sample(k, instance_memory_mb=100.0 * run.block if self.told else None) for k in range(5)]


def runs(tmp_path, told=True, meta=META):
    tmp_path.mkdir(exist_ok=True)
    pilot = Held(tmp_path)
    pilot.told = told
    _, plan, store = pilot.write()
    found = load(store, plan).of("alpha", "steady")
    for run in found:
        object.__setattr__(run, "record", SimpleNamespace(target_says={"meta": meta}))
    return found


def test_the_most_that_any_instance_held_is_held_to_what_it_has(tmp_path):
    made = footprint("alpha", runs(tmp_path), [], ZIP, None)

    assert (made.memory_mb.value, made.memory_mb.blocks, made.memory_mb.n) == (600.0, 6, 30)
    assert made.memory_mb.low < 100
    assert made.memory_mb.high > 600
    assert made.configured_mb == pytest.approx(536.9, abs=0.1)
    assert made.memory_share.value == pytest.approx(1.118, abs=0.001)
    assert made.artifact_mb == 164.0
    assert made.fits is False


def test_the_interval_holds_the_next_blocks_high_water_nineteen_times_in_twenty():
    """Drawn here: 2,000 pilots of six blocks and the seventh of each."""
    rng = np.random.default_rng(5)
    drawn = 300 * np.exp(rng.normal(0, 0.1, (2000, 7)))
    made = [high_water(list(blocks[:6]), 600, "block") for blocks in drawn]
    inside = [e.low <= blocks[6] <= e.high for e, blocks in zip(made, drawn, strict=True)]

    assert 0.94 <= np.mean(inside) <= 0.965
    assert high_water([300.0], 9, "block").high is None


def test_what_nobody_tells_is_not_known_and_fits_cannot_be_told(tmp_path):
    made = footprint("alpha", runs(tmp_path, told=False, meta={}), [], ZIP, 1000.0)

    assert made.memory_mb == Unknown(MemoryUntold())
    assert made.artifact_mb is None
    assert made.fits is None


@pytest.mark.parametrize("reports", [REPORTS, EMBEDDED], ids=["lambda", "embedded"])
def test_where_no_answer_tells_the_platforms_own_figure_counts_in_its_own_megabytes(tmp_path, reports):
    """Each run's most of one instance; never the sum of all instances, which some platforms tell too."""
    memory = [s for s in reports if s.metric in ("max_memory_mb", "rss_mb")]
    series = [
        Shown("alpha", "steady", s.metric, s, Spread(150.0, 100.0, 200.0, 3, (100.0, 150.0, 200.0)), 6, None)
        for s in memory
    ]
    silent = runs(tmp_path, told=False)
    found = memory_held(silent, [s for s in series if s.metric == "max_memory_mb"])

    assert (found.value, found.blocks, found.n) == (pytest.approx(209.7, abs=0.1), 3, 3)
    assert found.low < 104.9 < found.value < found.high
    assert isinstance(memory_held(silent, [s for s in series if s.metric == "rss_mb"]), Unknown)


def test_an_artifact_beyond_its_platforms_limit_does_not_fit(tmp_path):
    big = {**META, "runtime": {"memory_mb": 4096}, "artifact": {"package_mb": 300.0}}

    assert footprint("alpha", runs(tmp_path / "big", meta=big), [], ZIP, None).fits is False
    small = META | {"runtime": {"memory_mb": 4096}}
    assert footprint("alpha", runs(tmp_path / "small", meta=small), [], ZIP, None).fits is True


def score(a: float | None, b: float | None):
    def one(target: str, share: float | None):
        known = Unknown(MemoryUntold()) if share is None else Estimate(share, share, share, 0.95, 9, 6, "m")
        return SimpleNamespace(target=target, memory_share=known, artifact_mb=None, artifact_limit_mb=None)

    data = SimpleNamespace(baseline="alpha", candidate="beta")
    return _sizes(SimpleNamespace(data=data, footprints=(one("alpha", a), one("beta", b))))


def test_the_criterion_is_scored_from_sizes_and_a_hybrid_by_the_worse():
    found = score(0.5, 0.75)

    assert {name: s.value for name, s in found.items()} == {"baseline": 5.0, "candidate": 3.0, "hybrid": 3.0}


def test_the_team_judges_where_one_target_does_not_tell():
    assert score(0.5, None) is None
