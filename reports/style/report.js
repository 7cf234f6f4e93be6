"use strict";
// What the mark nearest to the pointer says, at once; arrow keys go through the marks of a chart that has the focus.
// Without this script a browser shows the same words by itself when it rests on a mark, and the table under the chart has them all.
(() => {
  const NEAR_PX = 36;
  const readout = document.createElement("div");
  readout.className = "readout";
  readout.setAttribute("role", "status");
  readout.hidden = true;
  document.body.append(readout);

  const middle = (mark) => {
    const box = mark.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };
  const beyond = (mark, x, y) => {
    const box = mark.getBoundingClientRect();
    return Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
  };
  let shown = null;
  const hide = () => {
    if (shown) shown.classList.remove("said");
    shown = null;
    readout.hidden = true;
  };
  const show = (mark) => {
    if (shown === mark) return;
    hide();
    shown = mark;
    mark.classList.add("said");
    readout.textContent = mark.dataset.said;
    readout.hidden = false;
    const [x, y] = middle(mark);
    const room = document.documentElement.clientWidth - readout.offsetWidth - 8;
    readout.style.left = `${Math.max(8, Math.min(x + 12, room)) + scrollX}px`;
    readout.style.top = `${Math.max(8, y - readout.offsetHeight - 12) + scrollY}px`;
  };

  // All that is folded, for reading or printing; ?all in the address does it at once.
  const openAll = () => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
  };
  const button = document.createElement("button");
  button.className = "open-all";
  button.textContent = "Open all";
  button.addEventListener("click", openAll);
  const item = document.createElement("li");
  item.append(button);
  document.querySelector("nav ul").append(item);
  if (new URLSearchParams(location.search).has("all")) openAll();

  for (const chart of document.querySelectorAll(".chart")) {
    const marks = [...chart.querySelectorAll("path")].filter((path) => path.querySelector("title"));
    if (!marks.length) continue;
    for (const mark of marks) {
      mark.dataset.said = mark.textContent;
      mark.querySelector("title").remove(); // or the browser would say it a second time
    }
    chart.tabIndex = 0;
    chart.setAttribute("role", "group");
    chart.setAttribute("aria-label", "Chart; arrow keys read its marks");
    chart.addEventListener("pointermove", (event) => {
      let best = null, least = NEAR_PX;
      for (const mark of marks) {
        const away = beyond(mark, event.clientX, event.clientY);
        if (away < least) [best, least] = [mark, away];
      }
      if (best) show(best); else hide();
    });
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") hide();
      if (!step) return;
      event.preventDefault();
      const at = marks.indexOf(shown);
      show(marks[at < 0 ? (step > 0 ? 0 : marks.length - 1) : (at + step + marks.length) % marks.length]);
    });
  }
})();
