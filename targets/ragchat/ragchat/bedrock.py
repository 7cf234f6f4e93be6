"""The model on Amazon Bedrock: ``converse_stream`` by boto3, its events handed over from a thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError

from ragchat.contract import ContractError
from ragchat.model import Generation

THROTTLED = ("ThrottlingException", "throttlingException", "ServiceQuotaExceededException")
BUSY = ("ServiceUnavailableException", "serviceUnavailableException", "ModelNotReadyException")
END: Any = object()


class Bedrock:
    """One model; nothing is tried again, for a retry inside would hide a throttle from the pilot."""

    def __init__(self, model: str, region: str | None, timeout_s: float, endpoint: str | None = None) -> None:
        config = Config(
            retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=timeout_s, max_pool_connections=100
        )
        self._client: Any = boto3.client("bedrock-runtime", region_name=region, endpoint_url=endpoint, config=config)
        self._model, self._timeout_s = model, timeout_s

    async def stream(
        self, messages: list[dict[str, str]], max_tokens: int, request_id: str, generation: Generation
    ) -> AsyncIterator[str]:
        """Texts as they arrive; raises ContractError upstream_error or upstream_throttled."""
        asked = {
            "modelId": self._model,
            **_conversation(messages),
            "inferenceConfig": {"maxTokens": max_tokens},  # unset, the quota reserves the model's most
            "requestMetadata": {"request_id": request_id[:256]},
        }
        try:
            async with asyncio.timeout(self._timeout_s):
                said = await asyncio.to_thread(self._client.converse_stream, **asked)
                events: Iterator[dict[str, Any]] = iter(said["stream"])
                try:
                    while (event := await asyncio.to_thread(next, events, END)) is not END:
                        if (text := _text(event, generation)) is not None:
                            yield text
                finally:
                    said["stream"].close()
        except TimeoutError:
            raise ContractError(502, "upstream_error", "the model did not answer in time", source="model") from None
        except (ClientError, EventStreamError) as error:
            raise _refusal(str(error.response.get("Error", {}).get("Code"))) from None
        except (BotoCoreError, ParserError, OSError) as error:
            raise ContractError(
                502, "upstream_error", f"the model failed ({type(error).__name__})", source="model"
            ) from None
        finally:
            generation.ended = time.perf_counter()


def _text(event: dict[str, Any], generation: Generation) -> str | None:
    if usage := (event.get("metadata") or {}).get("usage"):
        generation.input_tokens = usage.get("inputTokens")
        generation.output_tokens = usage.get("outputTokens")
        generation.cached_input_tokens = usage.get("cacheReadInputTokens")
    text = ((event.get("contentBlockDelta") or {}).get("delta") or {}).get("text")
    if not text:
        return None
    if generation.first_token is None:
        generation.first_token = time.perf_counter()
    return str(text)


def _conversation(messages: list[dict[str, str]]) -> dict[str, Any]:
    """System texts apart; turns alternate and begin with the user's, as the API wants it."""
    system = [{"text": m["content"]} for m in messages if m["role"] == "system" and m["content"]]
    turns: list[dict[str, Any]] = []
    for message in (m for m in messages if m["role"] != "system" and m["content"]):
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1]["content"].append({"text": message["content"]})
        elif turns or message["role"] == "user":
            turns.append({"role": message["role"], "content": [{"text": message["content"]}]})
    return {"messages": turns, **({"system": system} if system else {})}


def _refusal(code: str) -> ContractError:
    if code in THROTTLED or code in BUSY:
        return ContractError(503, "upstream_throttled", "the model throttled the request", None, "model")
    return ContractError(502, "upstream_error", f"the model answered {code}", source="model")
