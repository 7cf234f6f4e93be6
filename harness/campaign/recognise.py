"""Which dialect an endpoint speaks, and what a pilot of it could not tell, with what each gap costs in evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from harness.campaign.contract_check import QUESTION as CHAT
from harness.campaign.contract_check import Answer, Check, Verify, client_of
from harness.campaign.openai_check import PATH
from harness.campaign.openai_check import QUESTION as COMPLETION
from harness.campaign.symptoms import status_words, transport_words
from harness.domain.target import Dialect

GAPS = {
    "instances": "no X-Instance-Id: cold starts, instances and capacity per instance cannot be told",
    "age": "no X-Instance-Age-Ms: a cold answer looks like a slow one, so cold starts are not counted",
    "request id": "X-Request-Id is not echoed: its lines in the platform's logs and traces cannot be joined to samples",
    "model time": "no model time in the answer: what the runtime adds cannot be told from what the model takes",
    "tokens": "no usage: the cost of tokens is not known, and equal work cannot be shown by it",
    "citations": "no citations: that both targets searched the same index cannot be shown",
}


@dataclass(frozen=True)
class Recognised:
    """The dialect, or None; how that was seen; and one answer's evidence, told or missing."""

    dialect: Dialect | None
    seen: Check
    evidence: tuple[Check, ...] = ()
    model: str | None = None  # that a request has to name


def recognise(base_url: str, auth: httpx.Auth | None = None, verify: Verify = True) -> Recognised:  # noqa: FBT002
    """Asks two or three times; never raises for what an endpoint answers."""
    name = "API dialect"
    with client_of(base_url, auth, verify) as client:
        try:
            meta = client.get("/v1/meta")
            if _json(meta).get("contract") == Dialect.RAG_CHAT:
                return Recognised(
                    Dialect.RAG_CHAT, Check(name, Answer.PASS, "rag-chat/1"), _evidence(client, "/v1/chat", CHAT)
                )
            question: dict[str, Any] = COMPLETION
            said = client.post(PATH, json=question)
            if said.status_code >= 400 and said.status_code != 404:
                # some have no model of their own choice, and say so with any status
                question = COMPLETION | {"model": _first_model(client)}
                said = client.post(PATH, json=question)
        except httpx.HTTPError as error:
            return Recognised(None, Check(name, Answer.UNKNOWN, transport_words(error)[1]))
        if "choices" in _json(said):
            seen = Check(name, Answer.PASS, f"openai-chat{_naming(question)}")
            return Recognised(Dialect.OPENAI_CHAT, seen, _evidence(client, PATH, question), question.get("model"))
        error_ = _json(said).get("error")
        if isinstance(error_, dict) and said.status_code in (400, 401, 403, 404, 422):
            words = f"probably openai-chat, which {status_words(said)}: {str(error_.get('message'))[:120]}"
            return Recognised(Dialect.OPENAI_CHAT, Check(name, Answer.UNKNOWN, words))
    words = (
        f"neither rag-chat/1 (GET /v1/meta {status_words(meta)}) nor openai-chat (POST {PATH} {status_words(said)}): "
        'declare it with dialect = "mapped" and a [mapping] (targets/README.md)'
    )
    return Recognised(None, Check(name, Answer.FAIL, words))


def _evidence(client: httpx.Client, path: str, question: dict[str, Any]) -> tuple[Check, ...]:
    given = "pilot-check-0001"
    try:
        answer = client.post(path, json=question, headers={"X-Request-Id": given})
    except httpx.HTTPError as error:
        return (Check("what its answers tell", Answer.UNKNOWN, transport_words(error)[1]),)
    body, headers = _json(answer), answer.headers
    told = {
        "instances": "x-instance-id" in headers,
        "age": "x-instance-age-ms" in headers,
        "request id": headers.get("x-request-id") == given,
        "model time": isinstance((body.get("timings") or {}).get("generation_ms"), int | float),
        "tokens": isinstance(body.get("usage"), dict),
        "citations": isinstance(body.get("citations"), list),
    }
    return tuple(
        Check(name, Answer.PASS if has else Answer.UNTOLD, "" if has else GAPS[name]) for name, has in told.items()
    )


def _naming(question: dict[str, Any]) -> str:
    return (
        f", where a request names a model (model of target.toml, as {question['model']})" if "model" in question else ""
    )


def _first_model(client: httpx.Client) -> str:
    listed = _json(client.get("/v1/models")).get("data")
    first = listed[0] if isinstance(listed, list) and listed else None
    return str(first["id"]) if isinstance(first, dict) and "id" in first else "gpt-4"


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
