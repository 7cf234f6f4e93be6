"""A campaign in the middle of a block: some blocks measured, one run ended, the other being written."""

import time
from datetime import UTC, datetime

import orjson

from harness.domain.arrivals import as_data, constant
from harness.domain.sample import COLUMNS
from harness.evidence.files import dump, write_text
from harness.evidence.run_folder import SPOOL
from harness.evidence.schema import RUN_FORMAT, SAMPLES_FORMAT
from harness.evidence.store import Store
from tests.builders import Pilot, put_run

RATE, LENGTH_S = 10.0, 20.0


class Going:
    """``done`` blocks are VALID, the next one's first run has ended, and its second has begun ``ago_s`` ago."""

    def __init__(self, root, done=1, blocks=6, ago_s=8.0, seal=True, plan=None, **more):
        self.pilot = Pilot(root, blocks=blocks, per_run=200, **more)
        self.workspace = self.pilot.workspace()
        self.plan = plan(self.pilot.plan()) if plan else self.pilot.plan()
        self.store = Store(self.workspace.evidence)
        self.store.write_plan(self.plan)
        if seal:
            self.store.write_seal("sha256:s", {"pilot": {}})
        for block in self.plan.blocks[:done]:
            self.store.note("block begun", block=block.number, attempt=1, order=block.order)
            for run in block.runs:
                self.end(run)
            self.store.note("block ended", block=block.number, attempt=1)
        self.block = self.plan.blocks[done]
        self.store.note("block begun", block=self.block.number, attempt=1, order=self.block.order)
        first, self.run = self.block.runs[:2]
        self.end(first)
        self.folder = self.begin(self.run, ago_s)

    def end(self, run):
        """One whole VALID run."""
        self.store.note("run begun", run=run.id, attempt=1)
        put_run(self.store.run_folder(run, 1), self.pilot._encoded(run), datetime(2026, 11, 10, 9, tzinfo=UTC))
        self.store.note("run ended", run=run.id, attempt=1, cost_usd="0.5", exit_code=0)

    def begin(self, run, ago_s):
        """run.json and a spool with its head, as the generator leaves them when a run starts."""
        self.store.note("run begun", run=run.id, attempt=1)
        folder = self.store.run_folder(run, 1)
        folder.mkdir(parents=True)
        load = constant(RATE).during(LENGTH_S)
        said = {"state": "running", "planned": 200, "total_s": LENGTH_S, "seed": 7, "spec": {"load": as_data(load)}}
        self._began_s = time.perf_counter() - ago_s
        said |= {"started_monotonic_s": self._began_s}
        write_text(folder / "run.json", dump(RUN_FORMAT.stamped(said)))
        (folder / SPOOL).write_bytes(orjson.dumps(SAMPLES_FORMAT.stamped({"columns": COLUMNS})) + b"\n")
        return folder

    @property
    def since_s(self):
        """How long ago the run began."""
        return time.perf_counter() - self._began_s

    def append(self, *samples):
        """As the generator's batches are appended."""
        with (self.folder / SPOOL).open("ab") as file:
            file.write(b"".join(orjson.dumps(one.row()) + b"\n" for one in samples))
