"""The reference service as an Azure Function: its ASGI app behind one catch-all route.

The worker hands an answer over whole: it does not stream through this bridge.
"""

import azure.functions as func
from ragchat.asgi import app as service

app = func.AsgiFunctionApp(app=service, http_auth_level=func.AuthLevel.ANONYMOUS)
