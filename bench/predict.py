"""``python -m bench.predict [DAYS]``: seconds a million requests that the simulator takes, by kind of fleet, and its memory.

A week at 5/s is 3 million requests. Draws of arrivals are part of it. Run by ``make bench``.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from harness.platforms.scaling import Grows, Picks
from harness.predict import arrivals
from harness.predict.fleet import Autoscaler, Fleet, IdleLaw, Queue, Service
from harness.predict.simulate import simulate

RATE_PER_S = 5.0
DAY_S = 86_400.0


def fleets() -> dict[str, Fleet]:
    """Answers of .56 s in the middle, idle windows of 300 s, starts of 1.1 s."""
    rng = np.random.default_rng(1)
    spread = np.exp(rng.normal(0, 0.4, 4000))
    service = Service(0.05 * spread, 0.5 * spread, 0.03 * spread, 0.2 * spread)
    start, idle = np.array([1.0, 1.2]), IdleLaw(300 * np.exp(rng.normal(0, 0.1, 4000)))
    queue = Queue(1000, 10)
    return {
        "one request an instance": Fleet(Grows.ON_DEMAND, service, start_s=start, idle=idle),
        "80 requests an instance": Fleet(
            *(Grows.ON_DEMAND, service, 80),
            picks=Picks.LEAST,
            queue=queue,
            start_s=start,
            bound=False,
            idle=idle,
            per_instance_per_s=50.0,
        ),
        "autoscaler": Fleet(
            *(Grows.AUTOSCALER, service, 8, 1, 20),
            picks=Picks.LEAST,
            queue=queue,
            start_s=start,
            scaler=Autoscaler(0.7, 60, 15, 5, 300),
        ),
        "fixed, its processors at half": Fleet(
            *(Grows.FIXED, service, 16, 2, 2), picks=Picks.LEAST, queue=queue, per_instance_per_s=5.0
        ),
    }


def main(days: float) -> None:
    """A line each."""
    length_s = days * DAY_S
    for name, fleet in fleets().items():
        began = time.process_time()
        out = simulate(fleet, arrivals.poisson(RATE_PER_S, length_s, 7), length_s, seed=1)
        took = time.process_time() - began
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name:32} {out.asked:9,} requests  {took / out.asked * 1e6:5.2f} s a million  {most:4.0f} MiB")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
