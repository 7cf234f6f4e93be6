// Reads, zooms, filters, sorts and links what the page holds; asks for nothing else. Without it marks have titles and tables their order.
const NEAR = 36, DRAG = 8;
const make = (tag, more) => Object.assign(document.createElement(tag), more);
const all = (within, what) => [...within.querySelectorAll(what)];
const boxOf = (what) => what.getBoundingClientRect();
const keep = (id, query) => history.replaceState(0, "", "#" + id + (query && "?" + query));

const readout = make("div", { className: "readout", role: "status", hidden: true });
document.body.append(readout);
let shown;
const hide = () => {
  shown?.classList.remove("said");
  shown = null;
  readout.hidden = true;
};
const show = (mark) => {
  if (mark === shown) return;
  hide();
  shown = mark;
  mark.classList.add("said");
  Object.assign(readout, { textContent: mark.said, hidden: false });
  const { left, top, width, height } = boxOf(mark), room = document.body.clientWidth - readout.offsetWidth - 8;
  readout.style.left = Math.max(8, Math.min(left + width / 2 + 12, room)) + scrollX + "px";
  readout.style.top = Math.max(8, top + height / 2 - readout.offsetHeight - 12) + scrollY + "px";
};

const openAll = () => all(document, "details").forEach((fold) => { fold.open = true; });
document.querySelector("nav ul").appendChild(make("li"))
  .append(make("button", { className: "open-all", textContent: "Open all", onclick: openAll }));
if (/[?&]all\b/.test(location.search)) openAll();

// A chart drawn for the part of its axis from ``from`` to ``to``: absolute places move, shapes stay.
const redraw = (chart, from, to) => {
  const whole = to - from === 1, { plots, ticks } = chart;
  chart.view = [from, to];
  for (const plot of plots) {
    const { x: left, width } = plot.viewBox.baseVal, at = (x) => left + ((x - left) / width - from) / (to - from) * width;
    plot.setAttribute("overflow", whole ? "visible" : "hidden");
    for (const path of plot.children) {
      const d = path.was ??= path.getAttribute("d"), x = at(parseFloat(d.slice(1)));
      path.setAttribute("d", whole ? d : d.replace(/([MLH])(-?[\d.]+)/g, (_, c, v) => c + at(+v).toFixed(1)));
      path.out = x < left - 1 || x > left + width + 1;
    }
  }
  ticks.replaceChildren(...(whole ? ticks.own : []));
  const { x: left, width, y: top, height } = plots.at(-1).viewBox.baseVal, taken = [];
  for (const one of whole ? [] : ticks.dataset.fine.split("|")) {
    const [place, words] = one.split("="), x = left + (place - from) / (to - from) * width, half = words.length * 3.8 + 4;
    if (x < left || x + half > left + width + 14 || taken.some(([at, its]) => Math.abs(at - x) < its + half)) continue;
    taken.push([x, half]);
    const [rule, text] = ticks.own.slice(0, 2).map((node) => node.cloneNode());
    rule.setAttribute("d", `M${x},${top}v${height + 4}`);
    text.setAttribute("x", x);
    text.textContent = words;
    ticks.append(rule, text);
  }
};

