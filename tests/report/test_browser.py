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
    "--process-per-site",  # or each page would start a renderer of its own
]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    return render(Pilot(folder), folder / "r")


@pytest.fixture(scope="module")
def long_names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    titles = {
        "alpha": "Container (embedded), two of them behind the region's shared balancer",
        "beta": "Function (embedded)",
    }
    return render(Pilot(folder, titles=titles), folder / "r")


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def still(browser, page_file):
    """One page for what only looks at it, with all that it has said and asked for."""
    page, said, asked = browser.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    yield page, said, asked
    page.close()


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1920), ("light", 1280), ("light", 768), ("light", 390), ("dark", 1280)]
)  # a scheme changes colors alone
def test_no_error_no_request_no_overflow(still, page_file, width, scheme):
    page, said, asked = still
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})

    assert said == []
    assert asked == [page_file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert (
        page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,p')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
        )
        == 0
    )


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


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_long_names_leave_the_picture_its_room(browser, long_names, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(long_names.as_uri())
    assert page.evaluate("Math.min(...[...document.querySelectorAll('.promises .track')].map(e => e.clientWidth))") > 90
    page.close()


def test_paper_without_backgrounds_still_shows_what_is_told_by_them(browser, page_file):
    page = browser.new_page()
    page.emulate_media(media="print")
    page.goto(page_file.as_uri())
    for told in (".chip span", ".swatch", ".bar i"):
        assert page.evaluate(f"getComputedStyle(document.querySelector('{told}')).printColorAdjust") == "exact"
    page.close()


def test_a_button_opens_all_that_is_folded(browser, page_file):
    page = browser.new_page()
    page.goto(page_file.as_uri())
    assert page.evaluate("document.querySelectorAll('details[open]').length") == 0
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    page.close()


def test_a_phone_shows_the_chart_that_is_drawn_for_it(still):
    page, _, _ = still
    for width, shown, hidden in ((1280, "wide", "narrow"), (390, "narrow", "wide")):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.locator(f"#quantiles-steady-response .{shown}").is_visible()
        assert not page.locator(f"#quantiles-steady-response .{hidden}").is_visible()


def test_every_id_is_there_once(still):
    ids = still[0].evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert sorted(ids) == sorted(set(ids))


def test_text_does_not_overlap(still):
    """Blocks of the page stand under each other, on a phone too."""
    page, _, _ = still
    page.set_viewport_size({"width": 390, "height": 900})
    overlaps = page.evaluate(
        """() => { const boxes = [...document.querySelectorAll('main > section > *')].map(e => e.getBoundingClientRect());
                   return boxes.slice(1).filter((b, k) => b.top < boxes[k].bottom - 1).length; }"""
    )

    assert overlaps == 0


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
    """In the dark colors alone are others."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(page_file.as_uri())
    found = axe.run(page, options={"runOnly": ["color-contrast"]} if scheme == "dark" else {}).response["violations"]
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


def of_chart(page, width="wide"):
    return page.locator(f"#quantiles-steady-response .chart.{width}")


def ticks(chart):
    return chart.locator(".ticks text").all_text_contents()


def drag(page, chart, start, end):
    box = chart.locator(".plot").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * start, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, box["y"] + 60, steps=4)
    page.mouse.up()


def test_dragging_over_a_chart_shows_that_part_of_it_with_finer_values_and_a_button_shows_all(browser, page_file):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(page_file.as_uri())
    chart, whole = of_chart(page), page.locator("#quantiles-steady-response .reset")
    chart.scroll_into_view_if_needed()
    before, shapes = ticks(chart), chart.locator(".plot path").evaluate_all("all => all.map(p => p.getAttribute('d'))")
    assert whole.is_hidden()
    drag(page, chart, 0.5, 0.8)

    assert ticks(chart) != before
    assert {"92 %", "93 %", "94 %"} & set(ticks(chart))
    assert re.search(r"#quantiles-steady-response\?x=0\.[45]\d*-0\.[78]\d*$", page.url)
    whole.click()
    assert ticks(chart) == before
    assert chart.locator(".plot path").evaluate_all("all => all.map(p => p.getAttribute('d'))") == shapes
    assert page.url.endswith("#quantiles-steady-response")
    page.close()


def test_a_link_to_a_part_of_a_chart_shows_it_and_keys_do_the_same(browser, page_file):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(page_file.as_uri() + "#quantiles-steady-response?x=0.600-0.900")
    chart = of_chart(page)
    linked = ticks(chart)
    page.goto("about:blank")
    page.goto(page_file.as_uri())
    chart.focus()
    assert ticks(chart) != linked
    page.keyboard.press("+")
    near = ticks(chart)
    page.keyboard.press("ArrowRight")  # only marks that are shown are read
    assert page.locator(".readout").is_visible()
    box, mark = chart.locator(".plot").first.bounding_box(), chart.locator("path.said").bounding_box()
    assert box["x"] - 4 <= mark["x"] <= box["x"] + box["width"] + 4
    page.keyboard.press("0")
    assert ticks(chart) not in (near, linked)
    page.close()


def test_a_finger_reads_a_mark_of_a_phones_chart_and_what_it_says_stays(browser, page_file):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(page_file.as_uri())
    chart = of_chart(page, "narrow")
    chart.scroll_into_view_if_needed()
    box = chart.locator(".m").last.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    assert "95 % interval" in page.locator(".readout").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()


def test_every_mark_of_a_phones_chart_is_one_of_the_wide_one(still):
    counts = still[0].evaluate(
        """[...document.querySelectorAll("figure")].map(f => [...f.querySelectorAll(":scope > .chart")]
             .map(c => [...c.querySelectorAll("path")].filter(p => p.said).length))"""
    )
    assert len(counts) > 5
    assert [pair for pair in counts if pair[0] != pair[1]] == []


def test_a_table_is_filtered_and_sorted_and_the_address_says_how(browser, page_file):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(page_file.as_uri() + "#table-slos")
    table = page.locator("#table-slos")
    assert table.is_visible()  # the address opened its fold
    rows = table.locator("tbody tr:visible")
    every = rows.count()
    page.locator("p.filters:has(+ #table-slos)").get_by_label("target").select_option("Beta")

    assert 0 < rows.count() < every
    assert set(table.locator("tbody tr:visible td:nth-child(3)").all_inner_texts()) == {"Beta"}
    assert f"{rows.count()} of {every} rows shown" in page.locator("p.filters:has(+ #table-slos)").inner_text()
    table.get_by_role("button", name="value").click()
    table.get_by_role("button", name="value").click()
    assert table.locator("th[aria-sort=descending]").inner_text().startswith("value")
    assert rows.first.locator("td").nth(4).inner_text().startswith("$")  # by value: money, then seconds, then shares
    assert rows.last.locator("td").nth(4).inner_text().endswith("%")
    first = rows.first.inner_text()

    link = page.url
    assert link.endswith("#table-slos?target=Beta&sort=-5")
    page.goto("about:blank")
    page.goto(link)
    assert rows.first.inner_text() == first
    assert rows.count() < every
    page.close()


def test_links_open_the_fold_that_holds_their_end(browser, page_file):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(page_file.as_uri())
    row = page.locator("#promise-steady-p95-s")
    assert row.is_hidden()
    page.locator(".promises a", has_text="p95 response time").first.click()
    row.wait_for(state="visible")

    row.locator(".anchor").focus()
    assert row.locator(".anchor").evaluate("a => getComputedStyle(a).opacity") == "1"
    page.close()


def test_axe_finds_nothing_serious_in_what_was_zoomed_filtered_and_sorted(browser, page_file):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    page = browser.new_page(viewport={"width": 390, "height": 900})
    found = []
    for place, state in (("#quantiles-steady-response", "x=0.600-0.900"), ("#slos", "")):
        page.goto(
            page_file.as_uri() + f"{place}?{state}" if state else page_file.as_uri() + "#table-slos?target=Beta&sort=-5"
        )
        found += axe.run(page, context=place).response["violations"]
    page.close()

    assert [
        (v["id"], [n["html"][:160] for n in v["nodes"]][:3]) for v in found if v["impact"] in ("serious", "critical")
    ] == []
