// The console in a real browser, as a person uses it.

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { openBrowser, System, until } from "./browser.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Screenshots go to the documents when they are asked for. */
const SCREENSHOTS = process.env.CONSOLE_SCREENSHOTS ?? "";
const HERE = dirname(fileURLToPath(import.meta.url));
const MAX_BYTES = 150 * 1024;
const MAX_SCREENSHOT = 300 * 1024;

const system = new System();
let context;
let page;
const errors = [];

before(async () => {
  await system.start();
  context = await openBrowser(system.folder);
  page = context.pages()[0] ?? await context.newPage();
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    // The browser reports each refused and lost request; only errors of the page itself count.
    if (message.type() === "error" && !message.text().includes("Failed to load resource") && !message.text().includes("ERR_")) {
      errors.push(message.text());
    }
  });
});

after(async () => {
  await context?.close();
  await system.stop();
});

async function open(hash = "") {
  await page.goto(`${system.url}${hash}`);
  await page.reload();
}

async function screenshot(name) {
  if (!SCREENSHOTS) {
    return;
  }
  await page.evaluate(() => scrollTo(0, 0));
  const path = join(SCREENSHOTS, `${name}.png`);
  await page.screenshot({ path, animations: "disabled" });
  assert.ok(statSync(path).size < MAX_SCREENSHOT, `${path} has ${statSync(path).size} bytes`);
}

/** axe in a world of its own, because the policy of the page refuses other scripts. */
async function findViolations() {
  const session = await context.newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  await session.send("Runtime.evaluate", { expression: AXE, contextId: executionContextId });
  const answer = await session.send("Runtime.evaluate", {
    expression: "axe.run(document).then((found) => JSON.stringify(found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)])))",
    contextId: executionContextId, awaitPromise: true, returnByValue: true,
  });
  await session.detach();
  return JSON.parse(answer.result.value);
}

async function place() {
  await page.getByRole("button", { name: "Place the order" }).click();
  const id = page.locator(".result code[data-order]");
  await id.waitFor();
  return id.textContent();
}

test("the first visit is small, and painted at once", async () => {
  let bytes = 0;
  const count = async (response) => {
    if (new URL(response.url()).pathname.startsWith("/console") && !response.url().includes("/api/")) {
      bytes += (await response.body().catch(() => Buffer.alloc(0))).length;
    }
  };
  page.on("response", count);
  await page.goto(system.url);
  await page.locator(".way").waitFor();
  page.off("response", count);
  assert.ok(bytes > 0 && bytes < MAX_BYTES, `${bytes} bytes`);
  // The second visit is measured: the first one starts the browser's own processes.
  await page.reload();
  await page.locator(".way").waitFor();
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  console.log(`first contentful paint after ${Math.round(paint)} ms, ${bytes} bytes`);
});

test("an order is placed, seen to be confirmed, and its mail is read", async () => {
  await open();
  const id = await place();
  await page.locator(".steps li.done", { hasText: "notified" }).waitFor();
  await page.getByRole("link", { name: "Mailbox" }).click();
  const email = page.locator(".email").first();
  await email.waitFor();
  await email.locator("summary").click();
  const text = email.locator("pre");
  assert.match(await text.textContent(), new RegExp(id));
  assert.doesNotMatch(await text.textContent(), /Ada|ada@example/);
  await email.getByRole("button", { name: /Show personal data/ }).click();
  await page.locator(".email pre", { hasText: "Ada Example" }).waitFor();
  const audit = await system.orderctl("status");
  assert.ok(audit.length > 0);
  await page.goto(`${system.url}#orders`);
  await page.getByLabel(/Search by/).fill(id.slice(-8));
  await page.getByRole("link", { name: id.slice(-8) }).click();
  await page.locator(".track li.done", { hasText: "notified" }).waitFor();
});

