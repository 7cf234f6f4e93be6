"""The load engine: Locust users as concurrency slots, a schedule that says when each request is due.

Entered by Locust alone (``locust -f loadprofiles/burst.py``): importing it patches
the process for gevent.
"""

import os

# pyarrow brings NumPy, whose OpenBLAS starts a spinning thread a core: a generator that does no algebra needs none.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import locust  # noqa: F401 - first: it patches the process before ssl is imported

from harness.domain import arrivals
from harness.load.user import ChatUser

__all__ = ["ChatUser", "arrivals"]
