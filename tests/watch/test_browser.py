"""The live page in a real Chromium, where one is installed."""

import json
import os
import shutil
import time
from contextlib import suppress

import pytest

from harness.evidence.run_folder import SPOOL
from harness.evidence.store import Store
from harness.watch.picture import Picture
from harness.watch.serve import Served
from tests.builders import Pilot, failed, sample
from tests.watch.live import RATE, Going

CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
CUT = """[...document.querySelectorAll("svg text")].filter(t => {
  const at = t.getBoundingClientRect(), box = t.closest("svg").getBoundingClientRect();
  return at.left < box.left - 1 || at.right > box.right + 1;
}).length"""
JUDGED = {
    "blocks": 6,
    "targets": ["alpha", "beta"],
    "rows": [{"promise": "steady: p95 2.0 s", "verdicts": ["PASS", "FAIL"]}],
    "sentence": "",
}


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-sync"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def going(tmp_path_factory):
    """Seven of twelve blocks are done, and the eighth is measured."""
    going = Going(tmp_path_factory.mktemp("live"), done=7, blocks=12)
    going.append(*(sample(k, scheduled_s=k / RATE, instance_id=f"i{k % 3}") for k in range(60)))
    going.append(failed(60, scheduled_s=6.0))
    return going


@pytest.fixture(scope="module")
def served(going):
    made = Served(Picture(going.workspace, going.store, lambda: JUDGED))
    yield made
    made.close()


def test_no_error_no_request_elsewhere_no_overflow_and_the_token_is_gone(browser, served, going):
    """All that a person meets in one page, for each costs a second: widths, dark, what is appended, looking back."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    api = pytest.importorskip("playwright.sync_api")
    said, asked, cut = [], [], {}
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served.page.address)
    page.get_by_role("heading", name="Block 8 of 12: steady on Beta").wait_for()
    names = page.locator("#lanes .who").all_inner_texts()
    lines = page.locator("#lanes tbody tr").nth(1)
    before = lines.inner_text().split("\t")
    crosses = page.locator("#chart-response .cross.candidate").get_attribute("d").count("M")
    going.append(*(sample(k, scheduled_s=k / RATE) for k in range(61, 75)))
    lines.get_by_role("cell", name="74", exact=True).wait_for()
    page.get_by_role("button", name="block 2: done").click()
    page.get_by_role("heading", name="Block 2: steady").wait_for()
    page.get_by_role("button", name="block 3: done").click()
    page.get_by_role("heading", name="Block 3: steady").wait_for()
    page.get_by_role("button", name="back to what is measured now").click()
    page.get_by_role("heading", name="Block 8: steady").wait_for()
    for width, scheme in ((1280, "dark"), (390, "light")):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(400)
        with suppress(api.TimeoutError):  # on a busy machine it is drawn anew later than that
            page.wait_for_function(f"{CUT} === 0 && document.documentElement.scrollWidth === {width}", timeout=15_000)
        cut[width] = page.evaluate(CUT), page.evaluate("document.documentElement.scrollWidth")

    assert said == []
    assert [url for url in asked if not url.startswith((served.page.root + "/", "data:"))] == []
    assert "token" not in page.url
    assert names == ["Alpha", "Beta"]
    assert (before[3], before[4], crosses) == ("60", "1", 1), "a refusal is a cross at the edge"
    assert cut == {1280: (0, 1280), 390: (0, 390)}


def told(browser, workspace, store):
    """Of a page that is not live: its heading, the first fact, and whether there are charts."""
    made = Served(Picture(workspace, store, None))
    page = browser.new_context().new_page()
    page.goto(made.page.address)
    page.locator("html[data-ready=yes]").wait_for(state="attached")
    said = page.locator("#state").inner_text(), page.locator("#facts small").first.inner_text()
    drawn = page.locator("#charts").is_visible()
    page.close()
    made.close()
    return *said, drawn


@pytest.mark.slow  # three seconds; what the page is given, test_picture.py tells
def test_a_page_that_is_not_live_says_why(browser, tmp_path):
    none = Pilot(tmp_path / "none")
    none.root.mkdir()
    store = Store(none.workspace().evidence)
    store.write_plan(none.plan())
    stopped = Going(tmp_path)
    stopped.append(sample(0))
    os.utime(stopped.folder / SPOOL, (time.time() - 600,) * 2)
    lost = Pilot(tmp_path / "lost", blocks=2)
    lost.root.mkdir()
    workspace, plan, kept = lost.write()
    for run in plan.blocks[1].runs:
        first = kept.run_folder(run, 1)
        ledger = json.loads((first / "ledger.json").read_text())
        (first / "ledger.json").write_text(json.dumps(ledger | {"valid": False, "reasons": ["lag"]}))
        for attempt in range(2, workspace.config.limits.attempts + 1):
            shutil.copytree(first, kept.run_folder(run, attempt))

    assert told(browser, none.workspace(), store) == ("Nothing is measured yet; pilot run begins", "none yet", False)
    assert told(browser, stopped.workspace, stopped.store)[0] == "Interrupted; pilot run continues it"
    assert told(browser, workspace, kept)[:2] == ("Ended: 1 block given up (limits.attempts)", "1 given up")


@pytest.mark.slow
def test_verdicts_are_those_of_the_last_look_in_words(browser, served):
    page = browser.new_context().new_page()
    page.goto(served.page.address)
    page.get_by_role("cell", name="● PASS").wait_for()

    assert "As of look 1 of 3, the first 6 VALID blocks; the next look is at 8." in page.locator("#looks").inner_text()
    assert page.locator("#verdicts tbody td").all_inner_texts() == ["steady: p95 2.0 s", "● PASS", "▲ FAIL"]


@pytest.mark.slow
def test_axe_finds_nothing_serious(browser, served):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page = browser.new_context(bypass_csp=True).new_page()
    page.goto(served.page.address)
    page.get_by_role("heading", name="Block 8 of 12").wait_for()
    found = axe.Axe().run(page).response["violations"]

    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")] == []


@pytest.mark.slow
def test_when_its_command_has_ended_it_says_so_and_keeps_what_it_showed(browser, going):
    made = Served(Picture(going.workspace, going.store, lambda: JUDGED))
    page = browser.new_context().new_page()
    page.goto(made.page.address)
    page.get_by_role("heading", name="Block 8 of 12").wait_for()
    made.close()
    page.get_by_text("The command that served this page has ended").wait_for()

    assert page.locator("#lanes .who").count() == 2
