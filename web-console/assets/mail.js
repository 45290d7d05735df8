// The mailbox: emails as they arrive.

import { fill, h, moment, setText } from "./dom.js";
import { get, onLive, send, ServerError } from "./server.js";

/** @returns {import("./app.js").Page} */
export function mailbox() {
  let isOpen = true;
  let newest = -1;
  /** The number of pages that are shown; more mail is read on demand. @type {any[]} */
  let shown = [];
  /** @type {Set<number>} */
  const opened = new Set();
  const list = h("div", { class: "mail" }, h("p", { class: "empty" }, "Loading the mail."));
  const older = h("button", { type: "button", hidden: true, click: () => void load(true) }, "Older mail");

  /** @param {boolean} isMore */
  const load = async (isMore) => {
    try {
      const before = isMore ? shown.at(-1)?.sequence : null;
      const answer = await get(before ? `mail?before=${before}` : "mail");
      if (!isOpen) {
        return;
      }
      const known = new Set(shown.map((mail) => mail.sequence));
      const fresh = answer.mail.filter((/** @type {any} */ mail) => !known.has(mail.sequence));
      shown = isMore ? [...shown, ...fresh] : [...fresh, ...shown];
      if (isMore || known.size === 0) {
        older.hidden = !answer.more;
      }
      if (shown.length === 0) {
        fill(list, h("p", { class: "empty" }, "No mail yet. An order that is confirmed is announced here."));
      } else if (known.size === 0) {
        fill(list, ...shown.map(email));
      } else if (isMore) {
        list.append(...fresh.map(email));
      } else {
        list.prepend(...fresh.map(email));
      }
    } catch (error) {
      if (isOpen) {
        fill(list, h("p", { class: "stopped", role: "alert" }, error instanceof ServerError ? error.message : String(error)));
      }
    }
  };

  /** @param {any} mail */
  const email = (mail) => {
    const text = h("pre", { class: "letter", tabindex: "0", "aria-label": "Text of the email" }, mail.body);
    const reveal = mail.kind === "notification" && h("button", { type: "button", class: "quiet", click: async () => {
      try {
        setText(text, (await send("reveal", { kind: "mail", id: mail.sequence })).body);
        reveal.remove();
      } catch (error) {
        setText(text, String(error));
      }
    } }, "Show personal data (the audit log says so)");
    const details = h("details", { class: "email", "data-sequence": mail.sequence, open: opened.has(mail.sequence) },
      h("summary", {}, h("strong", {}, mail.subject), h("span", { class: "hint" }, `to ${mail.to}`), moment(mail.received_at)), text, reveal);
    return details;
  };

  const stop = onLive((live) => {
    const position = live.emails ?? 0;
    if (position !== newest) {
      newest = position;
      void load(false);
    }
  });
  return {
    elements: [h("h1", {}, "Mailbox"), h("p", { class: "hint" }, "No mail leaves this machine. Emails arrive here by themselves, newest first."), list, older],
    leave: () => {
      isOpen = false;
      stop();
    },
  };
}
