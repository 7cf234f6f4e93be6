"use strict";
// One chart as SVG, drawn for the width that it has: axes, an area for what was offered, lines, and dots as one path a target.
const Charts = (() => {
  const NS = "http://www.w3.org/2000/svg";
  const HEIGHT = 184, TOP = 14, BOTTOM = 22, LEFT = 46, LETTER = 7.3;

  const make = (name, attributes, parent, text) => {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  };

  // The least of 1, 2, 2.5 and 5 times a power of ten that is enough.
  const nice = (most) => {
    if (!(most > 0)) return 1;
    const power = 10 ** Math.floor(Math.log10(most));
    return [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= most * 0.999);
  };

  const figure = (value) => {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1000) return `${+(value / 1000).toPrecision(3)}k`;
    return String(+value.toPrecision(size < 0.001 ? 2 : 3));
  };
  const clock = (seconds, length = seconds) => {
    if (length < 8) return `${+seconds.toFixed(1)} s`;
    if (seconds < 120) return `${Math.round(seconds)} s`;
    return `${+(seconds / 60).toFixed(1)} min`;
  };

  const step = (points, x, y) => points.map(([a, b, value], k) => `${k ? "L" : "M"}${x(a)} ${y(value)}L${x(b)} ${y(value)}`).join("");
  const line = (points, x, y) => {
    let open = false, path = "";
    for (const [at, value] of points) {
      if (value === null || value === undefined) { open = false; continue; }
      path += `${open ? "L" : "M"}${x(at)} ${y(value)}`;
      open = true;
    }
    return path;
  };

  // said: {length, unit, area: [[from, to, value]], series: [{side, title, points, dots, crosses}], limit, zero}
  const draw = (svg, said) => {
    const width = Math.max(240, svg.clientWidth || 320);
    const wide = width >= 480;
    const names = said.series.map((one) => one.title);
    const right = wide ? Math.min(180, 16 + LETTER * Math.max(0, ...names.map((n) => n.length))) : 8;
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const values = said.series.flatMap((one) => [...one.points.map((p) => p[1]), ...(one.dots || []).map((d) => d[1])]);
    const seen = [...values, ...(said.area || []).map((a) => a[2])].filter((v) => v !== null && v !== undefined);
    const most = seen.reduce((a, b) => Math.max(a, b), 0);
    const inside = said.limit && said.limit.value <= Math.max(most * 1.6, most && nice(most));
    const top = nice(inside ? Math.max(most, said.limit.value) : most);
    const x = (t) => +(LEFT + (t / said.length) * (width - LEFT - right)).toFixed(1);
    const y = (v) => +(HEIGHT - BOTTOM - (Math.min(v, top) / top) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
    for (const part of [0, 0.5, 1]) {
      make("line", { class: "grid", x1: LEFT, x2: width - right, y1: y(top * part), y2: y(top * part) }, svg);
      make("text", { x: LEFT - 6, y: y(top * part) + 4, "text-anchor": "end" }, svg, (part && said.before ? said.before : "") + figure(top * part) + (part === 1 ? said.unit : ""));
    }
    for (const part of [0, 0.5, 1]) {
      const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
      make("text", { x: x(said.length * part), y: HEIGHT - 6, "text-anchor": anchor }, svg, clock(said.length * part, said.length));
    }
    if (said.area && said.area.length) {
      const last = said.area[said.area.length - 1];
      make("path", { class: "offered", d: `M${x(0)} ${y(0)}L${step(said.area, x, y).slice(1)}L${x(Math.min(last[1], said.length))} ${y(0)}Z` }, svg);
    }
    if (said.limit) {
      if (inside) {
        make("line", { class: "limit", x1: LEFT, x2: width - right, y1: y(said.limit.value), y2: y(said.limit.value) }, svg);
        make("text", { x: LEFT + 4, y: Math.max(y(said.limit.value) - 4, TOP + 14) }, svg, said.limit.words);
      } else make("text", { x: LEFT + 4, y: TOP + 14 }, svg, `${said.limit.words}, above this chart`);  // below the crosses at its edge
    }
    if (said.none && most === 0) make("text", { x: LEFT + 6, y: y(0) - 8 }, svg, said.none);
    const ends = [];
    for (const one of said.series) {
      if (one.dots) make("path", { class: `dots ${one.side}`, d: one.dots.map((d) => `M${x(d[0])} ${y(d[1])}h0`).join("") }, svg);
      if (one.crosses) make("path", { class: `cross ${one.side}`, d: one.crosses.map((at) => `M${x(at) - 3} ${TOP - 3}l6 6m0 -6l-6 6`).join("") }, svg);
      make("path", { class: `line ${one.side}`, d: line(one.points, x, y) }, svg);
      const last = one.points.filter((p) => p[1] !== null && p[1] !== undefined).pop();
      if (last && wide) ends.push({ one, at: y(last[1]) });
    }
    ends.sort((a, b) => a.at - b.at);
    ends.forEach((end, k) => { if (k && end.at - ends[k - 1].at < 14) end.at = ends[k - 1].at + 14; });
    const over = ends.length ? ends[ends.length - 1].at - (HEIGHT - BOTTOM) : 0;
    for (const end of ends) {
      const shown = end.one.title.length * LETTER > right - 8 ? `${end.one.title.slice(0, Math.floor((right - 8) / LETTER) - 1)}…` : end.one.title;
      make("text", { class: `end ${end.one.side}`, x: width - right + 6, y: end.at + 4 - Math.max(0, over) }, svg, shown);
    }
  };

  return { draw, figure, clock };
})();
