// Dead letters: why they failed, what would become of them now, and their repair.

import { fill, formatNumber, h, moment, setText } from "./dom.js";
import { get, onLive, send, ServerError } from "./server.js";

/** The age of a list of letters from which on it is read again. */
const OLD_MS = 2000;

/** @returns {import("./app.js").Page} */
export function letters() {
  const [, selected] = location.hash.slice(1).split("/");
  return selected ? letter(selected) : list();
}

/** @param {unknown} error */
function sentence(error) {
  return error instanceof ServerError ? error.message : String(error);
}

/** The letters of all dead-letter queues of a status. @param {any} status */
function countLetters(status) {
  const queues = status.queues.filter((/** @type {any} */ queue) => queue.is_dead_letter_queue);
  return queues.reduce((/** @type {number} */ sum, /** @type {any} */ queue) => sum + queue.visible + queue.in_flight + queue.delayed, 0);
}

/** What a replay answered, in words. @param {any} answer @param {boolean} isDry */
function describe(answer, isDry) {
  const lines = answer.lines.map((/** @type {any} */ line) => {
    if (line.outcome) {
      return `${line.message_id}: ${line.outcome.replaceAll("_", " ")}`;
    }
    const counts = Object.entries(line.predicted ?? line).filter(([name, value]) => name !== "version" && Number(value) > 0);
    return counts.map(([name, value]) => `${value} ${name.replaceAll("_", " ")}`).join(", ");
  });
  const shown = lines.filter(Boolean).slice(-30);
  return [
    h("p", { class: answer.done ? "good" : "bad" }, isDry ? "A dry run: nothing was changed." : answer.done ? "Done." : "Not all was done."),
    h("ul", { class: "log" }, ...shown.map((/** @type {string} */ line) => h("li", {}, line))),
    answer.notes && h("pre", { tabindex: "0", "aria-label": "What the command said" }, answer.notes),
  ];
}

