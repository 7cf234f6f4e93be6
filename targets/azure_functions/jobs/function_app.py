"""The jobs of the reference service as Azure Functions: its ASGI app, a queue's messages, and a schedule.

The host holds the message: it deletes it when this returns, and shows it again when this raises, up to maxDequeueCount times.
"""

import os
import time
from pathlib import Path

import azure.functions as func

# the index is in the package, whose folder the platform decides; the service reads this when it is imported
os.environ.setdefault("RAG_INDEX", str(Path(__file__).parent / "index" / "index.sqlite"))

from ragchat.asgi import app as service
from ragchat.jobs.queues import Message
from ragchat.jobs.workshop import Pushed, workshop

app = func.AsgiFunctionApp(app=service, http_auth_level=func.AuthLevel.ANONYMOUS)
made = workshop(Pushed())


@app.queue_trigger(arg_name="message", queue_name="%RAG_JOBS_QUEUE%", connection="AzureWebJobsStorage")
def work(message: func.QueueMessage) -> None:
    """One job; raises where it has not been taken care of."""
    deadline = time.monotonic() + float(os.environ["RAG_JOBS_REQUEST_LIMIT_S"])
    received = Message(message.get_body().decode(), message.pop_receipt or "", message.dequeue_count or 1)
    settled = made.carrier.carry(received, deadline)
    made.courier.send_due()
    if not settled:
        raise RuntimeError("the job is to be tried again")


@app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
def tick(timer: func.TimerRequest) -> None:
    """Callbacks whose receiver did not take them, and submissions whose front died midway."""
    del timer
    made.tidy()
    made.courier.send_due()
