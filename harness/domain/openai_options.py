"""How an OpenAI-compatible server is asked: what differs between those that speak ``openai-chat``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.domain.placeholders import filled_path


@dataclass(frozen=True)
class OpenAiOptions:
    """The dialect's own request unless target.toml says otherwise; ``path`` may name ``{model}``."""

    path: str = "/v1/chat/completions"
    max_tokens_field: str = "max_tokens"  # or max_completion_tokens, as reasoning models want it
    stream_options: bool = True  # asks for usage at a stream's end; strict servers refuse the field
    extra: Mapping[str, Any] = field(default_factory=dict)  # more fields of each body

    def path_for(self, model: str | None) -> str:
        return filled_path(self.path, model)

    def body(self, messages: object, max_tokens: int, model: str | None, *, stream: bool) -> dict[str, Any]:
        """The JSON body."""
        data = {**self.extra, "messages": messages, "stream": stream, self.max_tokens_field: max_tokens}
        if model is not None:
            data["model"] = model
        if stream and self.stream_options:
            data["stream_options"] = {"include_usage": True}
        return data


USUAL_OPTIONS = OpenAiOptions()
