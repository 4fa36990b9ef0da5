// The scan: an image under an SVG of boxes, in one stage that is moved, scaled and turned by CSS.
// Boxes are pixels of the stored image, so nothing here computes where they lie.

const SVG = "http://www.w3.org/2000/svg";
const STEP = 1.25;
const LARGEST = 8;

function build(root, data) {
  const { page, labels } = data;
  root.replaceChildren();
  const bar = element("div", "dh-scanbar", root);
  const view = element("div", "dh-scanview", root);
  view.tabIndex = 0;
  view.setAttribute("role", "img");
  view.setAttribute("aria-label", labels.scan);
  const stage = element("div", "dh-stage", view);
  stage.style.width = `${page.width}px`;
  stage.style.height = `${page.height}px`;
  const image = element("img", "", stage);
  image.alt = "";
  image.draggable = false;
  view.classList.add("is-loading");
  image.addEventListener("load", () => view.classList.remove("is-loading"));
  image.addEventListener("error", () => view.classList.replace("is-loading", "is-broken"));
  image.src = data.source;
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", `0 0 ${page.width} ${page.height}`);
  stage.append(drawing);
  data.lines.forEach((box, n) => box && rectangle(drawing, box, "dh-linebox", { line: n }));
  data.boxes.forEach((box) => rectangle(drawing, box, "dh-matchbox", {}));
  return { root, bar, view, stage, image, drawing, data, scale: 1, x: 0, y: 0, turn: page.rotation, fitted: true };
}

function element(name, cls, parent) {
  const made = document.createElement(name);
  made.className = cls;
  parent.append(made);
  return made;
}

function rectangle(drawing, [x, y, width, height], cls, dataset) {
  const made = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ x, y, width, height, rx: 3 })) made.setAttribute(name, value);
  made.setAttribute("class", cls);
  Object.assign(made.dataset, dataset);
  drawing.append(made);
}

// ── where things are ────────────────────────────────────────────────────────

function draw(s) {
  s.stage.style.transform = `translate(${s.x}px, ${s.y}px) scale(${s.scale}) rotate(${s.turn}deg)`;
  s.view.classList.toggle("is-fitted", s.fitted);
  s.root.dataset.turn = String(((s.turn % 360) + 360) % 360);
  s.root.dataset.scale = s.scale.toFixed(3);
  const sharp = s.scale * s.data.page.width * devicePixelRatio;
  if (sharp > s.data.sourceWidth * 1.2 && s.image.dataset.full !== "1") {
    s.image.dataset.full = "1";
    s.image.src = s.data.full;
  }
}

// The stage is turned and scaled about its centre; x, y move its centre from the view's centre.
function fit(s) {
  const { width, height } = s.data.page;
  const lying = Math.abs(s.turn % 180) === 90;
  const [w, h] = lying ? [height, width] : [width, height];
  s.scale = Math.min((s.view.clientWidth - 16) / w, (s.view.clientHeight - 16) / h);
  s.x = 0;
  s.y = 0;
  s.fitted = true;
  draw(s);
}

function zoom(s, factor, at) {
  const box = s.view.getBoundingClientRect();
  const [px, py] = at ? [at[0] - box.left - box.width / 2, at[1] - box.top - box.height / 2] : [0, 0];
  const scale = Math.min(LARGEST, Math.max(0.05, s.scale * factor));
  const real = scale / s.scale;
  s.x = px - (px - s.x) * real;
  s.y = py - (py - s.y) * real;
  s.scale = scale;
  s.fitted = false;
  draw(s);
}

function turn(s, degrees) {
  s.turn += degrees;
  fit(s);
}

function show(s, rect) {
  const inner = rect.getBoundingClientRect();
  const outer = s.view.getBoundingClientRect();
  s.x += outer.left + outer.width / 2 - (inner.left + inner.width / 2);
  s.y += outer.top + outer.height / 2 - (inner.top + inner.height / 2);
  s.fitted = false;
  draw(s);
}

// ── hands ───────────────────────────────────────────────────────────────────

function buttons(s, signal) {
  const { labels } = s.data;
  const add = (text, label, act, extra = {}) => {
    const made = element("button", "dh-act", s.bar);
    Object.assign(made, { type: "button", textContent: text, title: label });
    made.setAttribute("aria-label", label);
    Object.assign(made.dataset, extra);
    made.addEventListener("click", () => act(made), { signal });
    return made;
  };
  add("＋", labels.zoom_in, () => zoom(s, STEP), { do: "in" });
  add("−", labels.zoom_out, () => zoom(s, 1 / STEP), { do: "out" });
  add(labels.fit, labels.fit, () => fit(s), { do: "fit" });
  add("↺", labels.turn_left, () => turn(s, -90), { do: "left" });
  add("↻", labels.turn_right, () => turn(s, 90), { do: "right" });
  if (s.data.boxes.length) {
    const marks = add(`${labels.marks_toggle} ${s.data.boxes.length}`, labels.marks_toggle, (made) => {
      const off = s.root.classList.toggle("is-unmarked");
      made.setAttribute("aria-pressed", String(!off));
    }, { do: "marks" });
    marks.setAttribute("aria-pressed", "true");
  }
  element("span", "dh-hint", s.bar).textContent = labels.scan_keys;
}

