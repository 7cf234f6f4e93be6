"""What cannot be piloted as it is, told from what such a server has and no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.check.contract_check import Answer, Check
from harness.check.endpoint import NAME, Endpoint
from harness.check.guess import leaves
from harness.check.openapi import askings, two_steps
from harness.check.symptoms import quoted

if TYPE_CHECKING:
    from harness.load.ask import Asked, Asker

WHY = "docs/not-pilotable.md says why, and what a team can do"
STATES = ("status", "state", "object", "type", "message", "detail")
PLACES = ("id", "url", "href", "location")


class Sign(NamedTuple):
    """A path, and a part of the answer that a GET of it has where the server is such a one."""

    path: str
    part: str
    what: str


SIGNS = (
    Sign(
        "/gradio_api/info",
        "named_endpoints",
        "Gradio, whose answers come in two steps: a POST queues the question and gives an id, a GET with it reads the answer",
    ),
    Sign(
        "/ws/socket.io/?EIO=4&transport=polling",
        '"sid"',
        "an app like Chainlit, which answers over Socket.IO: messages of a session that its page opens, not requests",
    ),
    Sign(
        "/socket.io/?EIO=4&transport=polling",
        '"sid"',
        "an app that answers over Socket.IO: messages of a session that its page opens, not requests",
    ),
)


def unpilotable(url: str, asker: Asker, document: Mapping[str, Any]) -> Endpoint | None:
    """Said with what was seen; None where nothing of the kind was."""
    for sign in SIGNS:
        asked = asker.send("GET", sign.path)
        if asked.said.status == 200 and sign.part in asked.said.text:
            return none_of(url, f"{sign.what} (GET {sign.path} answers as it does)", asked)
    steps = two_steps(document)
    if steps is not None and not askings(document):
        words = f"its answers come in two steps: POST {steps[0]} gives an id, GET {steps[1]} reads the answer"
        return none_of(url, f"{words} (its openapi.json)", None, two_steps=True)
    return None


def none_of(url: str, what: str, asked: Asked | None, *, two_steps: bool = False) -> Endpoint:
    """An endpoint that no target.toml would make one that can be measured."""
    said = quoted(asked.said) if asked is not None else None
    seen = Check(NAME, Answer.FAIL, f"cannot be piloted as it is: {what}", said=said, mend=WHY)
    return Endpoint(url, None, seen, two_steps=two_steps)


def only_an_id(asked: Asked) -> bool:
    """Whether an answer says nothing but where to ask for it."""
    if asked.said.status == 202:
        return True
    texts = [leaf for leaf in leaves(asked.said.fields) if isinstance(leaf.value, str)]
    places = [leaf for leaf in texts if leaf.name.lower().endswith(PLACES)]
    return bool(places) and all(leaf in places or leaf.name.lower() in STATES for leaf in texts)
