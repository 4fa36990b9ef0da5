// Makes links and forms of the explorer change the address without losing the session: the address is
// pushed, and Streamlit's own handling of `popstate` runs the script with it. Back, forward, reload and
// bookmarks follow from that. Also: buttons that post, completions, the citation dialog, copying.

const RUN_STATE = "data-test-script-state";
const RUNNING = `[data-testid="stApp"][${RUN_STATE}="running"]`;

let labels = {};
let remembered = null;
const typedIn = new Set(); // fields changed by hand since the address last changed

const find = (event, test) => event.composedPath().find((n) => n instanceof Element && n.matches(test));
const rerun = () => window.dispatchEvent(new PopStateEvent("popstate"));

function go(href, { keepPlace = false } = {}) {
  const url = new URL(href, location.href);
  const moved = url.pathname !== location.pathname || !keepPlace;
  picked.clear();
  remember();
  history.pushState(null, "", url.pathname + url.search);
  rerun();
  if (moved) document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0 });
}

// What had the keyboard's focus gets it back once the page is drawn anew.
function remember() {
  const held = document.activeElement?.closest?.("[data-key]");
  remembered = held ? { key: held.dataset.key, until: Date.now() + 10000 } : null;
}

function refocus() {
  if (!remembered || Date.now() > remembered.until) return;
  const active = document.activeElement;
  if (active && active !== document.body && active.isConnected) return;
  const again = document.querySelector(`[data-key="${CSS.escape(remembered.key)}"]`);
  if (again) again.focus({ preventScroll: true });
}

// Drawing the page anew changes attributes, not what a field holds. When a run has ended every field shows
// what the address says, but for those somebody is typing in.
function settle() {
  if (document.querySelector(RUNNING)) return;
  for (const field of document.querySelectorAll("input[data-key], .dh-years input, select[data-key]")) {
    if (typedIn.has(field)) continue;
    if (field.matches("select")) {
      const chosen = field.querySelector("option[selected]");
      if (chosen) chosen.selected = true;
    } else if (field.value !== field.defaultValue) field.value = field.defaultValue;
  }
}

async function post(button) {
  const { post: action, key: _key, ...values } = button.dataset;
  remember();
  button.disabled = true;
  await send(action, values);
  button.disabled = false;
}

// Posts and has the page drawn anew; what was refused is said. Gives whether it was done.
async function send(action, values) {
  const answer = await fetch(action, { method: "POST", body: new URLSearchParams(values) }).catch(() => null);
  if (!answer?.ok) say((await answer?.text()) || labels.trouble);
  rerun();
  return Boolean(answer?.ok);
}

// What was refused, for a while.
function say(words) {
  const told = Object.assign(document.createElement("p"), { className: "dh-toast", role: "alert", textContent: words });
  document.body.append(told);
  setTimeout(() => told.remove(), 12000);
}

// How long a text is while it is typed, white space not counted.
function count(event) {
  const told = find(event, ".st-key-counted")?.querySelector("[data-count]");
  if (told) told.textContent = event.target.value.replace(/\s/gu, "").length;
}

// ── events ──────────────────────────────────────────────────────────────────

function onClick(event) {
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = find(event, "a.dh-go");
  if (link) {
    event.preventDefault();
    go(link.getAttribute("href"), { keepPlace: link.hasAttribute("data-stay") });
    return;
  }
  const button = find(event, "button");
  if (button?.dataset.post) post(button);
  else if (button?.dataset.cite) showCitation(button.dataset.cite);
  else if (button?.dataset.copy) copy(button, document.getElementById(button.dataset.copy)?.textContent);
  else if (button?.dataset.toggle) {
    const open = document.body.classList.toggle(button.dataset.toggle);
    button.setAttribute("aria-expanded", String(open));
  }
  if (!find(event, ".dh-ask")) closeSuggestions();
}

