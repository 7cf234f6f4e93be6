"""Runs as the analysis sees them, without files."""

import numpy as np

from harness.analysis.dataset import RunData


def run_of(response_s, block=1, target="alpha", profile="steady", **columns):
    """One measured run with these response times; inf is a failure."""
    response = np.asarray(response_s, dtype=float)
    n = len(response)
    ok = np.isfinite(response)
    scheduled = np.arange(n, dtype=float)
    nothing, nan = np.array([None] * n, dtype=object), np.full(n, np.nan)
    values = {
        **dict.fromkeys(("cold", "instance_id", "layer", "refused_by", "platform_request_id", "init_type"), nothing),
        **dict.fromkeys(("retry_after_s", "queue_ms", "retrieval_ms", "init_ms", "model_ttft_ms", "lane"), nan),
        **dict.fromkeys(("instance_requests", "instance_age_ms", "headers_s"), nan),
        "phase": np.array([profile] * n, dtype=object),
        "measured": np.array([True] * n, dtype=object),
        "stream": np.array([True] * n, dtype=object),
        "scheduled_s": scheduled,
        "sent_s": scheduled,
        "finished_s": scheduled + np.where(ok, response, 0.01),
        "first_token_s": scheduled + np.where(ok, response / 2, np.nan),
        "outcome": np.where(ok, "ok", "throttled").astype(object),
        "generation_ms": response * 500,
    }
    return RunData(block, target, profile, None, {**values, **columns})