test("an order with a reference and metadata is found by its reference", async () => {
  await open();
  await page.getByLabel("Your reference").fill("PO-2026-77");
  await page.getByRole("button", { name: "Add metadata" }).click();
  await page.getByLabel("Metadata name").fill("sales channel");
  await page.getByLabel("Metadata value").fill("web");
  await page.getByRole("button", { name: "Place the order" }).click();
  await page.locator("#main [aria-invalid]").waitFor();
  assert.equal(await page.getByLabel("Metadata name").getAttribute("aria-invalid"), "true");
  await page.getByLabel("Metadata name").fill("channel");
  const id = await place();
  await page.goto(`${system.url}#orders`);
  await page.getByLabel(/Search by/).fill("po-2026-77");
  await page.getByRole("link", { name: id.slice(-8) }).click();
  await page.locator("summary", { hasText: "The raw JSON" }).click();
  await page.getByRole("button", { name: /Show personal data/ }).click();
  await page.locator("pre", { hasText: "\"channel\": \"web\"" }).waitFor();
});

test("each problem stands beside its field", async () => {
  await open();
  await page.getByLabel("Currency").fill("EURO");
  await page.getByLabel("Quantity").first().fill("0");
  await page.getByRole("button", { name: "Place the order" }).click();
  await page.locator("#main [aria-invalid]").first().waitFor();
  assert.equal(await page.getByLabel("Currency").getAttribute("aria-invalid"), "true");
  assert.equal(await page.getByLabel("Quantity").first().getAttribute("aria-invalid"), "true");
  assert.equal(await page.locator(".curl").textContent().then((text) => text.includes("curl -sS -X POST")), true);
});

test("what a customer wrote is text", async () => {
  await open();
  const attack = "<img src=x onerror=\"document.title='hacked'\"><b>note</b>";
  await page.getByLabel("Note").fill(attack);
  await page.getByLabel("Customer id").fill("attacker-7");
  const id = await place();
  await page.locator(".steps li.done", { hasText: "notified" }).waitFor();
  await page.goto(`${system.url}#orders/${id}`);
  await page.locator("summary", { hasText: "The raw JSON" }).click();
  await page.getByRole("button", { name: /Show personal data/ }).click();
  await page.locator("pre", { hasText: "<b>note</b>" }).waitFor();
  assert.equal(await page.locator("#main img").count(), 0);
  assert.doesNotMatch(await page.title(), /hacked/);
});

test("poison becomes a dead letter with its reason, is repaired, and replayed", async () => {
  await open();
  await page.getByRole("button", { name: "Poison" }).click();
  await page.locator(".stage.alarm").first().waitFor();
  await page.getByRole("link", { name: "Dead letters" }).click();
  await page.locator("td", { hasText: "malformed" }).first().waitFor();
  await page.locator("tbody tr").first().getByRole("link").first().click();
  await page.locator("pre", { hasText: "makes it a dead letter again" }).or(page.locator("pre", { hasText: "JSON" })).first().waitFor();
  await page.getByRole("button", { name: /^Edit/ }).click();
  const body = page.getByLabel("Repaired body");
  await body.waitFor();
  await body.fill("{ not json");
  await page.locator("#body-problem", { hasText: "no JSON" }).waitFor();
  await body.fill(readFileSync(join(HERE, "../../order-core/golden/message-v1.json"), "utf8"));
  await page.getByRole("button", { name: "Dry run of the repair" }).click();
  await page.locator(".outcome", { hasText: "nothing was changed" }).waitFor();
  await page.getByRole("button", { name: "Replay the repair" }).click();
  await page.locator(".outcome .good", { hasText: "Done." }).waitFor();
  await page.getByRole("link", { name: "← All dead letters" }).click();
  await page.locator(".empty", { hasText: "No dead letters" }).waitFor();
  await page.locator(".log li", { hasText: "replay ended" }).first().waitFor();
});

test("faults are switched on, named on every page, and switched off", async () => {
  await open();
  await page.getByRole("switch", { name: "Throttle" }).check();
  await page.locator(".banner", { hasText: "Faults are being injected" }).waitFor();
  await place();
  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await page.getByRole("button", { name: "Faults off" }).click();
  await page.locator(".banner").waitFor({ state: "hidden" });
  const faults = JSON.parse(await system.orderctl("faults", "--json"));
  assert.equal(faults.active, false);
});