function onSubmit(event) {
  const collecting = find(event, "form[data-collect]");
  if (collecting) {
    event.preventDefault();
    collect(collecting);
    return;
  }
  const form = find(event, "form.dh-go");
  if (!form) return;
  event.preventDefault();
  closeSuggestions();
  const said = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(said).toString();
  go(form.getAttribute("action") + (query ? `?${query}` : ""));
}

function onChange(event) {
  pick(event);
  const select = find(event, "select[data-submit]");
  if (select) select.form.requestSubmit();
  const note = find(event, "[data-note]");
  if (note) fetch("/x/list/note", { method: "POST", body: new URLSearchParams({ id: note.dataset.note, note: note.value }) });
}

// ── into a collection ───────────────────────────────────────────────────────

// Ticked records by id: drawing the cards anew must not forget them. Following a link does.
const picked = new Set();

function showPicked() {
  const boxes = [...document.querySelectorAll("[data-pick]")];
  for (const box of boxes) box.checked = picked.has(box.dataset.pick);
  for (const all of document.querySelectorAll("[data-pick-all]"))
    all.checked = boxes.length > 0 && boxes.every((box) => box.checked);
  const size = picked.size ? String(picked.size) : "";
  for (const count of document.querySelectorAll("[data-picked]"))
    if (count.textContent !== size) count.textContent = size; // setting it is a change that calls this again
}

function pick(event) {
  const box = find(event, "[data-pick], [data-pick-all]");
  if (!box) return;
  const boxes = box.matches("[data-pick]") ? [box] : document.querySelectorAll("[data-pick]");
  for (const { dataset } of boxes) picked[box.checked ? "add" : "delete"](dataset.pick);
  showPicked();
}

async function collect(form) {
  const told = form.querySelector("[role=status]");
  const sent = new URLSearchParams(new FormData(form));
  for (const id of picked) if (!form.elements.record) sent.append("record", id);
  if (!sent.has("record")) return void (told.textContent = form.dataset.none);
  const button = form.querySelector("button");
  button.disabled = true;
  const answer = await fetch("/x/collect", { method: "POST", body: sent }).catch(() => null);
  button.disabled = false;
  const { said, done, id, name, href } = answer?.ok ? await answer.json() : { said: labels.trouble };
  told.replaceChildren(said);
  if (!done) return;
  const there = Object.assign(document.createElement("a"), { className: "dh-go", href, textContent: name });
  told.append(" ", there);
  if (![...form.project.options].some((option) => option.value === String(id))) {
    form.project.prepend(new Option(name, id, true, true)); // what comes next goes into the one just made
    form.elements.called.value = "";
  }
  picked.clear();
  showPicked();
}

function onKey(event) {
  const box = find(event, ".dh-ask input");
  if (box) return keyInBox(event, box);
  const typing = find(event, "input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing) {
    const first = document.querySelector(".dh-ask input");
    if (first) {
      event.preventDefault();
      first.focus();
      first.select();
    }
  }
}

// ── completions ─────────────────────────────────────────────────────────────

let waiting = 0;
let composing = false;

function onInput(event) {
  const box = find(event, ".dh-ask input");
  typedIn.add(event.target);
  count(event);
  if (!box || composing) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => suggest(box), 120);
}

async function suggest(box) {
  const asked = box.value.trim();
  if (!asked) return closeSuggestions();
  let found = [];
  try {
    found = await (await fetch(`/x/suggest?q=${encodeURIComponent(asked)}`)).json();
  } catch {
    found = []; // the page itself says when the service is away
  }
  if (box.value.trim() !== asked || document.activeElement !== box) return;
  const list = box.parentElement.querySelector("[role=listbox]");
  list.replaceChildren(
    ...found.map((text, n) => {
      const item = document.createElement("li");
      item.id = `dh-suggestion-${n}`;
      item.setAttribute("role", "option");
      item.textContent = text;
      item.addEventListener("mousedown", (e) => {
        e.preventDefault();
        choose(box, text);
      });
      return item;
    }),
  );
  list.hidden = !found.length;
  box.setAttribute("aria-expanded", String(!list.hidden));
}

