"""``python -m harness.load.describe FILE OPTIONS``: what a locustfile would send, as JSON, without sending it.

For the planning room, which must not import Locust. Without a FILE it describes many, each in a fork of its own:

    in    [["loadprofiles/burst.py", "--rate", "2"], …]
    out   [{"code": 0, "out": "{…}", "err": ""}, {"code": 2, "out": "", "err": "refused: …"}, …]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING, Any

from gevent import monkey
from locust.argument_parser import get_parser
from locust.util.load_locustfile import load_locustfile

from harness.domain.arrivals import as_data
from harness.domain.mix import mix_data
from harness.load import forks, options

if TYPE_CHECKING:
    from collections.abc import Sequence

_waitpid = monkey.get_original("os", "waitpid")


def describe(file: str, given: Sequence[str]) -> None:
    """Print the RunSpec's parts that a plan needs; exit 2 with the reason when the options are refused."""
    load_locustfile(file)
    options.PREPARED.only_describe = True
    get_parser(default_config_files=[]).parse_args(["-f", file, "--headless", *given])
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


def apart(file: str, given: Sequence[str]) -> dict[str, Any]:
    """The same in a process of its own: a locustfile may change anything in the one that loads it."""
    if not forks.SAFE:
        command = [sys.executable, "-P", "-m", "harness.load.describe", file, *given]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return {"code": done.returncode, "out": done.stdout, "err": done.stderr}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = forks.fork()
        if pid == 0:
            forks.speak_to(err.fileno(), out.fileno())
            os._exit(_code(file, given))
        _, status = _waitpid(pid, 0)
        for words in (out, err):
            words.seek(0)
        said = {"out": out.read().decode("utf-8", "replace"), "err": err.read().decode("utf-8", "replace")}
        return {"code": os.waitstatus_to_exitcode(status), **said}


def _code(file: str, given: Sequence[str]) -> int:
    """How a process that describes this file would end."""
    code = 0
    try:
        describe(file, given)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever a locustfile does: its last line is what the plan says
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def main() -> None:
    """One file from the command line, or many from standard input."""
    if len(sys.argv) > 1:
        describe(sys.argv[1], sys.argv[2:])
    else:
        from harness.load import ChatUser  # noqa: F401, PLC0415 - else each fork imports the engine with its locustfile

        print(json.dumps([apart(file, given) for file, *given in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
