"""No command that asks something ends in 0 where the answer is missing."""

import pytest
import typer

from harness import aside, pipeline
from harness.analysis.settings import Settings, SweepPromise, TriedSetting
from harness.calibration.calibrate import Calibration
from harness.calibration.checks import FAIL, PASS, UNKNOWN, Checked, Floor
from harness.check.contract_check import Answer, Check
from harness.cli.calibrate import calibrate
from harness.cli.check import check
from harness.cli.collect import collect
from harness.cli.sweep import sweep
from harness.collect.collect import Collected
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reason import Other
from harness.domain.verdict import Slo
from harness.errors import GateFailed, Undecided
from harness.evidence.store import Store
from tests.builders import Pilot


def code_of(command, *words, **options):
    try:
        command(*words, **options)
    except typer.Exit as ended:
        return ended.exit_code
    return 0


@pytest.fixture
def here(tmp_path, monkeypatch):
    Pilot(tmp_path).workspace()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([Answer.PASS], 0),
        ([Answer.PASS, Answer.UNKNOWN], 6),
        ([Answer.UNKNOWN, Answer.FAIL], 5),
        ([], 6),
    ],
)
def test_a_check(here, monkeypatch, answers, code):
    found = {"alpha": [Check("streams", answer) for answer in answers]}
    monkeypatch.setattr(pipeline, "check", lambda _workspace, _names: found)
    assert code_of(check, [], None, 1.0, as_json=False) == code


def test_load_does_not_go_to_a_target_whose_contract_could_not_be_told(tmp_path):
    store, said = Store(tmp_path), {"alpha": [Check("streams", Answer.UNKNOWN, "no answer")]}
    with pytest.raises(Undecided, match="streams"):
        pipeline.gated(said, store, None)
    said["beta"] = [Check("streams", Answer.FAIL, "no")]
    with pytest.raises(GateFailed, match=r"(?s)alpha.*beta"):
        pipeline.gated(said, store, None)
    with pytest.raises(Undecided):
        pipeline.gated({}, store, None)
    assert store.journal() == []


def floor(lag_s):
    return Floor(lag_s, lag_s, lag_s, lag_s, lag_s, lag_s, 10, 5, 250.0, (250.0,))


@pytest.mark.parametrize(
    ("verdicts", "lag_s", "code"),
    [
        ([PASS, PASS], 0.001, 0),
        ([PASS, UNKNOWN], 0.001, 6),
        ([FAIL, UNKNOWN], 0.001, 5),
        ([PASS], None, 6),
        ([], 0.001, 6),
    ],
)
def test_a_calibration(here, monkeypatch, verdicts, lag_s, code):
    checks = tuple(Checked("law", "p50", 1.0, 1.0, 0.1, "so", 10, verdict) for verdict in verdicts)
    made = Calibration(floor(lag_s), checks)
    monkeypatch.setattr(aside, "calibrate", lambda *_, **__: (made, here / "calibration.json"))
    assert code_of(calibrate, as_json=False) == code


def tried(name, *values):
    said = [Unknown(Other("no streams")) if v is None else Estimate(v, v, v, 0.95, 100, 3, "drawn") for v in values]
    metrics = ("p95_s", "ttft_p95_s")
    promises = tuple(SweepPromise("steady", Slo(m, m, 1.0, "s"), e) for m, e in zip(metrics, said, strict=False))
    return TriedSetting(name, promises, Unknown(Other("no prices")), priced=False)


@pytest.mark.parametrize(
    ("settings", "chosen", "code"),
    [
        ([tried("one", 0.5, 0.5)], "one", 0),
        ([tried("one", 0.5, None)], "one", 6),
        ([tried("one", None)], None, 6),
        ([tried("one", 1.5), tried("two", None)], None, 6),
        ([tried("one", 1.5)], None, 5),
        ([], None, 6),
    ],
)
def test_a_sweep(here, monkeypatch, settings, chosen, code):
    outcome = Settings("alpha", tuple(settings), 3, 3, chosen, Other("because"), (chosen,) if chosen else ())
    monkeypatch.setattr(aside, "sweep", lambda *_, **__: [(None, outcome)])
    assert code_of(sweep, [], rounds=3, duration=1.0, as_json=False) == code


@pytest.mark.parametrize(("failed", "code"), [([], 0), (["logs: AccessDenied"], 6)])
def test_a_collection(here, monkeypatch, failed, code):
    monkeypatch.setattr(pipeline, "collect", lambda *_: Collected(pulled=1, failed=failed))
    assert code_of(collect, as_json=False) == code
