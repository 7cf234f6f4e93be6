"""What ``pilot decide`` and ``pilot report`` take over millions of samples, against reading their columns alone.

    python -m bench.decide_scale [MILLIONS …]        default 1 10

Evidence of two targets in 12 blocks is written from known laws; then, each in a process of its own: reading the columns
that the analysis uses and their quantiles (the floor), ``decide`` and ``report``. Seconds are wall clock, memory is the peak
of the process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness.evidence.schema import SAMPLE_KINDS, SAMPLES_FORMAT
from tests.builders import Pilot

BLOCKS = 12
FLOOR = """
import sys, glob, numpy as np, pyarrow.parquet as pq
from harness.analysis.dataset import READ
times = []
for path in glob.glob(sys.argv[1] + "/evidence/blocks/*/*/*/samples.parquet"):
    table = pq.read_table(path, columns=list(READ))
    times.append(table.column("finished_s").to_numpy() - table.column("scheduled_s").to_numpy())
print(np.quantile(np.concatenate(times), [0.5, 0.95, 0.99]))
"""


def samples(n: int, seed: int, target: str) -> pa.Table:
    """One run's file, column by column: Sample objects would take longer than what is measured."""
    rng = np.random.default_rng(seed)
    due = np.arange(n) * 0.01
    response = 0.4 * np.exp(rng.normal(0, 0.3, n) + rng.normal(0, 0.05))
    failed = rng.random(n) < 0.002
    ok = ~failed
    known = {
        "seq": np.arange(n),
        "phase": ["steady"] * n,
        "measured": np.ones(n, bool),
        "question_id": [f"q{k % 250:04d}" for k in range(n)],
        "stream": np.ones(n, bool),
        "scheduled_s": due,
        "sent_s": due + 0.0005,
        "headers_s": due + response * 0.4,
        "first_token_s": np.where(ok, due + response * 0.5, np.nan),
        "last_token_s": np.where(ok, due + response, np.nan),
        "finished_s": due + response,
        "outcome": np.where(ok, "ok", "throttled"),
        "status": np.where(ok, 200, 429),
        "layer": np.where(ok, None, "platform"),
        "input_tokens": np.full(n, 800),
        "output_tokens": np.full(n, 40),
        "bytes": np.full(n, 2000),
        "cold": np.zeros(n, bool),
        "instance_id": [f"{target}-{k % 4}" for k in range(n)],
        "generation_ms": response * 900,
        "answer_digest": [f"{k % 250:016x}" for k in range(n)],
        "citations": ["a b"] * n,
        "attempts": np.ones(n, int),
    }
    types = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "text": pa.string()}
    arrays = [
        pa.array(known[name], types[kind], from_pandas=True) if name in known else pa.nulls(n, types[kind])
        for name, kind in SAMPLE_KINDS.items()
    ]
    schema = pa.schema(
        [(n_, types[k]) for n_, k in SAMPLE_KINDS.items()], {"schema_version": str(SAMPLES_FORMAT.newest)}
    )
    return pa.Table.from_arrays(arrays, schema=schema)


def evidence(folder: Path, millions: float) -> None:
    """A whole campaign with so many samples."""
    _, plan, store = Pilot(folder, blocks=BLOCKS, per_run=5).write()
    each = int(millions * 1e6 / len(plan.runs))
    for number, run in enumerate(plan.runs):
        path = store.run_folder(run, 1) / "samples.parquet"
        pq.write_table(samples(each, number, run.target), path, compression="zstd")


def measured(command: list[str], cwd: Path) -> tuple[float, float]:
    """Wall-clock seconds, and gigabytes at the peak."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return time.perf_counter() - began, usage.ru_maxrss / (1e6 if sys.platform == "linux" else 1e9)


def main(sizes: list[float]) -> None:
    print("samples      step      seconds   times the floor   peak GB")
    for millions in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            evidence(folder, millions)
            steps = {
                "floor": [sys.executable, "-c", FLOOR, name],
                "decide": [sys.executable, "-m", "harness", "decide"],
                "report": [sys.executable, "-m", "harness", "report"],
            }
            floor = None
            for step, command in steps.items():
                seconds, peak = measured(command, folder)
                floor = floor or seconds
                print(
                    f"{millions:>6g} M    {step:<8} {seconds:>8.1f}   {seconds / floor:>15.1f}   {peak:>7.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main([float(word) for word in sys.argv[1:]] or [1.0, 10.0])
