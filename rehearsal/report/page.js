"use strict";
// The page can be read without this: it adds the numbers at a point of a chart, and the filter of the timeline.
(() => {
  const clock = (seconds) => {
    const whole = Math.floor(seconds), two = (number) => String(number).padStart(2, "0");
    return whole < 3600 ? `${Math.floor(whole / 60)}:${two(whole % 60)}`
      : `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  };
  const ms = (value) => value === null ? "n/a" : value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`;

  for (const figure of document.querySelectorAll("figure[data-points]")) {
    const data = JSON.parse(figure.dataset.points), svg = figure.querySelector("svg[role=img]");
    const cursor = svg.querySelector(".cursor"), tip = figure.querySelector(".tip");
    if (!data.rows.length) continue;
    let place = -1;
    const show = (index) => {
      place = Math.min(Math.max(index, 0), data.rows.length - 1);
      const row = data.rows[place], [failed, p50, p95, p99] = row.slice(-4);
      const x = data.left + (data.right - data.left) * (place + 0.5) * data.width / data.span;
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      cursor.classList.add("on");
      const versions = data.names.map((name, at) => row[at] ? `${name} ${row[at]}/s` : "").filter(Boolean);
      tip.textContent = [clock(data.start + place * data.width), ...versions, `${failed} failed`,
        `p50 ${ms(p50)}, p95 ${ms(p95)}, p99 ${ms(p99)}`].join(" · ");
    };
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * data.of;
      show(Math.floor((x - data.left) / (data.right - data.left) * data.span / data.width));
    });
    svg.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: data.rows.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show(to);
    });
    const hide = () => { cursor.classList.remove("on"); tip.textContent = ""; };
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
  }

  const filter = document.querySelector(".filter");
  if (filter) {
    filter.hidden = false;
    filter.addEventListener("change", () => {
      const kinds = new Set(Array.from(filter.querySelectorAll("input:checked"), (box) => box.value));
      for (const line of document.querySelectorAll(".timeline li")) line.hidden = !kinds.has(line.dataset.kind);
    });
  }
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));

  // Opened with #check or #picture, the page measures itself for rehearsal/report/browser.py; with #picture its top only.
  if (location.hash === "#picture") document.documentElement.classList.add("picture");
  if (["#check", "#picture"].includes(location.hash)) addEventListener("load", () => {
    const sizes = Array.from(document.querySelectorAll("figure svg[role=img]"), (svg) => svg.getBoundingClientRect());
    const root = document.documentElement;
    const found = JSON.stringify({
      charts: document.querySelectorAll("figure.chart").length,
      drawn: sizes.filter((box) => box.width > 0 && box.height > 0).length,
      width: root.clientWidth,
      content: root.scrollWidth,
      height: Math.ceil(document.body.getBoundingClientRect().height),
      loaded: performance.getEntriesByType("resource").map((entry) => entry.name),
    });
    root.dataset.check = found;
    if (parent !== window) parent.postMessage(found, "*");
  });
})();
