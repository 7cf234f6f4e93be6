"""A chat app whose questions are queued: a POST gives an id, a GET of that id streams all of the text so far."""

import json
from typing import ClassVar

from tests.peers.serving import Quiet

PIECES = ("Yes, ", "until ", "Saturday.")


class Queued(Quiet):
    """Fails where the question asks for it."""

    questions: ClassVar[dict[str, str]] = {}

    def answer(self):
        if self.command == "POST" and self.path == "/gradio_api/call/chat":
            [question] = json.loads(self.body())["data"]
            name = f"event{len(self.questions)}"
            self.questions[name] = question
            return self.send(200, json.dumps({"event_id": name}).encode(), Content_Type="application/json")
        if self.path == "/gradio_api/info":
            return self.send(200, b'{"named_endpoints": {"/chat": {}}}', Content_Type="application/json")
        question = self.questions.pop(self.path.rpartition("/")[2], None)
        if question is None:
            return self.send(404, b'{"detail":"Not Found"}', Content_Type="application/json")
        said = self._failed() if "fail" in question else self._said()
        return self.send(200, "".join(said).encode(), Content_Type="text/event-stream")

    def _said(self):
        for n in range(1, len(PIECES) + 1):
            yield f"event: generating\ndata: {json.dumps([''.join(PIECES[:n]), None])}\n\n"
        yield f"event: complete\ndata: {json.dumps([''.join(PIECES), None])}\n\n"

    def _failed(self):
        yield f"event: generating\ndata: {json.dumps([PIECES[0], None])}\n\n"
        yield "event: error\ndata: null\n\n"
