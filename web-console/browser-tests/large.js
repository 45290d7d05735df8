// Measures the page in front of many orders and dead letters: its first paint, each action on a list, and the longest task of the page.
//
//     ORDERCTL=target/release/orderctl node web-console/browser-tests/large.js [ORDERS [LETTERS]]
//
// It starts a system of its own, places the orders (100,000), waits until they are notified, and puts the dead letters (10,000) into their queue.
// Each figure is the median of five. It fails if a first paint takes over 100 ms, an action over 1 s, or a task of the page over 100 ms, or if
// a list has more than 100 rows in the page.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { openBrowser, System, until } from "./browser.js";

const ORDERS = Number(process.argv[2] ?? 100_000);
const LETTERS = Number(process.argv[3] ?? 10_000);
/** The orders of one request, the limit of the API. */
const BATCH = 100;
const SENDERS = 4;
const REPEATS = 5;
const MAX_PAINT_MS = 100;
const MAX_ACTION_MS = 1000;
const MAX_TASK_MS = 100;
const MAX_ROWS = 100;

const system = new System();
const broken = [];
let longestTask = 0;

function median(values) {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
}

/** The customer of a request: all ids have one length, so that a search for one finds no other. */
function customerOf(request) {
  return `customer-${String(request).padStart(6, "0")}`;
}

/** Prints a figure, and notes when it is over its limit. */
function report(name, values, limit, unit = "ms") {
  const figure = median(values);
  const range = `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`;
  console.log(`${name.padEnd(44)} ${String(Math.round(figure)).padStart(6)} ${unit}   (${range}; limit ${limit})`);
  if (figure > limit) {
    broken.push(name);
  }
}

async function fetchJson(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) {
    throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  }
  return answer.json();
}

/** Places orders of as many customers as there are requests. */
async function placeOrders(count) {
  let next = 0;
  const send = async () => {
    while (next < count) {
      const first = next;
      next += BATCH;
      const order = { customer: { id: customerOf(first / BATCH) }, currency: "EUR", items: [{ sku: "BOOK-1", quantity: 1, unit_price: "12.50" }] };
      const entries = Array.from({ length: Math.min(BATCH, count - first) }, (_, index) => ({ idempotency_key: `large-${first + index}`, order }));
      const answer = await fetchJson(`${system.api}/orders/batch`,
        { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ entries }) });
      if (answer.results.some((result) => result.status !== 202)) {
        throw new Error(JSON.stringify(answer.results.find((result) => result.status !== 202)));
      }
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
}

async function importLetters(count) {
  const file = join(system.folder, "letters.jsonl");
  const body = JSON.stringify({ schema_version: 1, order_id: "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b" });
  const line = (index) => JSON.stringify({ queue: "orders", body, attributes: { error_code: { type: "String", text: index % 2 ? "malformed" : "conflict" } } });
  writeFileSync(file, Array.from({ length: count }, (_, index) => `${line(index)}\n`).join(""));
  await system.orderctl("dlq", "import", file);
}

/** The time of a step in the page, until its result stands there and the browser has drawn it, in milliseconds. */
async function time(page, step) {
  const started = performance.now();
  await step();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  return performance.now() - started;
}

async function measure(page, name, prepare, step) {
  const times = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    await prepare(repeat);
    times.push(await time(page, () => step(repeat)));
    longestTask = Math.max(longestTask, await page.evaluate(() => globalThis.longestTask));
  }
  report(name, times, MAX_ACTION_MS);
}

async function measurePaint(page, name) {
  const paints = [];
  for (let repeat = 0; repeat <= REPEATS; repeat += 1) {
    await page.goto(system.url);
    await page.locator(".way").waitFor();
    paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime));
  }
  // The first visit starts the browser's own processes.
  report(`first paint, ${name}`, paints.slice(1), MAX_PAINT_MS);
}

/** Opens a page of the console anew, so that nothing of it is known to the browser. */
async function open(page, hash) {
  await page.goto("about:blank");
  await page.goto(`${system.url}${hash}`);
}

async function rows(page) {
  return page.locator(".list tbody tr").count();
}

/** Has each page note its longest task over 50 ms: a person's key press waits for it. */
async function watchTasks(page) {
  await page.addInitScript(() => {
    globalThis.longestTask = 0;
    new PerformanceObserver((list) => {
      globalThis.longestTask = Math.max(globalThis.longestTask, ...list.getEntries().map((entry) => entry.duration));
    }).observe({ type: "longtask" });
  });
}

async function measureOrders(page) {
  await measure(page, "orders: open the list", () => open(page, ""), async () => {
    await page.evaluate(() => { location.hash = "#orders"; });
    await page.locator(".list tbody tr").first().waitFor();
  });
  await measure(page, "orders: next page", () => undefined, async (repeat) => {
    await page.getByRole("button", { name: "Older" }).click();
    await page.getByText(`page ${repeat + 2} of`).waitFor();
  });
  await measure(page, "orders: search for a customer", () => open(page, "#orders"), async (repeat) => {
    await page.locator("#search").fill(customerOf((repeat * 37) % (ORDERS / BATCH)));
    await page.getByText(`${BATCH} orders, newest first`).waitFor();
  });
  return rows(page);
}

async function measureLetters(page) {
  await measure(page, "dead letters: open the list", () => open(page, ""), async () => {
    await page.evaluate(() => { location.hash = "#letters"; });
    await page.locator(".list tbody tr").first().waitFor();
  });
  await measure(page, "dead letters: those of one reason", () => undefined, async (repeat) => {
    const reason = repeat % 2 ? "malformed" : "conflict";
    await page.getByRole("button", { name: reason }).first().click();
    await page.locator(".chip[aria-pressed=true]", { hasText: reason }).waitFor();
  });
  return rows(page);
}

await system.start();
const context = await openBrowser(system.folder);
try {
  const page = context.pages()[0] ?? await context.newPage();
  await measurePaint(page, "an empty system");
  await placeOrders(ORDERS);
  await until("every order is notified", async () => {
    const status = JSON.parse(await system.orderctl("status", "--json"));
    return status.queues.every((queue) => queue.visible + queue.in_flight + queue.delayed === 0);
  }, 30 * 60_000);
  await importLetters(LETTERS);
  console.log(`${ORDERS} orders and ${LETTERS} dead letters`);
  await watchTasks(page);
  await measurePaint(page, "all orders stored");
  for (const part of [measureOrders, measureLetters]) {
    const count = await part(page);
    report(`rows in the page, ${part === measureOrders ? "orders" : "dead letters"}`, [count], MAX_ROWS, "  ");
  }
  report("longest task of the page", [longestTask], MAX_TASK_MS);
} finally {
  await context.close();
  await system.stop();
}
if (broken.length > 0) {
  console.error(`over the limit: ${broken.join(", ")}`);
  process.exitCode = 1;
}
