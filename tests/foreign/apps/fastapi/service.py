"""FastAPI, sse-starlette and gzip behind gunicorn: one path, whole or as named events."""

import asyncio
import json

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from passages import EACH_S, FIRST_S, answer
from pydantic import BaseModel
from sse_starlette.sse import EventSourceResponse

app = FastAPI(title="Tool library")
app.add_middleware(GZipMiddleware, minimum_size=100)


class Asked(BaseModel):
    question: str
    stream: bool = False
    max_tokens: int | None = None


@app.post("/ask")
async def ask(asked: Asked):
    pieces, ids = answer(asked.question)
    rest = {"sources": [{"id": one} for one in ids], "usage": {"prompt_tokens": 9, "completion_tokens": len(pieces)}}
    if asked.stream:
        return EventSourceResponse(events(pieces, rest))
    await asyncio.sleep(FIRST_S + EACH_S * len(pieces))
    return {"answer": "".join(pieces), **rest}


async def events(pieces, rest):
    await asyncio.sleep(FIRST_S)
    for piece in pieces:
        yield {"event": "token", "data": json.dumps({"text": piece})}
        await asyncio.sleep(EACH_S)
    yield {"event": "done", "data": json.dumps(rest)}
