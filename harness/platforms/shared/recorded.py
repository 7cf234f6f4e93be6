"""A client whose questions and answers are kept as they came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Recorded:
    """Stands in for ``api``; every call that it answers is remembered until it is taken."""

    def __init__(self, api: Any) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._api = api
        self._kept: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._api, name)

        def kept(**request: Any) -> Any:  # noqa: ANN401
            answer = method(**request)
            said = answer
            if isinstance(answer, Mapping):
                said = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
            self._kept.append({"operation": name, "request": request, "answer": said})
            return answer

        return kept

    def take(self) -> list[dict[str, Any]]:
        kept, self._kept = self._kept, []
        return kept


def taken(api: object) -> list[dict[str, Any]]:
    """What a recorded client kept; nothing of any other."""
    return api.take() if isinstance(api, Recorded) else []
