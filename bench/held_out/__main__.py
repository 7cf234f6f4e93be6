"""``python -m bench.held_out prepare DIR``, ``capture DIR`` (half an hour of a quiet machine), then ``judge DIR``."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.held_out import capture, judge


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.held_out", description=__doc__)
    parser.add_argument("what", choices=("prepare", "capture", "judge"))
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--half", choices=("develop", "judge", "all"), default="judge", help="whose blocks are predicted"
    )
    given = parser.parse_args()
    match given.what:
        case "prepare":
            capture.prepared(given.folder.resolve())
        case "capture":
            capture.captured(given.folder.resolve())
        case _:
            judge.judged(given.folder.resolve(), given.half)


if __name__ == "__main__":
    main()