/** @returns {import("./app.js").Page} */
function list() {
  let isOpen = true;
  let page = 0;
  /** @type {{ queue: string, reason: string }} */
  let filter = { queue: "", reason: "" };
  /** @type {Set<string>} */
  const chosen = new Set();
  let before = -1;
  let isBusy = false;
  let isReading = false;
  let isStale = false;
  let started = 0;
  const groups = h("div", { class: "chips", role: "group", "aria-label": "Reasons" });
  const body = h("div", { class: "list" }, h("p", { class: "empty" }, "Reading the dead-letter queues."));
  const pager = h("nav", { class: "pager", "aria-label": "Pages of dead letters" });
  const outcome = h("div", { class: "outcome", role: "status" });
  const progress = h("progress", { hidden: true, "aria-label": "Progress of the replay" });
  const audit = h("ul", { class: "log" });
  const which = h("span", {});

  /** @param {boolean} again */
  const load = async (again) => {
    try {
      const query = new URLSearchParams({ queue: filter.queue, reason: filter.reason, page: String(page), again: String(again) });
      const answer = await get(`letters?${query}`);
      if (isOpen) {
        show(answer);
      }
      return answer.age_ms;
    } catch (error) {
      if (isOpen) {
        fill(body, h("p", { class: "stopped", role: "alert" }, sentence(error)));
      }
      return 0;
    }
  };
  // Reading thousands of letters takes longer than a tick. What changes meanwhile is read once afterwards, and not once a tick.
  const readAgain = async () => {
    isStale = true;
    if (isReading) {
      return;
    }
    isReading = true;
    while (isStale && isOpen) {
      isStale = false;
      await load(true);
    }
    isReading = false;
  };
  const loadAudit = async () => {
    const { lines } = await get("letters/audit").catch(() => ({ lines: [] }));
    fill(audit, ...(lines.length === 0 ? [h("li", { class: "hint" }, "Nothing was changed yet.")] : lines.map((/** @type {any} */ line) =>
      h("li", {}, moment(line.at), ` ${line.actor} ${line.action} ${line.state} in ${line.queue}${line.replayed === undefined ? "" : `, ${line.replayed} replayed`}`))));
  };

  /** The letters that an action is about. */
  const target = () => {
    if (chosen.size > 0) {
      return { ids: [...chosen] };
    }
    return { ids: [], reason: filter.reason || null, queue: filter.queue || null };
  };

  /** @param {boolean} isDry */
  const replay = async (isDry) => {
    isBusy = true;
    started = Math.max(before, 1);
    progress.hidden = isDry;
    progress.max = started;
    progress.value = 0;
    fill(outcome, h("p", { class: "hint" }, isDry ? "Predicting what would become of them." : "Replaying."));
    try {
      const answer = await send("letters/replay", { ...target(), dry_run: isDry });
      fill(outcome, ...describe(answer, isDry));
      if (!isDry) {
        chosen.clear();
      }
    } catch (error) {
      fill(outcome, h("p", { class: "bad" }, sentence(error)));
    }
    isBusy = false;
    progress.hidden = true;
    await load(!isDry);
    await loadAudit();
  };

  const showWhich = (/** @type {number} */ total) => {
    const what = chosen.size > 0 ? `${formatNumber(chosen.size)} chosen` : filter.reason ? `all ${formatNumber(total)} ${filter.reason}` : `all ${formatNumber(total)}`;
    setText(which, what);
  };

  /** @param {any} answer */
  const show = (answer) => {
    page = answer.page;
    const chip = (/** @type {string} */ text, /** @type {{ queue: string, reason: string }} */ wanted) => h("button", {
      type: "button", class: "chip", "aria-pressed": String(filter.queue === wanted.queue && filter.reason === wanted.reason),
      click: () => {
        filter = wanted;
        page = 0;
        chosen.clear();
        void load(false);
      },
    }, text);
    fill(groups, chip(`all ${formatNumber(answer.all)}`, { queue: "", reason: "" }),
      ...answer.groups.map((/** @type {any} */ group) => chip(`${group.reason} in ${group.queue}: ${formatNumber(group.count)}`, { queue: group.queue, reason: group.reason })));
    showWhich(answer.total);
    if (answer.letters.length === 0) {
      fill(body, h("p", { class: "empty" }, "No dead letters. Nothing was given up."));
    } else {
      fill(body, h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Dead letters" }, h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Choose"), ...["Message", "Reason", "Queue", "Order", "Failed", "Receives"].map((head) => h("th", { scope: "col" }, head)))),
        h("tbody", {}, ...answer.letters.map((/** @type {any} */ one) => h("tr", {},
          h("td", {}, choose(one.message_id, answer.total)),
          h("td", {}, h("a", { href: `#letters/${one.message_id}` }, one.message_id.slice(0, 8))),
          h("td", {}, one.reason), h("td", {}, one.queue),
          h("td", {}, one.order_id ? h("a", { href: `#orders/${encodeURIComponent(one.order_id)}` }, one.order_id.slice(-8)) : "–"),
          h("td", {}, moment(one.failed_at)), h("td", { class: "number" }, one.receive_count)))))));
    }
    const turn = (/** @type {string} */ text, /** @type {number} */ to) => h("button", {
      type: "button", disabled: to < 0 || to >= answer.pages, click: () => {
        page = to;
        void load(false);
      },
    }, text);
    fill(pager, turn("Newer", page - 1), h("span", {}, `page ${formatNumber(page + 1)} of ${formatNumber(answer.pages)}`), turn("Older", page + 1));
  };

  /** @param {string} id @param {number} total */
  const choose = (id, total) => {
    const box = h("input", { type: "checkbox", "aria-label": `Choose ${id}`, change: () => {
      if (box.checked) {
        chosen.add(id);
      } else {
        chosen.delete(id);
      }
      showWhich(total);
    } });
    box.checked = chosen.has(id);
    return box;
  };

  const stop = onLive((live) => {
    if (!live.status) {
      return;
    }
    const now = countLetters(live.status);
    if (isBusy) {
      progress.value = Math.max(0, started - now);
    } else if (now !== before && before >= 0) {
      void readAgain();
    }
    before = now;
  });
  // What the server knows is shown at once, and read again if it is old.
  const begin = async () => {
    if (await load(false) > OLD_MS) {
      await readAgain();
    }
  };
  void begin();
  void loadAudit();
  return {
    elements: [
      h("h1", {}, "Dead letters"),
      h("div", { class: "card" }, groups,
        h("div", { class: "buttons" }, which,
          h("button", { type: "button", click: () => void replay(true) }, "Dry run"),
          h("button", { type: "button", class: "primary", click: () => void replay(false) }, "Replay"),
          h("button", { type: "button", class: "quiet", click: () => void load(true) }, "Read again")),
        progress, outcome, body, pager),
      h("div", { class: "card" }, h("h2", {}, "Audit trail"), audit),
    ],
    leave: () => {
      isOpen = false;
      stop();
    },
  };
}

