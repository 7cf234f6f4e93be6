"""The checks: what the generator says of each law, against its closed form, with a tolerance that is derived."""

from __future__ import annotations

import http.client
import json
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from harness.calibration.laws import SPREAD, Exponential, SingleServer, Stall, Stream
from harness.calibration.trial import Generator, Trial, law_server
from harness.domain.quantile import quantile

LATE_S = 0.010  # half the least lag limit: a valid run's p99 lateness may be double, its typical one is a tenth
SLEEP_RATE = 400.0
PASS, FAIL, UNKNOWN = "pass", "fail", "can't tell"


@dataclass(frozen=True)
class Checked:
    """One quantity against its truth; ``measured_s`` is None when the run said nothing that may be believed."""

    law: str
    quantity: str
    truth_s: float
    measured_s: float | None
    tolerance_s: float
    derived: str
    n: int
    verdict: str
    why: str = ""


@dataclass(frozen=True)
class Floor:
    """What the generator itself adds, against a server that answers at once."""

    lag_p50_s: float | None
    lag_p99_s: float | None
    response_p50_s: float | None
    response_p99_s: float | None
    ttft_p50_s: float | None
    ttft_p99_s: float | None
    n: int
    streams: int  # of n: those that the first token's times come from
    highest_rate_per_s: float | None  # the highest that it held; None: none of those tried
    rates_tried_per_s: tuple[float, ...]

    @property
    def told(self) -> bool:
        """Whether any lateness was measured at all."""
        return self.lag_p99_s is not None and self.response_p99_s is not None


def against(
    law: str,
    quantity: str,
    truth: float,
    values: Sequence[float],
    p: float,
    tolerance: tuple[float, str],
    trial: Trial,
) -> Checked:
    """Compare one quantile; an INVALID run, or one with a failure, cannot tell."""
    measured = quantile(values, p)
    why = "" if trial.valid else "; ".join(trial.reasons)
    why = why or ("" if trial.all_ok else "not every request was answered")
    verdict = UNKNOWN
    if not why and measured is not None:
        verdict = PASS if abs(measured - truth) <= tolerance[0] else FAIL
    return Checked(law, quantity, truth, measured, tolerance[0], tolerance[1], len(values), verdict, why)


def stall(generator: Generator, seconds: float, law: Stall | None = None) -> list[Checked]:
    """Freeze and release at 100/s, evenly spaced; beside it a client that waits for its answers, which must fail."""
    law, rate = law or Stall(), 100.0
    seconds = math.ceil(seconds / law.every_s) * law.every_s  # part of a cycle tells where it began, not the law
    name = f"stall: stuck {law.stall_s:g} s in every {law.every_s:g} s"
    tolerance = 1 / rate + LATE_S, f"1/rate (the arrivals' grid) + {LATE_S * 1e3:g} ms (half the lag limit)"
    with (
        law_server("stall", asdict(law)) as url,
        law_server("stall", asdict(law)) as other,
        ThreadPoolExecutor(1) as beside,
    ):
        control = beside.submit(closed_loop, other, min(seconds, 2 * law.every_s))
        trial = generator.drive(url, rate, seconds, mode="json", slots=400)
        closed = control.result()
    out = [
        against(name, f"response p{p * 100:g}", law.quantile(p), trial.responses_s, p, tolerance, trial)
        for p in (0.90, 0.95, 0.99)
    ]
    return [*out, _control(name, law, closed, tolerance)]


def _control(name: str, law: Stall, closed_s: Sequence[float], tolerance: tuple[float, str]) -> Checked:
    """Passes when the closed loop fails: the check can tell a wrong tool from a right one."""
    measured, truth = quantile(closed_s, 0.95), law.quantile(0.95)
    failed = measured is not None and abs(measured - truth) > tolerance[0]
    return Checked(
        name,
        "closed-loop control, p95 (must miss)",
        truth,
        measured,
        tolerance[0],
        tolerance[1],
        len(closed_s),
        PASS if failed else FAIL,
    )


