"""``python -m harness.load.describe FILE OPTIONS``: what a locustfile would send, as JSON, without sending it.

For the planning room, which must not import Locust.
"""

from __future__ import annotations

import json
import sys

from locust.argument_parser import get_parser
from locust.util.load_locustfile import load_locustfile

from harness.domain.arrivals import as_data
from harness.domain.mix import mix_data
from harness.load import options


def main() -> None:
    """Print the RunSpec's parts that a plan needs; exit 2 with the reason when the options are refused."""
    file, *rest = sys.argv[1:]
    load_locustfile(file)
    options.PREPARED.only_describe = True
    get_parser(default_config_files=[]).parse_args(["-f", file, "--headless", *rest])
    spec = options.PREPARED.spec
    schedule = options.PREPARED.schedule
    assert spec is not None
    assert schedule is not None
    data = {
        "profile": spec.profile,
        "load": as_data(spec.load),
        "mix": mix_data(spec.mix),
        "deadline_s": spec.deadline_s,
        "slots": spec.slots,
        "requests": spec.load.experiment.most_requests if spec.load.experiment else len(schedule),
        "measured": None if spec.load.experiment else sum(a.measured for a in schedule.arrivals),
        "streams": None if spec.load.experiment else sum(a.measured and a.stream for a in schedule.arrivals),
        "total_s": spec.load.total_s,
    }
    print(json.dumps(data))


if __name__ == "__main__":
    main()
