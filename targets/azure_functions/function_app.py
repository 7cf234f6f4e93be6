"""The reference service as an Azure Function: its ASGI app behind one catch-all route.

The worker hands an answer over whole: it does not stream through this bridge.
"""

import os
from pathlib import Path

import azure.functions as func

# the index is in the package, whose folder the platform decides; the service reads this when it is imported
os.environ.setdefault("RAG_INDEX", str(Path(__file__).parent / "index" / "index.sqlite"))

from ragchat.asgi import app as service

app = func.AsgiFunctionApp(app=service, http_auth_level=func.AuthLevel.ANONYMOUS)
