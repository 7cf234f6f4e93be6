"""The endpoint in front that docs/not-pilotable.md has, as a process."""

import os
import re
import sys
from pathlib import Path

from tests.peers.start import free_port, running

PAGE = Path(__file__).parent.parent.parent / "docs" / "not-pilotable.md"


def front(folder, queue):
    """Its base URL; ``queue`` is where questions are posted."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (folder / "front.py").write_text(code)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "front:app", "--port", str(port), "--log-level", "warning"]
    return running(command, port, folder, env=os.environ | {"QUEUE_URL": queue})
