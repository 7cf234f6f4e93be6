"""Celery with files as its queue and SQLite for results, behind FastAPI: a task is submitted, asked for and revoked by its id."""

import subprocess
import sys
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from work import app as queue
from work import digest


@asynccontextmanager
async def with_workers(_):
    """Two worker processes for as long as the API serves."""
    command = [sys.executable, "-m", "celery", "-A", "work", "worker", "--concurrency", "2", "--loglevel", "WARNING"]
    worker = subprocess.Popen(command)  # noqa: ASYNC220 - once, before anything is served
    yield
    worker.terminate()
    worker.wait()


app = FastAPI(title="Digests", lifespan=with_workers)


class Task(BaseModel):
    name: str
    words: int = 200


@app.post("/tasks", status_code=201)
async def submit(task: Task):
    made = digest.delay(task.name, task.words)
    return {"task": {"id": made.id}, "queued": True}


@app.get("/tasks/{task_id}")
def state(task_id: str):
    found = queue.AsyncResult(task_id)
    error = type(found.result).__name__ if found.failed() else None
    return {"task": {"id": task_id}, "state": found.state, "error": error}


@app.get("/tasks/{task_id}/output")
def output(task_id: str):
    found = queue.AsyncResult(task_id)
    if not found.successful():
        return JSONResponse({"detail": "not ready"}, 409)
    return {"output": found.result}


@app.post("/tasks/{task_id}/revoke")
def revoke(task_id: str):
    queue.control.revoke(task_id)
    return {"revoked": True}