for (const figure of all(document, "figure")) {
  const titles = all(figure, "title"), told = titles.map((title) => title.textContent), zooming = [];
  const reset = make("button", { className: "reset", textContent: "Whole range", hidden: true, onclick: () => zoom(0, 1) });
  const zoom = (from, to) => {
    const start = Math.max(0, Math.min(from, 0.99)), width = Math.max(0.01, Math.min(1, to) - start);
    hide();
    zooming.forEach((chart) => redraw(chart, start, start + width));
    reset.hidden = width === 1;
    keep(figure.id, reset.hidden ? "" : `x=${start.toFixed(3)}-${(start + width).toFixed(3)}`);
  };
  figure.state = (query) => {
    const [from, to] = (query.get("x") ?? "").split("-");
    if (to - from > 0) zoom(+from, +to);
  };
  for (const chart of all(figure, ".chart")) {
    const svg = chart.firstElementChild, ticks = svg.querySelector(".ticks"), plots = all(svg, ".plot"), zooms = ticks && plots[0];
    const marks = svg.querySelector(".m") ? all(svg, ".m") : titles.map((title) => title.parentNode);
    if (!marks[0]) continue;
    marks.forEach((mark, k) => { mark.said = told[k]; });
    if (zooms) {
      zooming.push(Object.assign(chart, { view: [0, 1], ticks, plots }));
      ticks.own = [...ticks.children];
      chart.after(reset);
    }
    const chosen = make("i", { hidden: true });
    chart.append(chosen);
    const ariaLabel = "Chart; arrow keys read its marks" + (zooms ? ", + and - zoom, 0 shows all" : "");
    Object.assign(chart, { tabIndex: 0, role: "group", ariaLabel });
    const place = (clientX) => {
      const { left, width } = boxOf(svg), plot = plots[0].viewBox.baseVal, [from, to] = chart.view;
      return from + ((clientX - left) / width * svg.viewBox.baseVal.width - plot.x) / plot.width * (to - from);
    };
    const near = ({ clientX, clientY }) => {
      const apart = (low, at, high) => Math.max(low - at, 0, at - high);
      const [[far, mark]] = marks.map((one) => {
        const { left, right, top, bottom } = boxOf(one);
        return [one.out ? NEAR : Math.hypot(apart(left, clientX, right), apart(top, clientY, bottom)), one];
      }).sort(([a], [b]) => a - b);
      if (far < NEAR) show(mark); else hide();
    };
    let start = NaN;
    const end = () => {
      start = NaN;
      chosen.hidden = true;
    };
    const does = {
      pointerdown(event) {
        near(event);
        if (zooms) start = event.clientX;
      },
      pointermove(event) {
        const far = Math.abs(event.clientX - start);
        if (!(far >= DRAG)) return near(event);
        hide();
        chosen.hidden = false;
        Object.assign(chosen.style, { left: Math.min(start, event.clientX) - boxOf(chart).left + "px", width: far + "px" });
      },
      pointerup({ clientX }) {
        if (!chosen.hidden) zoom(...[start, clientX].map(place).sort((a, b) => a - b));
        end();
      },
      pointerleave({ pointerType }) {
        end();
        if (pointerType !== "touch") hide();
      },
      blur: hide,
      keydown(event) {
        const { key } = event, step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
        const times = zooms && !event.ctrlKey && !event.metaKey && { "+": 0.25, "-": 1, 0: 1e9 }[key];
        if (step || times) event.preventDefault(); else if (key === "Escape") hide();
        if (times) {
          const { left, width } = boxOf(shown ?? chart), middle = place(left + width / 2), half = (chart.view[1] - chart.view[0]) * times;
          zoom(middle - half, middle + half);
        } else if (step) {
          const some = marks.filter((mark) => !mark.out), at = some.indexOf(shown);
          if (some[0]) show(some.at(at < 0 && step < 0 ? -1 : (at + step) % some.length));
        }
      },
    };
    for (const kind in does) chart.addEventListener(kind, does[kind]);
  }
  // or the browser would say it a second time
  titles.forEach((title) => title.remove());
}

// A table's rows by a column, and those with a value in a column of few; the address has both.
for (const region of all(document, ".scroll[id]")) {
  const { tBodies: [body], tHead } = region.firstElementChild, rows = [...body.rows], heads = [...tHead.rows[0].cells];
  if (!rows[2]) continue;
  const bar = make("p", { className: "filters" }), count = make("span"), few = [];
  let sort = 0;
  const of = (row, k) => heads[k].dataset.rank?.split(" ")[rows.indexOf(row)] ?? row.cells[k].textContent;
  const apply = () => {
    const k = Math.abs(sort) - 1, query = new URLSearchParams();
    const order = (a, b) => (of(a, k) === "-") - (of(b, k) === "-") || sort * (of(a, k) - of(b, k) || of(a, k).localeCompare(of(b, k)));
    body.append(...(sort ? [...rows].sort(order) : rows));
    heads.forEach((head, n) => { head.ariaSort = n === k ? (sort > 0 ? "ascending" : "descending") : null; });
    for (const row of rows) row.hidden = few.some(([, n, { value }]) => value && of(row, n) !== value);
    for (const [name, , { value }] of few) if (value) query.set(name, value);
    const some = rows.filter((row) => !row.hidden).length;
    count.textContent = some < rows.length ? `${some} of ${rows.length} rows shown` : "";
    if (sort) query.set("sort", sort);
    keep(region.id, `${query}`);
  };
  heads.forEach((head, k) => {
    const { textContent } = head, onclick = () => { sort = sort === k + 1 ? -sort : k + 1; apply(); };
    head.replaceChildren(make("button", { textContent, onclick }));
    if (!head.dataset.few) return;
    const label = make("label", { textContent }), select = make("select", { onchange: apply });
    select.append(new Option("all", ""), ...[...new Set(rows.map((row) => of(row, k)))].map((value) => new Option(value)));
    label.append(select);
    few.push([head.dataset.few, k, select]);
    bar.append(label);
  });
  bar.append(count);
  region.before(bar);
  region.state = (query) => {
    sort = heads[Math.abs(query.get("sort")) - 1] ? +query.get("sort") : 0;
    for (const [name, , select] of few) select.value = query.get(name) ?? "";
    apply();
  };
}

const go = () => {
  const [id, query] = location.hash.slice(1).split("?"), to = document.getElementById(id);
  // every fold around it; to anything else it means nothing
  for (let up = to; up; up = up.parentElement) up.open = true;
  to?.state?.(new URLSearchParams(query));
  to?.scrollIntoView();
};
window.onhashchange = go;
go();
