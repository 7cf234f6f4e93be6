"""README, tutorial and nightly page, typed word for word and in order on a fresh machine: each command ends where it says.

What a person would wait for is made shorter in pilot.toml, after it was read; the lines
that install have a machine of their own in test_wheel.
"""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness import pipeline
from harness.workspace import open_workspace
from tests.local.platform import Up, pilot, workspace
from tests.report.open_words import MOST, open_words

ROOT = Path(__file__).parent.parent.parent
INSTALLING = ("python3 ", "pilot-env/", ". ")
SHORT = {"blocks": "2", "duration_s": "1", "warmup_s": "0", "attempts": "8"}  # a busy machine is not the story
NO_WINNER = 5  # two blocks decide nothing, which every page says is an answer
UNDECIDED = (0, 6)


@dataclass
class Story:
    """What was typed, where, and how each command ended."""

    folder: Path
    urls: dict[str, str] = field(default_factory=dict)  # a page's example to where it is here
    typed: list[str] = field(default_factory=list)
    ended: dict[str, list] = field(default_factory=dict)  # by command, each time it was typed
    led: list[tuple[str, str | None]] = field(default_factory=list)  # the command, and what status had said comes next

    def type(self, line):
        for example, here in self.urls.items():
            line = line.replace(example, here)
        self.typed.append(line)
        match shlex.split(line, comments=True):
            case ["cd", name]:
                self.folder = self.folder / name
                self.shorten()
            case ["pilot", "calibrate"]:  # 85 s: tests/calibration run it
                self.led.append(("pilot calibrate", self.following()))
            case ["pilot", *words]:
                if (self.folder / "pilot.toml").exists():
                    self.led.append((f"pilot {words[0]}", self.following()))
                done = pilot(self.folder, *words, timeout=170, light=True)  # no figure is read here
                self.ended.setdefault(words[0].lstrip("-"), []).append(done)
                wanted = {"decide": (NO_WINNER, *UNDECIDED)}.get(words[0], (0,))
                assert done.returncode in wanted, f"{line}\n{done.stdout}\n{done.stderr}"

    def following(self):
        return pipeline.status(open_workspace(self.folder)).next_command

    def shorten(self):
        path = self.folder / "pilot.toml"
        text = path.read_text()
        for name, value in SHORT.items():
            text, count = re.subn(rf"(?m)^{name}( *)= \d+", rf"{name}\1= {value}", text)
            assert count == 1, name
        path.write_text(text)
        quicken(self.folder)


def quicken(folder):
    """The embedded model answers in a twentieth of its time."""
    for path in folder.glob("targets/*/target.toml"):
        path.write_text(re.sub(r'"--time-scale", "[\d.]+"', '"--time-scale", "0.05"', path.read_text()))


def console(page, heading, skip=()):
    """The console blocks of a page from ``heading`` on, as lines; ``skip`` numbers those that offer another way."""
    text = (ROOT / page).read_text()
    found = re.findall(r"```console\n(.*?)```", text[text.index(heading) :], re.DOTALL)
    lines = [line.strip() for k, block in enumerate(found) if k not in skip for line in block.splitlines()]
    return [line for line in lines if not line.startswith(INSTALLING)]


@pytest.fixture(scope="module")
def two_services(tmp_path_factory, corpus):
    """Two endpoints that somebody runs already: of their control side nothing is known."""
    folder = workspace(tmp_path_factory.mktemp("served"), corpus)
    quicken(folder)
    with Up(folder, "local_container", "local_function") as up:
        yield up.urls["local_container"], up.urls["local_function"]


def named(url):
    return re.sub(r"\W", "_", "at_" + url.partition("//")[2])


def test_the_readme_leads_two_external_servers_to_a_report(tmp_path, two_services):
    one, other = two_services
    story = Story(tmp_path, {"https://chat.example.com": one, "https://chat-fn.example.com": other})
    for line in console("README.md", "## Pilot your own two runtimes"):
        story.type(line)

    assert (
        f"next: pilot init ours --quick --baseline-url {one} --candidate-url {other}" in story.ended["check"][0].stdout
    )
    assert story.ended["report"][0].stdout.splitlines()[-1].endswith("report.html")
    assert "2 blocks valid, 0 given up, 0 left" in story.ended["run"][0].stdout
    assert " fail " not in story.ended["check"][1].stdout
    decided = json.loads((story.folder / "reports" / "rendered" / "decision.json").read_text())
    assert not [doubt for doubt in decided["doubts"] if doubt.startswith("Sealed")]
    page = (story.folder / "reports" / "rendered" / "report.md").read_text()
    assert page.index("requests, simulated from what was measured") < page.index("**What would change it**")
    assert len(open_words((story.folder / "reports" / "rendered" / "report.html").read_text())) <= MOST
    assert story.following() is None, "the way has an end"


@pytest.mark.slow  # 73 s; `make demo` takes the embedded runtimes the same way
def test_the_tutorial_leads_the_embedded_runtimes_to_a_report(tmp_path, corpus):
    story = Story(tmp_path)
    for line in console("docs/tutorial.md", "**1. Install", skip=(1,)):
        if line == "cd ours":
            (tmp_path / "ours" / ".pilot").mkdir()
            (tmp_path / "ours" / ".pilot" / "corpus").symlink_to(corpus, target_is_directory=True)
        story.type(line)

    assert story.ended["report"][0].stdout.splitlines()[-1].endswith("report.html")
    assert len(open_words((story.folder / "reports" / "rendered" / "report.html").read_text())) <= MOST
    wrong = [(typed, said) for typed, said in story.led if typed not in (said, "pilot status", "pilot report")]
    assert wrong == [("pilot plan", "pilot calibrate"), ("pilot run", "pilot calibrate")], (
        "only what this test leaves out is missing"
    )


@pytest.mark.slow  # 26 s; the gate itself is tested in tests/cli/test_gate.py
def test_the_nightly_page_ends_at_its_gate(tmp_path, two_services):
    released, build = two_services
    story = Story(
        tmp_path,
        {
            "https://released.example.com": released,
            "https://build.example.com": build,
            "build_example_com": named(build),
        },
    )
    for line in console("docs/nightly.md", "# A small block"):
        story.type(line)

    assert (story.folder / "reports" / "rendered" / "report.html").is_file()
    assert story.ended["decide"][0].returncode in UNDECIDED
