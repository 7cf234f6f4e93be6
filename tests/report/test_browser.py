"""The report in a real Chromium, where one is installed."""

import re
import shutil

import pytest

from tests.builders import Pilot
from tests.report.test_report import render

CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    return render(Pilot(folder), folder / "r")


@pytest.fixture(scope="module")
def long_names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    titles = {"alpha": "Container (embedded), two of them", "beta": "Function (embedded)"}
    return render(Pilot(folder, titles=titles), folder / "r")


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.mark.parametrize("width", [1920, 1280, 768, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_error_no_request_no_overflow(browser, page_file, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())

    assert said == []
    assert asked == [page_file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert (
        page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,p')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
        )
        == 0
    )
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_with_all_of_it_open_nothing_is_cut_and_no_two_labels_touch(browser, long_names, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(long_names.as_uri() + "?all")
    shown = """[...document.querySelectorAll('figure svg text')].map(t => [t, t.getBoundingClientRect()]).filter(([t, at]) => at.width)"""
    cut = page.evaluate(
        shown
        + """.filter(([t, at]) => { const box = t.closest("svg").getBoundingClientRect();
                                    return at.left < box.left - 1 || at.right > box.right + 1; })
             .map(([t]) => t.closest("figure").id + ": " + t.textContent)"""
    )
    touching = page.evaluate(
        f"""() => {{ const all = {shown}, found = [];
            all.forEach(([a, p], k) => all.slice(k + 1).forEach(([b, q]) => {{
              if (a.closest("svg") === b.closest("svg") && p.left < q.right && q.left < p.right
                  && p.top + 3 < q.bottom - 3 && q.top + 3 < p.bottom - 3) found.push(a.textContent + " / " + b.textContent); }}));
            return found; }}"""
    )

    assert page.evaluate(shown + ".length") > 20
    assert cut == []
    assert touching == []
    assert page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_a_button_opens_all_that_is_folded(browser, page_file):
    page = browser.new_page()
    page.goto(page_file.as_uri())
    assert page.evaluate("document.querySelectorAll('details[open]').length") == 0
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    page.close()


def test_a_phone_shows_the_chart_that_is_drawn_for_it(browser, page_file):
    for width, shown, hidden in ((1280, "wide", "narrow"), (390, "narrow", "wide")):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(page_file.as_uri())
        assert page.locator(f"#quantiles-steady-response .{shown}").is_visible()
        assert not page.locator(f"#quantiles-steady-response .{hidden}").is_visible()
        page.close()


def test_every_id_is_there_once(browser, page_file):
    page = browser.new_page()
    page.goto(page_file.as_uri())
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert sorted(ids) == sorted(set(ids))
    page.close()


def test_text_does_not_overlap(browser, page_file):
    """Blocks of the page stand under each other, on a phone too."""
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(page_file.as_uri())
    overlaps = page.evaluate(
        """() => { const boxes = [...document.querySelectorAll('main > section > *')].map(e => e.getBoundingClientRect());
                   return boxes.slice(1).filter((b, k) => b.top < boxes[k].bottom - 1).length; }"""
    )

    assert overlaps == 0
    context.close()


def test_it_prints(browser, page_file, tmp_path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.pdf(path=tmp_path / "report.pdf", format="A4")

    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "report.pdf").stat().st_size > 20_000
    context.close()


def test_page_one_fits_one_screen_and_one_printed_page(browser, page_file, tmp_path):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(page_file.as_uri())
    assert page.evaluate("document.querySelector('.page-one').getBoundingClientRect().bottom") <= 900

    page.evaluate("document.querySelectorAll('main > :not(#answer), footer').forEach(e => e.remove())")
    page.pdf(path=tmp_path / "one.pdf", format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "one.pdf").read_bytes())) == 1
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, page_file, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(page_file.as_uri())
    found = axe.run(page).response["violations"]
    grave = [
        (v["id"], v["impact"], [n["html"][:120] for n in v["nodes"]][:3])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
    context.close()

    assert grave == []


def test_a_mark_says_its_numbers_when_pointed_at_and_by_keyboard(browser, page_file):
    page = browser.new_page()
    page.goto(page_file.as_uri())
    chart, readout = page.locator("#quantiles-steady-response .chart.wide"), page.locator(".readout")
    assert readout.is_hidden()

    chart.focus()
    page.keyboard.press("ArrowRight")
    assert "quantile p5, response time" in readout.inner_text()
    page.keyboard.press("ArrowLeft")
    last = readout.inner_text()
    assert "95 % interval" in last
    page.keyboard.press("Escape")
    assert readout.is_hidden()

    box = chart.locator(".plot path").last.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + 9, box["y"] + box["height"] / 2 + 9)
    assert readout.inner_text() == last
    page.close()


def test_without_scripts_a_mark_has_its_title(browser, page_file):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.locator("#quantiles-steady-response .chart.wide path title").count() > 20
    context.close()


def test_no_script_but_ours_may_run(browser, page_file, tmp_path):
    strange = tmp_path / "strange.html"
    strange.write_text(page_file.read_text().replace("</main>", "<script>document.title = 'taken'</script></main>"))
    page = browser.new_page()
    page.goto(strange.as_uri())
    assert page.title() != "taken"
    assert page.locator(".readout").count() == 1
    page.close()
