"""Whether a pinned package is known to be vulnerable: 1 where one is, 0 where none is, or where it can't be told.

A machine without the advisory service cannot tell, and that is said; it does not keep anybody from working.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TIMEOUT_S = 300


def main() -> int:
    """Runs pip-audit over constraints.txt."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    try:
        done = subprocess.run(
            [*command, "-f", "json", "-r", str(ROOT / "constraints.txt")],
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, subprocess.TimeoutExpired) as error:
        print(f"audit: can't tell ({type(error).__name__}): the advisory service gave no answer")
        return 0
    return judged(found)


def judged(found: list[dict[str, object]]) -> int:
    """Says what was found; the exit code."""
    hit = [p for p in found if p.get("vulns")]
    skipped = [p for p in found if p.get("skip_reason")]
    for package in hit:
        advisories = package["vulns"]
        names = ", ".join(str(v["id"]) for v in advisories) if isinstance(advisories, list) else ""
        print(f"audit: {package['name']} {package.get('version')}: {names}")
    told = len(found) - len(skipped)
    print(f"audit: {len(hit)} of {told} packages are known to be vulnerable", end="")
    print(f"; of {len(skipped)} it can't be told" if skipped else "")
    return int(bool(hit))


if __name__ == "__main__":
    sys.exit(main())
