// Exhibits and sections of a plan's board put in order by dragging: the browser's own drag and drop, which needs no
// library and no frame. What is dropped posts what the buttons post, so that a conflict is told as theirs is.
// For mouse and pen: a finger scrolls, and has the buttons as the keyboard has.

const CARD = ".plan-card";
const COLUMN = ".plan-column[data-part]";
const GRIP = `.plan-board[data-project] :is(${CARD}, ${COLUMN} > h2)`;
/** What is pressed or copied, and so not taken hold of. */
const LEFT_ALONE = "button, summary, code";

let held = null; // the card or column that is dragged

const gripOf = (event) => (event.target instanceof Element ? event.target.closest(GRIP) : null);

// ── where it would go ───────────────────────────────────────────────────────

const middle = (element, across) => {
  const box = element.getBoundingClientRect();
  return across ? box.left + box.width / 2 : box.top + box.height / 2;
};

/** The column that ends above this place. */
const below = (board, x) =>
  [...board.querySelectorAll(COLUMN)].find((one) => {
    const { left, right } = one.getBoundingClientRect();
    return left <= x && x <= right;
  });

/** Where what is held would be put by this event: in `into` before `next` (none: at the end), behind `after` (none: as
 *  the first). Null where it cannot go; `same` where it is already. */
function placeAt(event) {
  const board = held.closest(".plan-board");
  const isCard = held.matches(CARD);
  if (!board?.contains(event.target)) return null;
  const column = event.target.closest(COLUMN) ?? below(board, event.clientX);
  if (isCard && !column) return null;
  const into = isCard ? column.querySelector(":scope > ol") : board;
  const across = !isCard && getComputedStyle(board).gridAutoFlow.startsWith("column");
  const all = [...into.querySelectorAll(isCard ? CARD : COLUMN)];
  const others = all.filter((one) => one !== held);
  const next = others.find((one) => middle(one, across) > (across ? event.clientX : event.clientY));
  const after = next ? others[others.indexOf(next) - 1] : others.at(-1);
  const same = all.includes(held) && all[all.indexOf(held) + 1] === next;
  return { into, next, after, same, parent: isCard ? column.dataset.part : "", project: board.dataset.project };
}

const MARKS = ["drop-before", "drop-after", "drop-into"];

function mark(place) {
  for (const name of MARKS) for (const one of document.querySelectorAll(`.${name}`)) one.classList.remove(name);
  if (!place || place.same) return;
  if (place.next) place.next.classList.add("drop-before");
  else if (place.after) place.after.classList.add("drop-after");
  else place.into.classList.add("drop-into");
}

// ── events ──────────────────────────────────────────────────────────────────

function onDown(event) {
  const grip = gripOf(event);
  if (grip) grip.draggable = event.pointerType !== "touch" && !event.target.closest(LEFT_ALONE);
}

function onStart(event) {
  const grip = gripOf(event);
  if (!grip?.draggable || grip.closest(".is-moving")) return;
  held = grip.closest(`${CARD}, ${COLUMN}`);
  const { left, top } = held.getBoundingClientRect();
  event.dataTransfer.clearData(); // of the link or picture it was taken by
  event.dataTransfer.setData("text/plain", held.querySelector("h2, h3").textContent);
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setDragImage(held, event.clientX - left, event.clientY - top);
  requestAnimationFrame(() => held?.classList.add("is-held")); // not in the picture that is dragged along
}

function onOver(event) {
  const place = held && placeAt(event);
  mark(place);
  if (!place) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
}

function onEnd() {
  mark(null);
  held?.classList.remove("is-held");
  held = null;
}

/** It lies at once where it was dropped; the page drawn anew says how it is. */
async function onDrop(event) {
  const place = held && placeAt(event);
  if (!place) return;
  event.preventDefault();
  const moved = held;
  onEnd();
  if (place.same) return;
  const { parentElement: from, nextElementSibling: before } = moved;
  place.into.insertBefore(moved, place.next ?? null);
  moved.classList.add("is-moving");
  const { part, version } = moved.dataset;
  const after = place.after?.dataset.part ?? "";
  const values = { project: place.project, part, version, parent: place.parent, after };
  if (await window.danghaiRouter.send("/x/plan/move", values)) return;
  moved.classList.remove("is-moving");
  from.insertBefore(moved, before?.parentElement === from ? before : null);
}

// ── once for the whole page ─────────────────────────────────────────────────

export default function () {
  // Streamlit calls this at every run; one set of listeners is enough.
  if (window.danghaiDragging) return;
  window.danghaiDragging = true;
  document.addEventListener("pointerdown", onDown);
  document.addEventListener("dragstart", onStart);
  document.addEventListener("dragenter", onOver);
  document.addEventListener("dragover", onOver);
  document.addEventListener("dragend", onEnd);
  document.addEventListener("drop", onDrop);
}
