// The overview: the way of an order through the system, drawn with what happens now.

import { fill, formatAge, formatNumber, formatRate, h, setText } from "./dom.js";
import { onConnection, onLive } from "./server.js";
import { faultSwitches } from "./faults.js";
import { placeForm } from "./place.js";

/**
 * @typedef {{ name: string, visible: number, delayed: number, in_flight: number, oldest_age_seconds: number | null,
 *   is_dead_letter_queue: boolean, sent: number | null, received: number | null, deleted: number | null }} Queue
 */

/** The time over which a rate is taken, in milliseconds. */
const WINDOW_MS = 5000;

/** The queues on the way of an order. All others are shown where their name says they belong. */
const WAY = ["orders", "notifications"];

/** The latest samples, by which rates are computed. */
class Samples {
  constructor() {
    /** @type {{ at: number, queues: Map<string, Queue> }[]} */
    this.list = [];
  }

  /** @param {number} at @param {Queue[]} queues */
  add(at, queues) {
    const last = this.list.at(-1);
    const isRestart = last && queues.some((queue) => (queue.sent ?? 0) < (last.queues.get(queue.name)?.sent ?? 0));
    if (isRestart) {
      this.list = [];
    }
    this.list.push({ at, queues: new Map(queues.map((queue) => [queue.name, queue])) });
    while (this.list.length > 2 && this.list[1].at < at - WINDOW_MS) {
      this.list.shift();
    }
  }

  /** The growth of a count in a second, over the last seconds before `now`. @param {string} name @param {"sent" | "received" | "deleted"} count @param {number} now */
  rate(name, count, now) {
    const last = this.list.at(-1)?.queues.get(name);
    if (!last || last[count] === null || last[count] === undefined) {
      return null;
    }
    const since = now - WINDOW_MS;
    const base = [...this.list].reverse().find((sample) => sample.at <= since) ?? this.list[0];
    const before = base.queues.get(name)?.[count] ?? last[count];
    return Math.max(0, Number(last[count]) - Number(before)) / (Math.max(1000, Math.min(WINDOW_MS, now - base.at)) / 1000);
  }

  /** Receives that ended without a deletion: the message comes again. @param {string} name @param {number} now */
  failures(name, now) {
    const last = this.list.at(-1)?.queues.get(name);
    const first = this.list[0]?.queues.get(name);
    if (!last || !first || last.received === null || last.received === undefined) {
      return null;
    }
    const received = Number(last.received) - Number(first.received);
    const ended = Number(last.deleted) - Number(first.deleted) + last.in_flight - first.in_flight;
    const isFresh = now - (this.list.at(-1)?.at ?? 0) < WINDOW_MS;
    return isFresh ? Math.max(0, received - ended) : 0;
  }
}

/** How much grew between the last two samples. @param {Samples} samples @param {string} name @param {"sent" | "received" | "deleted"} count */
function growth(samples, name, count) {
  const [before, last] = samples.list.slice(-2).map((sample) => sample.queues.get(name)?.[count] ?? 0);
  return last === undefined ? 0 : Math.max(0, last - before);
}

/** A value of a stage, with its name. */
class Figure {
  /** @param {string} label @param {string} [hint] */
  constructor(label, hint) {
    this.value = h("dd", {}, "–");
    this.element = h("div", { class: "figure", title: hint }, h("dt", {}, label), this.value);
  }

  /** @param {string} text @param {boolean} [isBad] */
  set(text, isBad = false) {
    setText(this.value, text);
    this.element.classList.toggle("bad", isBad);
  }
}

/** A stage of the way that is no queue. */
class Stage {
  /** @param {string} title @param {string} kind @param {string} what @param {Record<string, [string, string]>} figures */
  constructor(title, kind, what, figures) {
    /** @type {Record<string, Figure>} */
    this.figures = {};
    for (const [id, [label, hint]] of Object.entries(figures)) {
      this.figures[id] = new Figure(label, hint);
    }
    this.element = h("section", { class: `stage ${kind}`, "aria-label": title },
      h("p", { class: "kind" }, what), h("h2", {}, title),
      h("dl", {}, ...Object.values(this.figures).map((figure) => figure.element)));
  }
}

