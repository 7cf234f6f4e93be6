"""The task, and where Celery keeps its queue and its results."""

import time
from pathlib import Path

from celery import Celery
from passages import PASSAGES

QUEUE = Path("queue")
QUEUE.mkdir(exist_ok=True)
app = Celery("work", broker="filesystem://", backend="db+sqlite:///results.sqlite")
app.conf.update(
    task_track_started=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={
        **dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(QUEUE)),
        "polling_interval": 0.1,
    },
    broker_connection_retry_on_startup=True,
)


@app.task
def digest(name: str, words: int) -> dict:
    """As many words of the passages as were asked for, at the pace of a small model."""
    if name == "broken":
        raise ValueError(name)
    time.sleep(words / 1000)
    text = " ".join(passage["text"] for passage in PASSAGES).split()[:words]
    return {"text": " ".join(text), "tokens_in": words, "tokens_out": len(text)}
