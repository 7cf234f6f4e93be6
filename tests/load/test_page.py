"""Locust's page: what it posts changes nothing that nobody chose, and a refusal is answered to it."""

from __future__ import annotations

import json
import re
import shutil
import signal
from contextlib import closing, contextmanager

import httpx
import pytest

from tests.fakes import ScriptedServer
from tests.load.run import STEADY, described, questions_file
from tests.load.test_live import wait_for
from tests.load.ui import address, opened, page_port
from tests.suite import warm

CAMEL = re.compile(r"(?<=[a-z0-9])([A-Z])")


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
                out[name] = default or choices[0]
            elif isinstance(default, bool):
                out[name] = str(default).lower()
            else:
                out[name] = "" if default is None else str(default)
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
        told = told_by(ui, runs, workers=len(request.param)) | {
            "command": json.loads(described(cwd, [str(STEADY), *given])[0]["out"])
        }
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
    told["before"] = list(runs.glob("*"))
    told["alone"] = page.start()
    told["during"] = page.start()
    wait_for(lambda: len(list(runs.glob("*/ledger.json"))) == 1)
    wait_for(lambda: ui.get("/stats/requests").json()["state"] in ("stopped", "ready"))
    told["chosen"] = Page(ui).start(arrivals="constant", rate="", mode="json")
    wait_for(lambda: len(list(runs.glob("*/ledger.json"))) == 2)
    told["in force"] = Page(ui).shown["extra_options"]
    return told


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
    assert (shown["rate"]["default_value"], shown["duration"]["default_value"]) == (None, 2.0)
    assert all(field["choices"][0] == "" for field in shown.values() if field["choices"])
    assert "Traceback" not in story["output"]


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
        page.locator("input[name=rate]").fill("-3")
        page.get_by_role("button", name="Start").click()
        page.get_by_text("Refused: --rate: want a number above 0").wait_for()
        page.locator("input[name=rate]").fill("10")
        assert page.locator("select[name=arrivals]").input_value() == ""
        page.get_by_role("button", name="Start").click()
        wait_for(lambda: list(runs.glob("*/ledger.json")))
        browser.close()
        [path] = runs.glob("*/run.json")
        spec, command = json.loads(path.read_text())["spec"], described(tmp_path, *given)

    assert (spec["load"], spec["mix"]) == (command["load"], command["mix"])