function choose(box, text) {
  box.value = text;
  closeSuggestions();
  box.form.requestSubmit();
}

function keyInBox(event, box) {
  const items = [...box.parentElement.querySelectorAll("[role=option]")];
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "Escape") closeSuggestions();
  else if (event.key === "Enter" && at >= 0 && !event.isComposing) {
    event.preventDefault();
    choose(box, items[at].textContent);
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && items.length) {
    event.preventDefault();
    const next = (at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length;
    items.forEach((item, n) => item.setAttribute("aria-selected", String(n === next)));
    box.setAttribute("aria-activedescendant", items[next].id);
  }
}

function closeSuggestions() {
  clearTimeout(waiting);
  for (const list of document.querySelectorAll(".dh-ask [role=listbox]")) {
    list.hidden = true;
    list.replaceChildren();
    list.parentElement.querySelector("input").setAttribute("aria-expanded", "false");
  }
}

// ── citations ───────────────────────────────────────────────────────────────

async function showCitation(id) {
  const answer = await fetch(`/x/cite/gbt7714?id=${encodeURIComponent(id)}`);
  const dialog = document.createElement("dialog");
  dialog.className = "dh-dialog";
  const text = document.createElement("p");
  text.id = "dh-citation-shown";
  text.textContent = answer.ok ? await answer.text() : labels.gone;
  const row = document.createElement("div");
  row.className = "dh-row";
  const make = (name, label, set) => {
    const made = Object.assign(document.createElement(name), { textContent: label, className: "dh-act" });
    set(made);
    row.append(made);
  };
  if (answer.ok) {
    make("button", labels.copy, (b) => (b.dataset.copy = text.id));
    make("a", "RIS", (a) => (a.href = `/x/cite/ris?id=${encodeURIComponent(id)}`));
    make("a", "BibTeX", (a) => (a.href = `/x/cite/bibtex?id=${encodeURIComponent(id)}`));
  }
  make("button", labels.close, (b) => b.addEventListener("click", () => dialog.close()));
  dialog.append(text, row);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (e) => e.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

async function copy(button, text) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text ?? "");
  } catch {
    const range = document.createRange(); // no clipboard without HTTPS: select it for Ctrl+C
    range.selectNodeContents(document.getElementById(button.dataset.copy));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return;
  }
  button.textContent = labels.copied;
  setTimeout(() => (button.textContent = before), 1500);
}

// ── once for the whole page ─────────────────────────────────────────────────

export default function ({ data }) {
  // Streamlit calls this at every run; one set of listeners is enough.
  if (window.danghaiRouter?.language === data.language) return;
  window.danghaiRouter?.ours.abort();
  const ours = new AbortController();
  window.danghaiRouter = { ours, language: data.language, send };
  labels = data.labels;
  document.documentElement.lang = data.language;
  const { signal } = ours;
  window.addEventListener("popstate", () => typedIn.clear(), { signal });
  document.addEventListener("click", onClick, { signal });
  document.addEventListener("submit", onSubmit, { signal });
  document.addEventListener("change", onChange, { signal });
  document.addEventListener("keydown", onKey, { signal });
  document.addEventListener("input", onInput, { signal });
  document.addEventListener("compositionstart", () => (composing = true), { signal });
  document.addEventListener("compositionend", (e) => ((composing = false), onInput(e)), { signal });
  document.addEventListener("focusout", (e) => find(e, ".dh-ask") && setTimeout(closeSuggestions, 150), { signal });
  const watcher = new MutationObserver((changes) => {
    if (changes.some((change) => change.type === "attributes")) settle();
    refocus();
    showPicked();
  });
  watcher.observe(document.body, { subtree: true, childList: true, attributeFilter: [RUN_STATE] });
  signal.addEventListener("abort", () => watcher.disconnect());
}