def closed_loop(url: str, seconds: float, pace_s: float = 0.010) -> list[float]:
    """One patient client: asks every 10 ms, but never before the last answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    body = json.dumps({"messages": [{"role": "user", "content": "?"}], "stream": False})
    out: list[float] = []
    end = time.perf_counter() + seconds
    while (sent := time.perf_counter()) < end:
        connection.request("POST", "/v1/chat", body)
        connection.getresponse().read()
        out.append(time.perf_counter() - sent)
        time.sleep(max(0.0, pace_s - out[-1]))
    connection.close()
    return out


def sleep(generator: Generator, n: int, law: Exponential | None = None) -> list[Checked]:
    """M/G/inf under Poisson arrivals: the answers' own law, whatever the rate."""
    law, rate = law or Exponential(), SLEEP_RATE
    with law_server("sleep", asdict(law)) as url:
        trial = generator.drive(url, rate, n / rate, mode="json", arrivals="poisson", slots=400)
    return _quantiles(f"M/G/inf: exponential, mean {law.mean_s * 1e3:g} ms", law, trial, trial.responses_s)


def queue(generator: Generator, law: SingleServer, n: int = 5000) -> list[Checked]:
    """One server, first come first served, at half its capacity; the first twentieth is left out."""
    arrivals = "constant" if law.even else "poisson"
    with law_server("queue", {"rate_mu": law.rate_mu, "seed": 11 + law.even}) as url:
        trial = generator.drive(url, law.rate_lambda, n / law.rate_lambda, mode="json", arrivals=arrivals, slots=400)
    settled = trial.responses_s[len(trial.responses_s) // 20 :]
    return _quantiles(f"{'D' if law.even else 'M'}/M/1 at rho 0.5", law, trial, settled)


def _quantiles(name: str, law: Exponential | SingleServer, trial: Trial, values: Sequence[float]) -> list[Checked]:
    out = []
    for p in (0.50, 0.95, 0.99):
        error = law.relative_error(p, max(1, len(values)))
        tolerance = SPREAD * error * law.quantile(p) + LATE_S
        derived = f"{SPREAD:g} standard errors of {error * 100:.2f} % at this n + {LATE_S * 1e3:g} ms"
        out.append(against(name, f"response p{p * 100:g}", law.quantile(p), values, p, (tolerance, derived), trial))
    return out


def stream(generator: Generator, seconds: float, law: Stream | None = None) -> list[Checked]:
    """Streams whose first token and gaps are known."""
    law = law or Stream()
    with law_server("stream", asdict(law)) as url:
        trial = generator.drive(url, 20.0, seconds, mode="stream")
    name = f"stream: first token at {law.ttft_s * 1e3:g} ms, then every {law.gap_s * 1e3:g} ms"
    late = LATE_S, f"{LATE_S * 1e3:g} ms (half the lag limit)"
    gap = 2 * LATE_S / (law.tokens - 1), f"both ends of {law.tokens - 1} gaps within {LATE_S * 1e3:g} ms"
    whole = law.ttft_s + law.gap_s * (law.tokens - 1)
    return [
        against(name, "first token p50", law.ttft_s, trial.ttfts_s, 0.50, late, trial),
        against(name, "first token p99", law.ttft_s, trial.ttfts_s, 0.99, late, trial),
        against(name, "mean gap p50", law.gap_s, trial.gaps_s, 0.50, gap, trial),
        against(name, "mean gap p99", law.gap_s, trial.gaps_s, 0.99, gap, trial),
        against(name, "response p99", whole, trial.responses_s, 0.99, late, trial),
    ]


def floor(
    generator: Generator, rates: Sequence[float], seconds: float, held_s: float, say: Callable[[str], None]
) -> Floor:
    """Against a server that answers at once: lateness, the least times that can be measured, the highest rate held."""
    with law_server("null", {}) as url:
        trial = generator.drive(url, 100.0, seconds, mode="mixed", **{"stream-share": 0.5}, slots=200)
        held = None
        tried: list[float] = []
        for rate in rates:
            tried.append(rate)
            attempt = generator.drive(url, rate, held_s, mode="json", slots=400)
            say(f"  {rate:g}/s: {'held' if attempt.valid and attempt.all_ok else 'not held'}")
            if not (attempt.valid and attempt.all_ok):
                break
            held = rate
    return Floor(
        lag_p50_s=quantile(trial.lags_s, 0.5),
        lag_p99_s=quantile(trial.lags_s, 0.99),
        response_p50_s=quantile(trial.responses_s, 0.5),
        response_p99_s=quantile(trial.responses_s, 0.99),
        ttft_p50_s=quantile(trial.ttfts_s, 0.5),
        ttft_p99_s=quantile(trial.ttfts_s, 0.99),
        n=len(trial.responses_s),
        streams=len(trial.ttfts_s),
        highest_rate_per_s=held,
        rates_tried_per_s=tuple(tried),
    )