test("a burst shows in the plots", async () => {
  await open();
  await page.getByRole("button", { name: "Burst of 500" }).click();
  await page.locator(".result", { hasText: "500 orders accepted" }).waitFor();
  await page.getByRole("link", { name: "Plots" }).click();
  await page.locator(".plot svg").first().waitFor();
  const plot = page.locator(".plot").first();
  await plot.locator("svg").hover();
  assert.match(await plot.locator(".readout").textContent(), /accepted/);
  assert.ok(await page.locator(".marker").count() > 0, "the fault of the test before is marked");
});

test("the numbers are those of orderctl", async () => {
  await open();
  const idle = async () => {
    const status = JSON.parse(await system.orderctl("status", "--json"));
    const isIdle = status.queues.every((queue) => queue.in_flight + queue.delayed + (queue.is_dead_letter_queue ? 0 : queue.visible) === 0);
    return isIdle ? status : null;
  };
  await until("all queues are empty", async () => (await idle()) !== null);
  const status = await idle();
  for (const queue of status.queues.filter((one) => one.is_dead_letter_queue)) {
    const shown = page.locator(`[data-queue="${queue.name}"] dd`).first();
    await until(`${queue.name} is shown`, async () => (await shown.textContent()) === String(queue.visible));
  }
});

test("after kill -9 the page says that the connection is lost, and comes back", async () => {
  await open();
  await page.locator("#connection", { hasText: "Live" }).waitFor();
  await system.kill();
  await page.locator("#connection", { hasText: "Connection lost" }).waitFor();
  await system.start();
  await page.locator("#connection", { hasText: "Live" }).waitFor();
  // The token of the new run is another one.
  await place();
});

test("every page has no violation that axe finds, in both themes", async () => {
  for (const theme of ["light", "dark"]) {
    for (const hash of ["#overview", "#orders", "#mail", "#letters", "#plots"]) {
      await page.evaluate((wanted) => localStorage.setItem("theme", wanted), theme);
      await open(hash);
      await page.locator("#main h1").waitFor();
      await page.locator("#connection", { hasText: "Live" }).waitFor();
      assert.deepEqual(await findViolations(), [], `${theme} ${hash}`);
    }
  }
  await page.evaluate(() => localStorage.setItem("theme", "light"));
});

test("the page fits three widths", async () => {
  for (const [name, width, height] of [["phone", 360, 740], ["laptop", 1440, 900], ["4k", 3840, 2160]]) {
    await page.setViewportSize({ width, height });
    for (const hash of ["#overview", "#orders", "#mail", "#letters", "#plots"]) {
      await open(hash);
      await page.locator("#main h1").waitFor();
      await page.locator("#connection", { hasText: "Live" }).waitFor();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${hash} at ${width} is ${overflow} pixels too wide`);
    }
    await open("#overview");
    await page.locator(".way").waitFor();
    if (SCREENSHOTS) {
      await page.getByRole("button", { name: "Poison" }).click();
      await page.locator(".stage.alarm").first().waitFor();
      await page.getByRole("button", { name: "Burst of 500" }).click();
      await page.locator(".stage.busy").first().waitFor();
    }
    // A picture of 4K would be too large for a document.
    if (width < 3840) {
      await screenshot(`console-${name}`);
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
});

test("the report of a load is a page by itself, readable in both themes", async () => {
  const path = join(system.folder, "report.html");
  await system.orderctl("load", "--count", "40", "--rate", "40", "--report", path, "--json");
  const requests = [];
  const note = (/** @type {{ url: () => string }} */ request) => requests.push(request.url());
  page.on("request", note);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.goto(`file://${path}`);
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
    assert.deepEqual(await findViolations(), [], colorScheme);
  }
  page.off("request", note);
  assert.deepEqual(requests, [`file://${path}`, `file://${path}`]);
  assert.equal(await page.locator("svg.chart").count(), 9, "rate, two for each stage, processors, memory");
  await page.setViewportSize({ width: 360, height: 740 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
});

test("the keyboard reaches everything", async () => {
  await open();
  await page.locator(".way").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
});

test("the page itself reported no error", () => {
  assert.deepEqual(errors, []);
});
