"""The load engine: Locust users as concurrency slots, a schedule that says when each request is due.

Entered by Locust alone (``locust -f loadprofiles/burst.py``): importing it patches
the process for gevent.
"""

import locust  # noqa: F401 - first: it patches the process before ssl is imported

from harness.domain import arrivals
from harness.load.user import ChatUser

__all__ = ["ChatUser", "arrivals"]
