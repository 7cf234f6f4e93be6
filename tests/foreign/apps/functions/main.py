"""One function on functions-framework, as Cloud Functions runs it: whole or as named events, at any path."""

import json
import time

import functions_framework
from flask import Response, jsonify
from passages import EACH_S, FIRST_S, answer


@functions_framework.http
def chat(request):
    asked = request.get_json(silent=True) or {}
    if "question" not in asked:
        return jsonify(error={"code": "no_question", "message": "want a JSON body with a question"}), 400
    pieces, ids = answer(asked["question"])
    rest = {"sources": [{"id": one} for one in ids], "usage": {"prompt_tokens": 9, "completion_tokens": len(pieces)}}
    if asked.get("stream"):
        return Response(events(pieces, rest), mimetype="text/event-stream")
    time.sleep(FIRST_S + EACH_S * len(pieces))
    return jsonify(answer="".join(pieces), **rest)


def events(pieces, rest):
    time.sleep(FIRST_S)
    for piece in pieces:
        yield f"event: token\ndata: {json.dumps({'text': piece})}\n\n"
        time.sleep(EACH_S)
    yield f"event: done\ndata: {json.dumps(rest)}\n\n"
