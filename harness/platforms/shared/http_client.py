"""The one httpx client for platforms' REST APIs: it tries again what was refused for now, and gives up what hangs."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

import httpx

from harness.dialects.retry_after import retry_after_s
from harness.platforms.shared.call_policy import POLICY, CallPolicy

NOT_BEGUN = frozenset({429, 503})  # nothing was done: safe to ask again, whatever it was
FAILED = frozenset({408, 500, 502, 504})  # something may have been done: only a question is asked again
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class HttpClient(httpx.Client):
    """``questions`` are the methods that change nothing. Answers come whole; the last one is returned, whatever it says."""

    def __init__(
        self,
        *,
        policy: CallPolicy = POLICY,
        questions: Collection[str] = ("GET",),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        **options: Any,  # noqa: ANN401 - httpx's own
    ) -> None:
        super().__init__(timeout=httpx.Timeout(policy.read_s, connect=policy.connect_s), **options)
        self._policy, self._questions, self._clock, self._sleep = policy, questions, clock, sleep

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:  # noqa: ANN401
        """Raises httpx.TransportError where no try was answered in time."""
        ends, tried = self._clock() + self._policy.call_s, 0
        while True:
            tried += 1
            try:
                answer = self._whole(request, ends, options)
            except httpx.TransportError as error:
                again = request.method in self._questions or isinstance(error, NOT_SENT)
                wait_s = self._policy.wait_s(tried)
                if not again or self._over(tried, wait_s, ends):
                    raise
            else:
                again = answer.status_code in (NOT_BEGUN | FAILED if request.method in self._questions else NOT_BEGUN)
                wait_s = self._policy.wait_s(tried, retry_after_s({k.lower(): v for k, v in answer.headers.raw}))
                if not again or self._over(tried, wait_s, ends):
                    return answer
            self._sleep(wait_s)

    def _over(self, tried: int, wait_s: float, ends: float) -> bool:
        return tried >= self._policy.tries or self._clock() + wait_s >= ends

    def _whole(self, request: httpx.Request, ends: float, options: dict[str, Any]) -> httpx.Response:
        """One try; a body that drips is cut as one that hangs."""
        left_s = max(0.001, ends - self._clock())
        within = httpx.Timeout(min(left_s, self._policy.read_s), connect=min(left_s, self._policy.connect_s))
        request.extensions = {**request.extensions, "timeout": within.as_dict()}
        answer = super().send(request, **{**options, "stream": True})
        try:
            answer.stream = _Bounded(answer.stream, lambda: self._clock() > ends)
            answer.read()
        finally:
            answer.close()
        return answer


class _Bounded(httpx.SyncByteStream):
    """A body until its time is over."""

    def __init__(self, inner: Any, over: Callable[[], bool]) -> None:  # noqa: ANN401 - sync, as the client is
        self._inner, self._over = inner, over

    def __iter__(self) -> Iterator[bytes]:
        for part in self._inner:
            if self._over():
                raise httpx.ReadTimeout("the answer did not end in time")
            yield part

    def close(self) -> None:
        self._inner.close()
