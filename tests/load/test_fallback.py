"""A service that falls back under load beside one that refuses: the same requests, the same quota, through real Locust."""

import json
import shutil
from collections import Counter

import pytest

from tests.load.run import ROOT, run

pytestmark = pytest.mark.slow  # two runs of 16 s; what is made of their samples is in tests/analysis/test_quality.py
OPTIONS = ("--rate", "8", "--duration", "12", "--warmup", "1", "--seed", "7")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, corpus):
    """The full demo's, with a provider that is throttled after a while; its twin target has a fallback."""
    root = tmp_path_factory.mktemp("pilot")
    for layer in ("workspace", "full"):
        shutil.copytree(ROOT / "harness" / "demo" / layer, root, dirs_exist_ok=True)
    pilot = root / "pilot.toml"
    pilot.write_text(pilot.read_text() + f'\n[corpus]\nfolder = "{corpus}"\n')
    honest = root / "targets" / "local_container" / "target.toml"
    honest.write_text(honest.read_text().replace('"0.25"]', '"0.25", "--requests-per-minute", "50"]'))
    falling = root / "targets" / "falling" / "target.toml"
    falling.parent.mkdir()
    falling.write_text(honest.read_text().replace("RAG_INDEX", 'RAG_FALLBACK_MODEL = "extractive-mini"\nRAG_INDEX', 1))
    return root


def made(workspace, target):
    folder = workspace / target
    done = run(
        workspace,
        "--target",
        target,
        *OPTIONS,
        "--evidence",
        str(folder),
        file=workspace / "loadprofiles" / "steady.py",
    )
    assert done.code in (0, 3), done.output
    done.folder = folder
    return done


def test_what_a_fallback_answers_is_degraded_and_no_more_full_answers_come_of_it(workspace):
    honest, falling = made(workspace, "local_container"), made(workspace, "falling")
    digests = {d.json("run.json")["schedule_digest"] for d in (honest, falling)}
    ends = Counter((s["outcome"], s["degraded"]) for s in honest.samples)
    others = Counter((s["outcome"], s["degraded"]) for s in falling.samples)

    assert len(digests) == 1
    assert ends["upstream_throttled", None] > 20
    assert others["ok", True] > 20
    assert others["upstream_throttled", None] == 0
    assert others["ok", False] == pytest.approx(ends["ok", False], abs=4), "the provider's quota, whatever is before it"
    assert {s["model"] for s in falling.samples if s["degraded"]} == {"extractive-mini"}


def test_the_evaluation_set_tells_the_small_model_from_the_big_one(workspace):
    folder = workspace / "falling"
    rows = [s for s in run_samples(folder) if s["evaluated"]]

    assert rows
    assert {s["passed"] for s in rows if not s["degraded"]} == {True}
    assert False in {s["passed"] for s in rows if s["degraded"]}
    assert json.loads((folder / "run.json").read_text())["spec"]["evaluation_file"].endswith("evaluation.jsonl")


def run_samples(folder):
    import pyarrow.parquet as pq

    return pq.read_table(folder / "samples.parquet").to_pylist()
