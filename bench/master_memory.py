"""Memory of the master over a million samples: the real coordinator and folder, fed as workers feed them."""

from __future__ import annotations

import tempfile
import time
import zlib
from pathlib import Path
from types import SimpleNamespace

import psutil

import harness.load  # noqa: F401 - first: it patches the process
from harness.domain import arrivals, schedule
from harness.domain.mix import Mix
from harness.domain.questions import Message, Question
from harness.load import options
from harness.load.coordinator import Coordinator
from harness.load.spec import RunSpec

SAMPLES, BATCH = 1_000_000, 750


class Runner:
    """Takes messages and keeps none."""

    def register_message(self, kind: str, listener: object) -> None:
        pass

    def send_message(self, kind: str, data: object, client: object = None) -> None:
        pass


def line(seq: int) -> bytes:
    due = seq / 1500
    return (
        f'[{seq},"steady",true,"q0",true,{due},{due + 0.0008},true,null,{due + 0.01},{due + 0.2},{due + 1.5},{due + 1.5001},'
        f'"ok",200,null,100,0.04,800,100,6200,false,"6f1c0d5e-8a1b-4c53-9a3c-0d5e8a1b4c53",{seq},9000000.0,"always-on",'
        f'"0123456789abcdef{seq:016x}","{seq:016x}","p1 p2 p3 p4 p5 p6",false,null,null,null,1,null,0.1,3.2,190.0,1480.0,0,'
        "null,null,null,100,null,null,null,null,null]\n"
    ).encode()


def main() -> None:
    spec = RunSpec(
        *(
            "steady",
            "t",
            None,
            "rag-chat/1",
            arrivals.constant(1500).during(SAMPLES / 1500),
            1,
            1,
            30.0,
            Mix(),
            "q",
            "d",
        ),
        workspace=None,
        evidence=None,
        ask_meta_first=False,
    )
    options.PREPARED.schedule = schedule.draw(spec.load, [Question("q0", (Message("user", "?"),))], 1, spec.mix)
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as name:
        environment = SimpleNamespace(runner=Runner(), web_ui=None)
        coordinator = Coordinator(environment, master=False)  # type: ignore[arg-type]
        options.PREPARED.spec = spec
        from dataclasses import replace  # noqa: PLC0415

        coordinator.start(replace(spec, evidence=str(Path(name) / "run")), None)
        before = process.memory_info().rss
        most, began = before, time.perf_counter()
        for first in range(0, SAMPLES, BATCH):
            lines = b"".join(line(seq) for seq in range(first, min(SAMPLES, first + BATCH)))
            batch = {"worker": 0, "batch": first, "lines": zlib.compress(lines, 1), "packed": True, "gauges": []}
            coordinator._on_batch(environment, SimpleNamespace(data=batch))  # type: ignore[arg-type]
            most = max(most, process.memory_info().rss)
        took = time.perf_counter() - began
        print(f"Master over {SAMPLES:,} samples in batches of {BATCH} (compressed, as from a worker)")
        print(f"  before the first sample {before / 1e6:7.1f} MB (the schedule of {SAMPLES:,} arrivals is in it)")
        print(
            f"  most while they come    {most / 1e6:7.1f} MB   {(most - before) / SAMPLES:+.2f} bytes a sample; {took:.1f} s"
        )
        began = time.perf_counter()
        coordinator._dones[0] = {}
        coordinator._finish()
        after = process.memory_info().rss
        parquet = (Path(name) / "run" / "samples.parquet").stat().st_size
        print(
            f"  after closing the run   {after / 1e6:7.1f} MB   samples.parquet {parquet / 1e6:.1f} MB; {time.perf_counter() - began:.1f} s"
        )


if __name__ == "__main__":
    main()
