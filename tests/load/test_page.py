"""Locust's page: what it posts changes nothing that nobody chose, and a refusal is answered to it."""

from __future__ import annotations

import json
import re
import shutil
import signal
from contextlib import closing, contextmanager
from dataclasses import replace

import httpx
import pytest

from harness.domain import arrivals
from harness.load.form import UNCHOSEN, as_files_say
from harness.load.spec import single
from tests.builders import external
from tests.fakes import ScriptedServer
from tests.load.run import STEADY, described, questions_file
from tests.load.test_live import wait_for
from tests.load.ui import address, opened, page_port
from tests.suite import warm
from tests.suite.waiting import until

PARTS = re.compile(r"([a-z0-9])([A-Z0-9])")  # between which Locust's own script puts a line: p95 is posted as p_95


def posted(name):
    """A field's name as that script posts it: into camel case and back."""
    camel = re.sub(r"_(\w)", lambda found: found[1].upper(), name)
    return PARTS.sub(r"\1_\2", camel).lower()


class Page:
    """A browser at the page: it shows what the server gave it and posts every field that it shows."""

    def __init__(self, ui: httpx.Client) -> None:
        self._ui = ui
        text = ui.get("/").text
        self.shown = json.loads(re.search(r"window\.templateArgs = (\{.*\})", text)[1])

    @property
    def form(self):
        """As the page's own script fills it in: a list without a default posts its first entry."""
        out = {"user_count": "0", "spawn_rate": "0", "host": self.shown["host"] or "", "run_time": "", "profile": ""}
        for name, field in self.shown["extra_options"].items():
            default, choices = field["default_value"], field["choices"]
            if choices:
                out[posted(name)] = default or choices[0]
            elif isinstance(default, bool):
                out[posted(name)] = str(default).lower()
            else:
                out[posted(name)] = "" if default is None else str(default)
        return out

    def start(self, **changed):
        return self._ui.post("/swarm", data=self.form | changed).json()


@contextmanager
def served(cwd, *more):
    """Locust with its page: the options that it was given, and the folder of its runs; what it says is in ``output.txt``."""
    server = ScriptedServer()
    given = ["--questions", str(questions_file(cwd, ["ok"])), "--host", server.url]
    given += ["--rate", "10", "--duration", "2", "--warmup", "0", "--max-tokens", "8"]
    words = ["-f", str(STEADY), *page_port(), *given, *more, "--evidence", str(cwd / "runs")]
    with (cwd / "output.txt").open("wb") as out:
        process = warm.start("locust", *words, cwd=cwd, file=out.fileno())
    try:
        yield given, cwd / "runs"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        server.close()


@pytest.fixture(scope="module", params=[(), ("--processes", "2")], ids=["one process", "two workers"])
def story(request, tmp_path_factory):
    """Refusals, a start with nothing chosen, a second one while it goes, a start with something chosen."""
    cwd = tmp_path_factory.mktemp("page")
    with served(cwd, *request.param) as (given, runs), closing(opened(cwd / "output.txt")) as ui:
        told = told_by(ui, runs, workers=len(request.param))
        without = [word for k, word in enumerate(given) if "--rate" not in given[max(0, k - 1) : k + 1]]
        command, file = (
            json.loads(one["out"]) for one in described(cwd, [str(STEADY), *given], [str(STEADY), *without])
        )
        told |= {"command": command, "file's rate": file["load"]["phases"][0]["rate"], "server": given[3]}
    told["runs"] = [json.loads((folder / "run.json").read_text())["spec"] for folder in sorted(runs.glob("*"))]
    return told | {"output": (cwd / "output.txt").read_text()}


def told_by(ui, runs, workers):
    told = {}
    if workers:
        wait_for(lambda: len(ui.get("/stats/requests").json().get("workers", [])) == 2)
    page = Page(ui)
    told["refused"] = {
        name: page.start(**{name: value})
        for name, value in {
            "rate": "-5",
            "slots": "1.5",
            "seed": "1e999",
            "arrivals": "sometimes",
            "host": "http://elsewhere.example",
            "questions": "nowhere.jsonl",
            "target": "another",
            "dialect": "openai-chat",
            "trace": "/dev/zero",
            "evidence": "/elsewhere",
            "i_own_this_host": "true",
            "run_time": "5m",
            "invented": "1",
        }.items()
    }
    told["at first"] = page.shown
    told["before"] = list(runs.glob("*"))
    told["alone"] = page.start()
    told["during"] = page.start()
    wait_for(lambda: len(list(runs.glob("*/ledger.json"))) == 1)
    wait_for(lambda: ui.get("/stats/requests").json()["state"] in ("stopped", "ready"))
    told["chosen"] = until(lambda: accepted(Page(ui).start(arrivals="constant", rate="", mode="json")))
    wait_for(lambda: len(list(runs.glob("*/ledger.json"))) == 2)
    told["in force"] = Page(ui).shown["extra_options"]
    return told


def accepted(answer):
    """None while the workers of the run before are not ready yet."""
    return answer if answer["success"] else None