/** A queue. */
class QueueCard {
  /** @param {string} name @param {"queue" | "dead" | "retry"} kind */
  constructor(name, kind) {
    const what = { queue: "SQS queue", dead: "dead-letter queue", retry: "retry queue" }[kind];
    this.kind = kind;
    this.waiting = new Figure(kind === "dead" ? "letters" : "waiting", "messages that can be received now");
    this.flight = new Figure("in flight", "messages that a consumer has received and not deleted");
    this.delayed = new Figure("delayed", "messages that become visible later");
    this.oldest = new Figure("oldest", "age of the oldest message");
    this.rate = new Figure("in / out /s", "messages a second, over five seconds");
    const figures = { dead: [this.waiting, this.oldest], retry: [this.waiting, this.delayed, this.oldest],
      queue: [this.waiting, this.flight, this.delayed, this.oldest, this.rate] }[kind];
    this.element = h("section", { class: `stage ${kind}`, "aria-label": `${what} ${name}`, "data-queue": name },
      h("p", { class: "kind" }, what), h("h2", {}, name), h("dl", {}, ...figures.map((figure) => figure.element)));
  }

  /** @param {Queue} queue @param {Samples} samples @param {number} now @param {number} at */
  show(queue, samples, now, at) {
    const isDead = this.kind === "dead";
    const letters = isDead ? queue.visible + queue.in_flight + queue.delayed : queue.visible;
    this.waiting.set(formatNumber(letters), isDead && letters > 0);
    this.flight.set(formatNumber(queue.in_flight));
    this.delayed.set(formatNumber(queue.delayed));
    const age = queue.oldest_age_seconds === null ? null : queue.oldest_age_seconds + Math.max(0, now - at) / 1000;
    this.oldest.set(formatAge(age), !isDead && age !== null && age > 300);
    this.rate.set(`${formatRate(samples.rate(queue.name, "sent", now))} / ${formatRate(samples.rate(queue.name, "deleted", now))}`);
    this.element.classList.toggle("busy", !isDead && queue.visible + queue.in_flight > 0);
    this.element.classList.toggle("alarm", isDead && letters > 0);
  }
}

/** An arrow on which a dot travels when messages pass. */
class Arrow {
  constructor() {
    this.dot = h("span", { class: "dot" });
    this.element = h("div", { class: "arrow", "aria-hidden": "true" }, this.dot);
  }

  /** @param {number} passed */
  show(passed) {
    if (passed <= 0) {
      return;
    }
    this.dot.classList.remove("moves");
    // Reading a layout value lets the same animation begin again.
    void this.dot.offsetWidth;
    this.dot.dataset.many = passed > 5 ? "yes" : "no";
    this.dot.classList.add("moves");
  }
}

/** The queues that belong to another by their names, such as `orders-dlq` to `orders`. @param {string} name @param {string[]} names */
function owner(name, names) {
  const owners = names.filter((other) => name.startsWith(`${other}-`));
  return owners.sort((one, other) => one.length - other.length)[0] ?? null;
}

/** @param {Queue} queue @returns {"queue" | "dead" | "retry"} */
function kindOf(queue) {
  if (queue.is_dead_letter_queue || queue.name.endsWith("-dlq")) {
    return "dead";
  }
  return queue.name.includes("retry") ? "retry" : "queue";
}

/** The drawing. It is built again when other queues appear. */
class Line {
  constructor() {
    this.samples = new Samples();
    /** @type {Map<string, QueueCard>} */
    this.cards = new Map();
    this.names = "";
    this.element = h("div", { class: "line" }, h("p", { class: "empty" }, "Waiting for the first status."));
    this.api = new Stage("API", "service", "order-api", { rate: ["accepted /s", "orders answered with 202 a second"] });
    this.worker = new Stage("order-worker", "service", "Lambda function", {
      rate: ["done /s", "messages that it acknowledged a second"],
      failed: ["returned", "messages that were received in the last seconds and came back to the queue"],
    });
    this.table = new Stage("table, topic", "store", "DynamoDB, SNS", { published: ["published /s", "events that the topic delivered a second"] });
    this.notifier = new Stage("notifier", "service", "Lambda function", {
      rate: ["done /s", "notifications that it acknowledged a second"],
      failed: ["returned", "messages that were received in the last seconds and came back to the queue"],
    });
    this.mailbox = new Stage("mailbox", "store", "SNS email", { emails: ["emails", "emails in the mailbox so far"], subscribers: ["subscribers", "confirmed email subscriptions"] });
    this.arrows = Array.from({ length: 6 }, () => new Arrow());
    this.others = h("div", { class: "others" });
  }

