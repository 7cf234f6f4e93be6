"""Which machine this is, as far as clocks go."""

from __future__ import annotations

import socket

import psutil


def machine_id() -> str:
    """Equal in processes that share one monotonic clock."""
    return f"{socket.gethostname()}:{int(psutil.boot_time())}"