/** One letter. @param {string} id @returns {import("./app.js").Page} */
function letter(id) {
  const content = h("div", { class: "letter-view" }, h("p", { class: "empty" }, "Looking for the letter."));
  const outcome = h("div", { class: "outcome", role: "status" });

  /** @param {boolean} isDry @param {string | null} body */
  const replay = async (isDry, body) => {
    fill(outcome, h("p", { class: "hint" }, isDry ? "Predicting." : "Replaying."));
    try {
      const answer = await send("letters/replay", { ids: [id], dry_run: isDry, ...(body === null ? {} : { body }) });
      fill(outcome, ...describe(answer, isDry));
    } catch (error) {
      fill(outcome, h("p", { class: "bad" }, sentence(error)));
    }
  };

  /** @param {any} one */
  const show = (one) => {
    const fact = (/** @type {string} */ name, /** @type {any} */ value) => h("div", { class: "fact" }, h("dt", {}, name), h("dd", {}, value ?? "–"));
    const body = h("pre", { tabindex: "0", "aria-label": "Body of the message" }, one.body);
    const area = h("textarea", { id: "body", rows: "16", spellcheck: "false", "aria-describedby": "body-problem" });
    const problem = h("p", { class: "problem", id: "body-problem" });
    const check = () => {
      try {
        JSON.parse(area.value);
        setText(problem, "");
        area.removeAttribute("aria-invalid");
        return true;
      } catch (error) {
        setText(problem, `This is no JSON: ${error instanceof Error ? error.message : error}`);
        area.setAttribute("aria-invalid", "true");
        return false;
      }
    };
    area.addEventListener("input", check);
    const editor = h("div", { class: "field", hidden: true }, h("label", { for: "body" }, "Repaired body"), area, problem,
      h("div", { class: "buttons" },
        h("button", { type: "button", click: () => check() && void replay(true, area.value) }, "Dry run of the repair"),
        h("button", { type: "button", class: "primary", click: () => check() && void replay(false, area.value) }, "Replay the repair")));
    const edit = h("button", { type: "button", click: async () => {
      try {
        area.value = (await send("reveal", { kind: "letter", id })).body;
        editor.hidden = false;
        body.hidden = true;
        edit.remove();
        area.focus();
        check();
      } catch (error) {
        fill(outcome, h("p", { class: "bad" }, sentence(error)));
      }
    } }, "Edit (shows personal data; the audit log says so)");
    fill(content,
      h("dl", { class: "facts" }, fact("reason", one.reason), fact("detail", one.detail), fact("queue", one.queue),
        fact("order", one.order_id && h("a", { href: `#orders/${encodeURIComponent(one.order_id)}` }, one.order_id)),
        fact("failed", moment(one.failed_at)), fact("receives", one.receive_count)),
      h("div", {}, h("h2", {}, "What would become of it now"), h("pre", { tabindex: "0", "aria-label": "Prediction" }, one.now)),
      h("div", { class: "buttons" },
        h("button", { type: "button", click: () => void replay(true, null) }, "Dry run"),
        h("button", { type: "button", class: "primary", click: () => void replay(false, null) }, "Replay unchanged"), edit),
      outcome, h("h2", {}, "Body"), body, editor);
  };
  get(`letters/${encodeURIComponent(id)}`).then(show, (error) => fill(content, h("p", { class: "stopped", role: "alert" }, sentence(error))));
  return {
    elements: [h("p", {}, h("a", { href: "#letters" }, "← All dead letters")), h("h1", {}, "Dead letter ", h("code", {}, id)), h("div", { class: "card" }, content)],
    leave: () => {},
  };
}