  /** @param {Queue[]} queues */
  build(queues) {
    const all = queues.map((queue) => queue.name);
    this.cards = new Map(queues.map((queue) => [queue.name, new QueueCard(queue.name, kindOf(queue))]));
    const card = (/** @type {string} */ name) => this.cards.get(name)?.element;
    const column = (/** @type {string} */ name) => {
      const attached = all.filter((other) => owner(other, all) === name);
      return h("div", { class: "column" }, card(name) ?? h("p", { class: "empty" }, `no queue ${name}`),
        attached.length > 0 && h("div", { class: "attached" }, ...attached.map(card)));
    };
    const alone = (/** @type {Stage} */ stage) => h("div", { class: "column" }, stage.element);
    const rest = all.filter((name) => !WAY.includes(name) && owner(name, all) === null);
    const steps = [alone(this.api), column(WAY[0]), alone(this.worker), alone(this.table), column(WAY[1]), alone(this.notifier), alone(this.mailbox)];
    const row = steps.flatMap((step, index) => (index === 0 ? [step] : [this.arrows[index - 1].element, step]));
    fill(this.others, ...rest.map(card));
    fill(this.element, h("div", { class: "way" }, ...row), rest.length > 0 && h("h2", { class: "minor" }, "Other queues"), rest.length > 0 && this.others);
  }

  /** @param {any} status @param {number} at @param {number | null | undefined} emails */
  add(status, at, emails) {
    /** @type {Queue[]} */
    const queues = status.queues;
    const names = queues.map((queue) => queue.name).join();
    if (names !== this.names) {
      this.names = names;
      this.build(queues);
    }
    this.status = status;
    this.mailbox.figures.emails.set(emails === null || emails === undefined ? "–" : formatNumber(emails));
    this.at = at;
    this.clock = Date.now();
    this.samples.add(at, queues);
    this.tick();
    const passed = [growth(this.samples, WAY[0], "sent"), growth(this.samples, WAY[0], "received"), growth(this.samples, WAY[0], "deleted"),
      growth(this.samples, WAY[1], "sent"), growth(this.samples, WAY[1], "received"), growth(this.samples, WAY[1], "deleted")];
    passed.forEach((number, index) => this.arrows[index].show(number));
  }

  /** Ages and rates change with time, also without news. */
  tick() {
    if (!this.status || this.at === undefined || this.clock === undefined) {
      return;
    }
    const now = this.at + (Date.now() - this.clock);
    for (const queue of this.status.queues) {
      this.cards.get(queue.name)?.show(queue, this.samples, now, this.at);
    }
    this.api.figures.rate.set(formatRate(this.samples.rate(WAY[0], "sent", now)));
    this.table.figures.published.set(formatRate(this.samples.rate(WAY[1], "sent", now)));
    for (const [stage, queue] of /** @type {[Stage, string][]} */ ([[this.worker, WAY[0]], [this.notifier, WAY[1]]])) {
      stage.figures.rate.set(formatRate(this.samples.rate(queue, "deleted", now)));
      const failed = this.samples.failures(queue, now);
      stage.figures.failed.set(failed === null ? "–" : formatNumber(failed));
    }
    const emails = this.status.subscriptions.filter((/** @type {any} */ one) => one.protocol.startsWith("email"));
    const confirmed = emails.filter((/** @type {any} */ one) => one.state === "confirmed").length;
    this.mailbox.figures.subscribers.set(`${confirmed} of ${emails.length}`, confirmed < emails.length);
  }
}

/** What is wrong, and what to type about it. @param {any} status */
function problems(status) {
  return status.problems.map((/** @type {any} */ problem) =>
    h("li", {}, h("span", {}, problem.message), problem.command && h("code", {}, problem.command)));
}

/** @returns {import("./app.js").Page} */
export function overview() {
  const line = new Line();
  const notice = h("ul", { class: "problems", "aria-label": "Problems" });
  const stopped = h("p", { class: "stopped", role: "alert", hidden: true });
  const form = placeForm();
  const faults = faultSwitches();
  const stops = [
    onLive((live) => {
      stopped.hidden = live.error === undefined;
      setText(stopped, live.error ? `The system does not answer: ${live.error}` : "");
      if (live.status) {
        fill(notice, ...problems(live.status));
        line.add(live.status, live.at, live.emails);
      }
    }),
    onConnection((connection) => line.element.classList.toggle("stale", connection === "lost")),
  ];
  const timer = setInterval(() => line.tick(), 1000);
  return {
    elements: [
      h("h1", {}, "The way of an order"), stopped, notice, line.element, form.element, faults.element,
    ],
    leave: () => {
      clearInterval(timer);
      stops.forEach((stop) => stop());
      form.leave();
      faults.leave();
    },
  };
}