def test_start_alone_sends_what_the_command_line_says(story):
    first, command = story["runs"][0], story["command"]

    assert story["alone"]["success"]
    assert first["load"] == command["load"]
    assert first["mix"] == command["mix"]
    assert (first["slots"], first["deadline_s"]) == (command["slots"], command["deadline_s"])


def test_a_refusal_is_answered_to_the_page_and_starts_nothing(story):
    said = {name: answer["message"] for name, answer in story["refused"].items()}

    assert not any(answer["success"] for answer in story["refused"].values())
    assert story["before"] == []
    assert "--rate: want a number above 0 to 100000, not -5" in said["rate"]
    assert "--slots: '1.5' is not a valid int" in said["slots"]
    assert "--seed: '1e999' is not a valid int" in said["seed"]
    assert "--arrivals: want one of constant, poisson, gamma, not 'sometimes'" in said["arrivals"]
    assert "is said on the command line alone" in said["host"]
    assert "duration is the length of the measured part" in said["run_time"]
    assert {name for name, words in said.items() if "is not a field of this page" in words} == {
        *("evidence", "i_own_this_host", "invented", "questions", "target", "dialect", "trace")
    }


def test_a_run_that_goes_is_not_edited(story):
    assert story["during"]["message"].startswith("Refused: a run goes on")


def test_what_was_chosen_counts_and_a_field_that_was_emptied_is_unchosen(story):
    second, command = story["runs"][1], story["command"]

    assert story["chosen"]["success"]
    assert second["load"]["process"] == "constant"
    assert second["mix"]["stream_share"] == 0
    assert second["load"]["phases"] != command["load"]["phases"], "the rate is the file's again"


def test_the_page_shows_what_is_in_force_and_lets_every_list_unchosen(story):
    shown = story["in force"]

    assert (shown["arrivals"]["default_value"], shown["mode"]["default_value"]) == ("constant", "json")
    assert (shown["rate"]["default_value"], shown["duration"]["default_value"]) == (story["file's rate"], 2.0)
    assert all(field["choices"][0].startswith(UNCHOSEN) for field in shown.values() if field["choices"])
    assert "Traceback" not in story["output"]


def test_the_page_is_filled_in_with_what_a_start_alone_would_send_and_says_whom(story):
    shown, command = story["at first"], story["command"]
    fields = shown["extra_options"]

    assert fields["rate"]["default_value"] == command["load"]["phases"][0]["rate"] == 10
    assert [fields[name]["default_value"] for name in ("duration", "warmup")] == [2.0, 0.0]
    assert fields["seed"]["default_value"] == story["runs"][0]["seed"]
    assert fields["arrivals"]["choices"][0] == f"{UNCHOSEN} ({command['load']['process']})"
    assert (shown["host"], shown["missing_host_warning"]) == (story["server"], False)


@pytest.mark.parametrize(
    "load",
    [
        arrivals.square_burst(rate=0.3, factor=5, on_s=30, off_s=90).during(600),
        arrivals.poisson(rate=2).during(60).after_warmup(7),
        arrivals.ramp(1, 9, 30),
        arrivals.capacity(rate=3.3),
        arrivals.keep_alive(10, 5, 600, duration_s=900),
        arrivals.cold_starts(3, 3, 60, 1),
        arrivals.probes(3, 60, 1),
    ],
    ids=lambda load: load.kind,
)
def test_what_is_filled_in_and_posted_back_changes_no_load(load):
    spec = replace(single(external("http://127.0.0.1:9"), "http://127.0.0.1:9", 30.0), load=load)
    said = as_files_say(spec)
    changes = {"rate": load.at_rate, "duration": load.during, "warmup": load.after_warmup, "arrivals": load.spread}

    assert all(changes[name](value) == load for name, value in said.items() if name in changes)
    assert ("rate" in said) == (load.kind in ("square_burst", "poisson", "ramp", "capacity"))


CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_browser_says_the_same_as_the_form_that_is_filled_in_above(tmp_path):
    """The class Page is our reading of Locust's own script; this is the script."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with served(tmp_path) as (given, runs), api.sync_playwright() as playwright:
        opened(tmp_path / "output.txt").close()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address(tmp_path / "output.txt"))
        page.get_by_text("Custom parameters").click()
        assert page.locator("select[name=arrivals]").input_value() == f"{UNCHOSEN} (poisson)"
        assert page.locator("input[name=rate]").input_value() == "10"
        assert page.get_by_label("Host").input_value() == given[3]
        page.locator("input[name=rate]").fill("-3")
        page.get_by_role("button", name="Start").click()
        page.get_by_text("Refused: --rate: want a number above 0").wait_for()
        page.locator("input[name=rate]").fill("10")
        page.get_by_role("button", name="Start").click()
        wait_for(lambda: list(runs.glob("*/ledger.json")))
        browser.close()
        [path] = runs.glob("*/run.json")
        spec, command = (
            json.loads(path.read_text())["spec"],
            json.loads(described(tmp_path, [str(STEADY), *given])[0]["out"]),
        )

    assert (spec["load"], spec["mix"]) == (command["load"], command["mix"])
