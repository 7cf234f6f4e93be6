"use strict";
// Asks the server that gave this page what is new, which answers as soon as something is, and draws it.
(() => {
  const BUSY_MS = 100, IDLE_MS = 2000, GONE_MS = 3000;
  const el = (id) => document.getElementById(id);
  const chosen = { block: null, profile: null };
  let dots = [], key = "", last = null, heardAt = 0, gone = 0;

  const add = (parent, name, text, classes) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (classes) made.className = classes;
    parent.append(made);
    return made;
  };
  const seconds = (s) => (s < 90 ? `${Math.round(s)} s` : s < 7200 ? `${Math.round(s / 60)} min` : s < 172800 ? `${(s / 3600).toFixed(1)} h` : `${(s / 86400).toFixed(1)} d`);
  const usd = (v) => (v === null || v === undefined ? "not known" : `$${v >= 1 ? v.toFixed(2) : v === 0 ? "0" : v.toPrecision(2)}`);
  const when = (iso) => new Date(iso).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const count = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;
  const titleOf = (name) => (last.targets.find((t) => t.name === name) || { title: name }).title;
  const sideOf = (name) => (last.targets.find((t) => t.name === name) || { side: "other" }).side;

  const again = (k) => last.shown.lanes.findIndex((l) => l.target === last.shown.lanes[k].target) < k;  // one target under both labels
  const laneTitle = (k) => titleOf(last.shown.lanes[k].target) + (again(k) ? ", again" : "");
  const laneSide = (k) => (again(k) ? "other" : sideOf(last.shown.lanes[k].target));

  const MARKS = { "done": "●", "invalid": "▲", "given up": "▲", "begun": "◐", "due": "○", "not needed": "·" };

  const inState = (...states) => last.blocks.filter((b) => states.includes(b.state));
  const counted = (some) => count(some.length, some.every((b) => b.track) ? "experiment" : "block");
  function idle() {
    const lost = inState("given up"), spared = inState("not needed"), begun = inState("begun");
    if (last.left.runs) {
      if (begun.some((b) => b.number === last.shown.block) && last.shown.lanes.some((l) => l.state === "did not end")) return "Interrupted; pilot run continues it";
      if (begun.length) return `Between runs of ${begun[0].track ? `experiment ${begun[0].track}` : `block ${begun[0].number}`}`;
      return inState("due").length === last.blocks.length ? "Nothing is measured yet; pilot run begins" : "No run in progress";
    }
    if (lost.length) return `Ended: ${counted(lost)} given up (limits.attempts)`;
    return spared.length ? `Ended early: ${counted(spared)} not needed` : "Everything is measured";
  }

  function header() {
    el("question").textContent = last.question;
    const going = last.going;
    const blocks = last.blocks.filter((b) => !b.track).length;
    let words;
    if (last.race) words = going.length ? `Race: ${last.shown.profile}, both at once` : `Race: ${last.shown.profile}, ended`;
    else if (going.length) {
      const now = going[0], where = now.track ? `experiment ${now.track}` : `Block ${now.block} of ${blocks}`;
      words = `${where}: ${now.profile} on ${[...new Set(going.map((g) => titleOf(g.target)))].join(" and ")}`;
    } else words = idle();
    if (el("state").textContent !== words) el("state").textContent = words;
    document.title = `${words} · pilot`;
    el("race").hidden = !last.race;
    el("race").textContent = "To watch, not to measure: both load generators" +
      `${last.embedded.length ? " and " + (last.embedded.length > 1 ? "both targets" : "one target") : ""} share this machine at the same time.`;
  }

  function facts() {
    const out = el("facts");
    out.replaceChildren();
    const fact = (name, value, more) => {
      const box = add(out, "div");
      add(box, "dt", name);
      const dd = add(box, "dd");
      add(dd, "b", value);
      add(dd, "small", more);
    };
    const paired = last.blocks.filter((b) => !b.track), done = paired.filter((b) => b.state === "done").length;
    if (!last.race) {
      const lost = ["invalid", "given up", "not needed"].map((state) => [inState(state).length, state === "invalid" ? "INVALID" : state]);
      const odd = lost.filter(([many]) => many).map((one) => one.join(" ")).join(", ");
      const tracks = last.blocks.filter((b) => b.track);
      const of = tracks.length ? `; ${tracks.filter((b) => b.state === "done").length} of ${count(tracks.length, "experiment")}` : "";
      fact("Blocks done", `${done} of ${paired.length}`, `${odd || (inState("done").length ? `all VALID${last.left.runs ? " so far" : ""}` : "none yet")}${of}`);
    }
    const end = new Date(Date.now() + last.left.measuring_s * 1000).toLocaleTimeString([], { timeStyle: "short" });
    const slot = last.left.last_slot ? `last slot ${when(last.left.last_slot)}` : last.going.length ? `done about ${end}` : "if measured without pauses";
    fact("Left to measure", last.left.runs ? seconds(last.left.measuring_s) : "nothing", last.left.runs ? `${count(last.left.runs, "run")}; ${slot}` : (last.looks && last.looks.settled) || "");
    fact("Spent", usd(last.spend.spent_usd), `of $${last.spend.budget_usd} (MODELLED, at list prices)`);
    if (last.looks) {
      const l = last.looks;
      fact("Verdicts", l.number ? `look ${l.number} of ${l.counts.length}` : "none yet", !l.following ? "the last look is reached" : last.left.runs ? `next look at ${l.following} blocks` : `the look at ${l.following} blocks is not reached`);
    }
  }

  const NARROW = window.matchMedia("(max-width: 600px)");
  const FIGURES = ["state", "due", "answered", "refused", "failed", "open", "cold", "instances", "lag p99", "spent"];
  function lanes() {
    const shown = last.shown, out = el("lanes"), reasons = el("reasons");
    el("shown-heading").textContent = `${shown.track ? `Experiment ${shown.track}` : last.race ? "Race" : `Block ${shown.block}`}: ${shown.profile}` +
      `${shown.attempt > 1 ? `, attempt ${shown.attempt}` : ""}`;
    reasons.replaceChildren();
    const rows = shown.lanes.map((lane) => {
      for (const why of last.race ? [] : lane.reasons || []) add(reasons, "li", `${titleOf(lane.target)}: ${why}`);
      if (lane.state === "not begun") return ["not measured yet", ...FIGURES.slice(1).map(() => "")];
      const word = lane.state === "going" ? `${Math.round(lane.now_s)} of ${Math.round(shown.length_s)} s` : lane.valid === null ? lane.state : lane.valid ? "VALID" : last.race ? "ended" : "INVALID";
      const open = Math.max(0, lane.due - lane.answered - lane.refused - lane.failed);
      const lag = lane.lag_p99_s === null ? "" : `${(lane.lag_p99_s * 1000).toFixed(1)} ms`;
      return [word, lane.due, lane.answered, lane.refused, lane.failed, lane.state === "going" ? open : "", lane.cold, lane.instances || "not reported", lag, usd(lane.spent_usd)].map(String);
    });
    out.replaceChildren();
    const head = add(add(out, "thead"), "tr"), body = add(out, "tbody");
    const shows = FIGURES.map((name) => name !== "open" || shown.lanes.some((lane) => lane.state === "going"));
    const who = (row, k, name) => add(row, name, laneTitle(k), `who ${laneSide(k)}`);
    if (NARROW.matches) {
      add(head, "th", "");
      shown.lanes.forEach((lane, k) => who(head, k, "th"));
      FIGURES.forEach((name, k) => {
        if (!shows[k]) return;
        const row = add(body, "tr");
        add(row, "td", name);
        for (const one of rows) add(row, "td", one[k], "n");
      });
    } else {
      add(head, "th", "target");
      FIGURES.forEach((name, k) => { if (shows[k]) add(head, "th", name, k ? "n" : ""); });
      shown.lanes.forEach((lane, k) => {
        const row = add(body, "tr");
        who(row, k, "td");
        rows[k].forEach((text, at) => { if (shows[at]) add(row, "td", text, at ? "n" : ""); });
      });
    }
    const every = Math.max(...shown.lanes.map((l) => l.every || 1));
    el("drawn").textContent = (every > 1 ? `One of ${every} requests is drawn as a dot. ` : "") +
      "All times count from the intended send. Dots are single requests where they were due, lines are medians; × at the upper edge was refused or failed.";
  }

  const CHARTS = [
    ["rate", "Offered and answered", "per second; grey: offered, the same to both"],
    ["lost", "Refused and failed", "per second"],
    ["response", "Response time", "whole answers"],
    ["token", "Time to first token", "streamed answers"],
    ["instances", "Instances", "that answered in each stretch"],
    ["spend", "Spend", "MODELLED, at list prices"],
  ];

  function figures() {
    const out = el("charts");
    if (out.childElementCount) return;
    for (const [id, title, small] of CHARTS) {
      const figure = add(out, "figure");
      const caption = add(figure, "figcaption");
      add(caption, "h3", title);
      add(caption, "small", small);
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.id = `chart-${id}`;
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", `${title}, ${small}; the table above has the totals`);
      figure.append(svg);
    }
  }

  function charts() {
    const shown = last.shown, bin = shown.bin_s, length = shown.length_s;
    const known = shown.lanes.map((lane, k) => ({ lane, k, dots: dots[k] || [] })).filter((one) => one.lane.state !== "not begun");
    const series = (pick, more) => known.map(({ lane, k, dots: own }) => ({
      side: laneSide(k), title: laneTitle(k), points: pick(lane), ...(more ? more(own) : {}),
    }));
    const stretches = (lane, value, whole) => lane.stretches.map((row, k) => {
      const bin = lane.bin_s;
      const from = k * bin, to = Math.min(from + bin, lane.state === "going" ? lane.now_s : Infinity);
      if (whole && to - from < bin * 0.4) return [Math.min(from + bin / 2, length), null];
      return [Math.min(from + bin / 2, length), value(row, Math.max(to - from, bin * 0.4))];
    });
    const area = shown.offered && shown.offered.slice(0, Math.ceil(length / bin)).map((rate, k) => [k * bin, Math.min((k + 1) * bin, length), rate]);
    el("charts").hidden = el("drawn").hidden = !known.length;
    if (!known.length) return;
    const draw = (id, said) => Charts.draw(el(`chart-${id}`), { length, unit: "", ...said });
    draw("rate", { area, unit: "/s", series: series((lane) => stretches(lane, (row, s) => row[0] / s, true)) });
    draw("lost", { unit: "/s", none: "none so far", series: series((lane) => stretches(lane, (row, s) => (row[1] + row[2]) / s, true)) });
    const promise = (value, name) => value && { value, words: `promise: p95 ${Charts.figure(value)} s` };
    const crosses = (own) => own.filter((d) => d[3] !== 0).map((d) => d[0]);
    draw("response", {
      unit: " s", limit: promise(shown.limits.response_s),
      series: series((lane) => stretches(lane, (row) => row[3]), (own) => ({ dots: own.filter((d) => d[3] === 0 && d[1] !== null), crosses: crosses(own) })),
    });
    draw("token", {
      unit: " s", limit: promise(shown.limits.first_token_s),
      series: series(() => [], (own) => ({ dots: own.filter((d) => d[2] !== null).map((d) => [d[0], d[2]]), crosses: crosses(own) })),
    });
    draw("instances", { none: "no instance named so far", series: series((lane) => stretches(lane, (row) => row[4])) });
    draw("spend", { before: "$", none: "nothing so far", series: series((lane) => (lane.spent_usd === null ? [] : [[0, 0], ...lane.spend.map((v, k) => [Math.min((k + 1) * lane.bin_s, length), v])])) });
  }

  function buttons(out, wanted, press) {
    const now = JSON.stringify(wanted);
    if (out.dataset.shows === now) return;  // a button that is being pressed stays
    out.dataset.shows = now;
    out.replaceChildren();
    for (const one of wanted) {
      const button = add(out.tagName === "OL" ? add(out, "li") : out, "button", one.words);
      button.type = "button";
      button.setAttribute("aria-pressed", String(one.pressed));
      if (one.label) button.setAttribute("aria-label", one.label);
      button.addEventListener("click", () => { press(one.value); pressed = true; ask(); });
    }
  }

  function choices() {
    const shown = last.shown;
    const profiles = shown.profiles.length > 1 ? shown.profiles.map((name) => ({ words: name, value: name, pressed: name === shown.profile })) : [];
    if (chosen.block !== null || chosen.profile !== null) profiles.push({ words: last.going.length ? "back to what is measured now" : "back to the last block", value: null, pressed: false });
    buttons(el("profiles"), profiles, (name) => {
      chosen.profile = name;
      if (name === null) chosen.block = null;
      else if (chosen.block === null) chosen.block = last.shown.block;
    });
    const going = new Set(last.going.map((g) => g.block));
    buttons(el("blocks"), last.race ? [] : last.blocks.map((b) => {
      const mark = going.has(b.number) ? "◐" : MARKS[b.state], state = going.has(b.number) ? "measured now" : b.state;
      return { words: `${mark} ${b.track ? `${b.track} ` : ""}${b.number}`, value: b.number, pressed: b.number === shown.block,
        label: `${b.track || "block"} ${b.number}: ${state}${b.reasons.length ? `: ${b.reasons[0]}` : ""}` };
    }), (number) => { chosen.block = number; chosen.profile = null; });
    el("blocks-heading").parentElement.hidden = last.race;
  }

  const RELATIONS = { PASS: "● PASS", FAIL: "▲ FAIL", INCONCLUSIVE: "◇ open" };
  function verdicts() {
    const looks = last.looks, out = el("verdicts");
    el("looks-section").hidden = !looks;
    if (!looks) return;
    const said = looks.verdicts;
    const at = looks.counts.join(", ");
    el("looks").textContent = !looks.number
      ? `None before ${looks.following} blocks; ${looks.valid} so far. Verdicts are read at the sealed looks (${at} blocks) and stay as they are between them: looking more often finds differences that are not there.`
      : !said ? "This plan is not sealed: it has no verdicts."
      : said.problem ? `Can't be read: ${said.problem}`
      : `As of look ${looks.number} of ${looks.counts.length}, the first ${said.blocks} VALID blocks${looks.following ? `; the next look is at ${looks.following}` : ""}. ${said.sentence || ""}`;
    out.hidden = !(said && said.rows);
    if (out.hidden || out.dataset.shows === JSON.stringify(said)) return;
    out.dataset.shows = JSON.stringify(said);
    out.replaceChildren();
    const head = add(add(out, "thead"), "tr");
    for (const name of ["promise", ...said.targets]) add(head, "th", name);
    const body = add(out, "tbody");
    for (const row of said.rows) {
      const line = add(body, "tr");
      add(line, "td", row.promise);
      for (const name of row.verdicts) add(line, "td", RELATIONS[name] || name || "", { PASS: "pass", FAIL: "fail" }[name] || "open");
    }
  }

  function fresh() {
    const away = (Date.now() - heardAt) / 1000;
    el("fresh").textContent = gone > 1
      ? `The command that served this page has ended; this is what it showed last (${new Date(heardAt).toLocaleTimeString()}). pilot watch shows it again.`
      : last && last.going.length ? `live, updated ${new Date(heardAt).toLocaleTimeString()}${away > 2 ? `, ${Math.round(away)} s ago` : ""}` : heardAt ? `from the evidence, updated ${new Date(heardAt).toLocaleTimeString()}` : "";
  }

  function show(said) {
    el("problem").hidden = !said.problem;
    el("problem").textContent = said.problem ? `${said.problem}${said.hint ? ` (${said.hint})` : ""}` : "";
    if (said.problem) return;
    last = said;
    if (said.shown.key !== key) { key = said.shown.key; dots = []; }
    said.shown.lanes.forEach((lane, k) => {
      if (!lane.dots) { dots[k] = []; return; }
      dots[k] = [...(dots[k] || []).slice(0, lane.dots_from), ...lane.dots];
    });
    header(); facts(); choices(); lanes(); figures(); charts(); verdicts();
  }

  let timer = 0, asking = false, pressed = false;
  async function ask() {
    clearTimeout(timer);
    if (asking) { timer = setTimeout(ask, 50); return; }
    asking = true;
    try {
      const query = new URLSearchParams({ key, dots: dots.map((d) => d.length).join(",") });
      if (last && last.going.length && !pressed) query.set("stamp", last.stamp);  // else at once
      pressed = false;
      if (chosen.block !== null) query.set("block", chosen.block);
      if (chosen.profile !== null) query.set("profile", chosen.profile);
      const answer = await fetch(`data?${query}`, { cache: "no-store" });
      const said = answer.ok ? await answer.json() : { problem: (await answer.text()).trim() };
      heardAt = Date.now();
      gone = 0;
      show(said);
    } catch (error) {
      gone += 1;
    }
    asking = false;
    fresh();
    document.documentElement.dataset.ready = last ? "yes" : "";
    timer = setTimeout(ask, gone === 1 ? BUSY_MS : gone ? GONE_MS : document.hidden || !last || !last.going.length ? IDLE_MS : BUSY_MS);
  }

  new ResizeObserver(() => { if (last) { lanes(); charts(); } }).observe(el("lanes").parentElement);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  ask();
})();
