// The switches for faults. The banner on every page says that they are on, and ends them.

import { fill, h, setText } from "./dom.js";
import { get, onLive, send, ServerError } from "./server.js";

const SWITCHES = [
  ["throttle", "Throttle", "Calls of the functions to AWS are refused because of their rate."],
  ["lost", "Lost answers", "Calls take effect, and their answers are lost."],
  ["kills", "Kills", "Processes of order-worker and notifier are killed while they work."],
];

/** A banner that says that faults are on, with the switch to end them. */
export function faultBanner() {
  const off = h("button", { type: "button", class: "danger", click: async () => {
    await send("faults", { throttle: false, lost: false, kills: false }, "PUT").catch(() => null);
  } }, "Faults off");
  const element = h("div", { class: "banner", role: "status", hidden: true }, h("span", {}, "Faults are being injected."), off);
  onLive((live) => {
    element.hidden = live.status?.faults_active !== true;
  });
  return element;
}

/** @returns {{ element: HTMLElement, leave: () => void }} */
export function faultSwitches() {
  /** @type {Record<string, HTMLInputElement>} */
  const boxes = {};
  const note = h("p", { class: "hint", role: "status" });
  const counts = h("ul", { class: "counts" });

  /** @param {any} state */
  const show = (state) => {
    for (const [id] of SWITCHES) {
      boxes[id].checked = state.switches?.[id] === true;
    }
    setText(note, state.active ? (state.switches ? "Faults are on. Place orders: they arrive a little later." : "A plan of another source is in force.") : "No faults are on.");
    const rows = Object.entries(state.injected).flatMap(([kind, hit]) => Object.entries(/** @type {any} */ (hit)).map(([subject, count]) => `${count} × ${kind}: ${subject}`));
    fill(counts, ...rows.map((row) => h("li", {}, row)));
  };
  // An answer from before the last change would turn a switch back.
  let changes = 0;
  /** @param {Promise<any>} answer */
  const showAnswer = async (answer) => {
    const own = changes;
    try {
      const state = await answer;
      if (own === changes) {
        show(state);
      }
    } catch (error) {
      setText(note, error instanceof ServerError ? error.message : String(error));
    }
  };
  const load = () => showAnswer(get("faults"));
  const change = async () => {
    const wanted = Object.fromEntries(SWITCHES.map(([id]) => [id, boxes[id].checked]));
    changes += 1;
    await showAnswer(send("faults", wanted, "PUT"));
  };
  const rows = SWITCHES.map(([id, title, text]) => {
    boxes[id] = h("input", { type: "checkbox", role: "switch", id: `fault-${id}`, "aria-describedby": `fault-${id}-text`, change });
    return h("div", { class: "switch" }, boxes[id], h("div", {}, h("label", { for: `fault-${id}` }, title), h("p", { class: "hint", id: `fault-${id}-text` }, text)));
  });
  /** @type {boolean | null} */
  let was = null;
  const stop = onLive((live) => {
    const isActive = live.status?.faults_active === true;
    if (isActive || isActive !== was) {
      was = isActive;
      void load();
    }
  });
  return {
    element: h("section", { class: "card", "aria-labelledby": "faults-title" }, h("h2", { id: "faults-title" }, "Faults"), ...rows,
      h("div", { class: "buttons" }, h("button", { type: "button", class: "danger", click: () => {
        Object.values(boxes).forEach((box) => { box.checked = false; });
        void change();
      } }, "All off")), note, counts),
    leave: () => stop(),
  };
}
