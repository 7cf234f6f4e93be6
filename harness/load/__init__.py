"""The load engine: Locust users as concurrency slots, a schedule that says when each request is due.

A run is entered by Locust alone (``locust -f loadprofiles/burst.py``): naming ``ChatUser`` imports it, which patches
the process for gevent. What only asks one question after the other (``ask``) uses the same wire and patches nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from harness.domain import arrivals

if TYPE_CHECKING:
    from harness.load.user import ChatUser, JobUser

__all__ = ["ChatUser", "JobUser", "arrivals"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what a module may hold
    if name not in ("ChatUser", "JobUser"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # pyarrow brings NumPy, whose OpenBLAS starts a spinning thread a core: a generator that does no algebra needs none
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from harness.load import user  # noqa: PLC0415 - Locust patches the process as it is imported

    return getattr(user, name)
