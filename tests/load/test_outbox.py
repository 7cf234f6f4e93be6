"""A worker's outbox: bounded, and nothing that was not acknowledged is lost. In a child: importing the room patches it."""

import json
import subprocess
import sys
from pathlib import Path

from tests.load.run import ROOT

SCRIPT = """
import harness.load, json
from harness.load import outbox as room
from harness.load.outbox import Outbox, unpack
room.MOST_KEPT_BYTES = 20_000
sent = []
box = Outbox(sent.append, pack=True)
for first in range(0, 1000, 100):
    box.post([b'[%d,"ok"]' % seq for seq in range(first, first + 100)], [])
    if first < 300:
        box.acknowledged(sent[-1]["batch"])
in_memory = box._kept_bytes
big = [b'[%d,"%s"]' % (seq, b"x" * 400) for seq in range(2000, 2100)]
box.post(big, [])
box.leave()
print(json.dumps({
    "unpacked": unpack(sent[-1]) == b"".join(line + b"\\n" for line in big),
    "smaller": len(sent[-1]["lines"]) < sum(map(len, big)) / 4,
    "left": str(box.left), "rows": box.left_rows, "in_memory": in_memory, "kept": box._kept_bytes,
}))
"""


def test_what_the_master_did_not_acknowledge_stands_in_a_file_of_its_own():
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    left = Path(said["left"])
    head, *rows = map(json.loads, left.read_text().splitlines())
    left.unlink()

    assert said["unpacked"]
    assert said["smaller"], "batches travel compressed"
    assert head["columns"][0] == "seq"
    assert said["kept"] == 0
    assert said["in_memory"] <= 20_000
    assert [row[0] for row in rows] == [*range(300, 1000), *range(2000, 2100)] == [r[0] for r in rows]
    assert said["rows"] == 800
