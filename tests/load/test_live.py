"""Locust's own web UI while a run goes: what it shows, and that touching it harms nothing."""

import contextlib
import signal

import httpx
import pytest

from tests.fakes import ScriptedServer
from tests.load.run import STEADY, Done, questions_file
from tests.load.ui import opened, page_port
from tests.suite import warm
from tests.suite.waiting import until


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A run started in the web UI, looked at, reset and edited while it went."""
    cwd = tmp_path_factory.mktemp("ui")
    server = ScriptedServer()
    given = ["--host", server.url, "--questions", str(questions_file(cwd, ["ok", "throttled by platform"]))]
    given += ["--rate", "30", "--duration", "4", "--warmup", "0", "--mode", "stream", "--evidence", str(cwd / "runs")]
    with (cwd / "output.txt").open("wb") as out:
        process = warm.start("locust", "-f", str(STEADY), *page_port(), *given, cwd=cwd, file=out.fileno())
    ui = opened(cwd / "output.txt")
    form = {"user_count": "1", "spawn_rate": "1", "host": server.url}
    try:
        ui.post("/swarm", data=form)
        wait_for(lambda: list((cwd / "runs").glob("*/run.json")))
        wait_for(lambda: ui.get("/stats/requests").json()["stats"][-1]["num_requests"] >= 20)
        shown = ui.get("/stats/requests").json()
        ui.get("/stats/reset")
        ui.post("/stats/reset")
        ui.post("/swarm", data=form | {"user_count": "7"})
        wait_for(lambda: list((cwd / "runs").glob("*/ledger.json")))
        csv = ui.get("/stats/requests/csv").text
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(20)
        ui.close()
        server.close()
    [folder] = (cwd / "runs").iterdir()
    return Done(code, (cwd / "output.txt").read_text(), folder), shown, csv, server


def wait_for(condition):
    """A page that does not answer yet says no."""

    def true():
        with contextlib.suppress(httpx.HTTPError):
            return condition()
        return False

    until(true, 90)


def test_rows_of_their_own_stand_outside_aggregated(watched):
    _, shown, csv, _ = watched
    rows = {row["name"]: row for row in shown["stats"]}

    assert {"stream", "time to first token", "service time", "lag", "throttled", "Aggregated"} == set(rows)
    assert rows["Aggregated"]["num_requests"] == rows["stream"]["num_requests"]
    assert 0 < rows["throttled"]["num_requests"] < rows["stream"]["num_requests"]
    assert rows["lag"]["num_requests"] == rows["stream"]["num_requests"]
    assert "time to first token" in csv


def test_failures_carry_one_of_a_few_names(watched):
    assert {error["error"] for error in watched[1]["errors"]} == {"Failed('throttled')"}


def test_percentiles_have_three_significant_digits(watched):
    rows = watched[1]["stats"]
    value = next(r["median_response_time"] for r in rows if r["name"] == "time to first token")
    medians = [
        r[field] for r in rows for field in ("median_response_time", "response_time_percentile_0.95") if field in r
    ]

    assert value > 19
    assert any(v != float(f"{v:.2g}") for v in medians), f"two digits would do: {medians}"


def test_resets_and_edits_are_recorded_and_harm_nothing(watched):
    done, _, _, server = watched
    touched = [t["what"] for t in done.json("run.json")["touched"]]

    assert touched[0] == "statistics reset"
    assert any("'user_count': '7'" in what for what in touched)
    assert done.json("ledger.json")["outcomes"].keys() == {"ok", "throttled"}, done.output
    assert done.ended_well, done.output
    assert len(done.samples) == sum(server.hits.values()) == 120