function hands(s, signal) {
  const held = new Map();
  const on = (name, act, options = {}) => s.view.addEventListener(name, act, { signal, ...options });
  on("pointerdown", (e) => {
    held.set(e.pointerId, [e.clientX, e.clientY]);
    s.moved = false;
    if (!s.fitted || e.pointerType === "mouse") s.view.setPointerCapture(e.pointerId);
  });
  on("pointermove", (e) => {
    const was = held.get(e.pointerId);
    if (!was) return;
    const now = [e.clientX, e.clientY];
    const other = [...held].find(([id]) => id !== e.pointerId)?.[1];
    held.set(e.pointerId, now);
    if (other) return zoom(s, distance(now, other) / (distance(was, other) || 1), middle(now, other));
    if (s.fitted && e.pointerType !== "mouse") return; // a finger scrolls the page until it has zoomed
    if (Math.hypot(now[0] - was[0], now[1] - was[1]) > 2) s.moved = true;
    s.x += now[0] - was[0];
    s.y += now[1] - was[1];
    draw(s);
  });
  const release = (e) => held.delete(e.pointerId);
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) on(name, release);
  on("dblclick", (e) => zoom(s, 2, [e.clientX, e.clientY]));
  // The wheel zooms a scan that was clicked; before that it scrolls the page, as everywhere.
  on("wheel", (e) => {
    if (!e.ctrlKey && document.activeElement !== s.view) return;
    e.preventDefault();
    zoom(s, e.deltaY < 0 ? STEP : 1 / STEP, [e.clientX, e.clientY]);
  }, { passive: false });
  on("keydown", (e) => key(s, e));
  s.drawing.addEventListener("click", (e) => {
    if (!s.moved && e.target.dataset.line) light(e.target.dataset.line, true);
  }, { signal });
}

// ── drawing regions ─────────────────────────────────────────────────────────

// Where on the stored image a point of the window lies: the stage's transform, backwards.
function spot(s, [cx, cy]) {
  const box = s.view.getBoundingClientRect();
  const { width, height } = s.data.page;
  const dx = (cx - box.left - box.width / 2 - s.x) / s.scale;
  const dy = (cy - box.top - box.height / 2 - s.y) / s.scale;
  const angle = (-s.turn * Math.PI) / 180;
  const x = dx * Math.cos(angle) - dy * Math.sin(angle) + width / 2;
  const y = dx * Math.sin(angle) + dy * Math.cos(angle) + height / 2;
  return [Math.min(width, Math.max(0, Math.round(x))), Math.min(height, Math.max(0, Math.round(y)))];
}

function between([ax, ay], [bx, by]) {
  return [Math.min(ax, bx), Math.min(ay, by), Math.abs(ax - bx), Math.abs(ay - by)];
}

function regions(s, signal, tell) {
  let from = null;
  const made = [];
  const clear = () => s.drawing.querySelectorAll(".is-drawing").forEach((rect) => rect.remove());
  const on = (name, act) => s.view.addEventListener(name, act, { signal, capture: true });
  on("pointerdown", (e) => {
    if (!e.shiftKey) return;
    from = spot(s, [e.clientX, e.clientY]);
    s.view.setPointerCapture(e.pointerId);
    e.stopImmediatePropagation();
    e.preventDefault();
  });
  on("pointermove", (e) => {
    if (!from) return;
    clear();
    rectangle(s.drawing, between(from, spot(s, [e.clientX, e.clientY])), "dh-redactbox is-drawing", {});
    e.stopImmediatePropagation();
  });
  on("pointerup", (e) => {
    if (!from) return;
    const region = between(from, spot(s, [e.clientX, e.clientY]));
    from = null;
    clear();
    e.stopImmediatePropagation();
    if (region[2] < 3 || region[3] < 3) return;
    rectangle(s.drawing, region, "dh-redactbox", {});
    made.push(region);
    tell("drawn", [...made]);
  });
}

function key(s, event) {
  const move = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
  if (move) {
    s.x += move[0];
    s.y += move[1];
    draw(s);
  } else if (event.key === "+" || event.key === "=") zoom(s, STEP);
  else if (event.key === "-") zoom(s, 1 / STEP);
  else if (event.key === "0") fit(s);
  else if (event.key === "r" || event.key === "R") turn(s, event.shiftKey ? -90 : 90);
  else return;
  event.preventDefault();
}

const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

// ── text and scan point at each other ───────────────────────────────────────

function light(line, scroll) {
  for (const lit of document.querySelectorAll(".is-lit")) lit.classList.remove("is-lit");
  for (const part of document.querySelectorAll(`[data-line="${line}"]`)) {
    part.classList.add("is-lit");
    if (scroll && part.matches(".dh-line")) part.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
}

function pointing(s, signal) {
  const lineOf = (event) => event.target instanceof Element && event.target.closest("[data-line]");
  document.addEventListener("pointerover", (e) => {
    const part = lineOf(e);
    if (part) light(part.dataset.line, false);
  }, { signal });
  document.addEventListener("click", (e) => {
    const part = lineOf(e);
    if (!part?.matches(".dh-line")) return;
    const rect = s.drawing.querySelector(`[data-line="${part.dataset.line}"]`);
    if (!rect) return;
    light(part.dataset.line, false);
    if (!s.fitted) show(s, rect);
  }, { signal });
}

const states = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".dh-scan");
  const said = JSON.stringify(data);
  if (states.get(root)?.said === said) return;
  states.get(root)?.ours.abort();
  const ours = new AbortController();
  const s = build(root, data);
  states.set(root, { said, ours });
  buttons(s, ours.signal);
  if (data.draw) regions(s, ours.signal, setStateValue);
  hands(s, ours.signal);
  pointing(s, ours.signal);
  fit(s);
  const sized = new ResizeObserver(() => s.fitted && fit(s));
  sized.observe(s.view);
  ours.signal.addEventListener("abort", () => sized.disconnect());
  return () => {
    ours.abort();
    states.delete(root);
  };
}
