// The storefront in a real browser, as a reader uses it. System, browser and packages are those of the console's tests.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { openBrowser, System, until } from "../../../web-console/browser-tests/browser.js";

const require = createRequire(new URL("../../../web-console/browser-tests/", import.meta.url));
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
/** The picture of the README goes here when it is asked for. */
const SCREENSHOT = process.env.SHOP_SCREENSHOT ?? "";

const system = new System();
let context;
let page;
const errors = [];

before(async () => {
  await system.start();
  assert.match(await system.orderctl("shop", "seed"), /36 books added/);
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

/** Opens a page of the shop. */
async function open(path = "") {
  await page.goto(`${system.shop}${path}`);
}

/** Puts the book with this title into the basket. */
async function put(title) {
  await open(`?q=${encodeURIComponent(title)}`);
  await page.getByRole("link", { name: title }).first().click();
  await page.getByRole("button", { name: "Put into the basket" }).click();
  await page.getByText("is in your basket").waitFor();
}

/** The orders of this browser, as the API lists them. */
async function orders() {
  const customer = await page.evaluate(() => localStorage.getItem("shop-customer"));
  const lines = await system.orderctl("list", "--customer", customer, "--json");
  return lines.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** axe in a world of its own, because the policy of the page refuses other scripts. */
async function findViolations() {
  const session = await context.newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  await session.send("Runtime.evaluate", { expression: AXE, contextId });
  const { result } = await session.send("Runtime.evaluate", {
    expression: "axe.run().then((found) => found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`))",
    contextId, awaitPromise: true, returnByValue: true,
  });
  await session.detach();
  return result.value;
}

test("a reader finds books, pages through them and searches", async () => {
  await open();
  await until("the first page is shown", async () => await page.locator("#books li").count() === 24);
  // The covers that seed has uploaded are made one after the other.
  await until("all books of the page have their cover", async () => {
    const made = await page.locator("#books img.cover").count() === 24;
    if (!made) {
      await open();
      await page.locator("#books li").nth(23).waitFor();
    }
    return made;
  });
  if (SCREENSHOT) {
    await page.waitForLoadState("networkidle");
    await page.setViewportSize({ width: 1100, height: 760 });
    await page.screenshot({ path: SCREENSHOT, animations: "disabled" });
  }
  await page.getByRole("button", { name: "Show more books" }).click();
  await until("all are shown", async () => await page.locator("#books li").count() === 36);
  await page.getByLabel("Search titles, authors and ISBN").fill("lindqvist exactly");
  await page.keyboard.press("Enter");
  await until("one is found", async () => await page.locator("#books li").count() === 1);
  await page.locator(".title", { hasText: "Exactly Once" }).waitFor();
  await open("?q=xyzzy");
  await page.getByText("No book has these words.").waitFor();
});

test("two books are bought, and the order is followed to its email", async () => {
  await put("Salt Roads of the North");
  await put("Zinc");
  await page.getByRole("link", { name: "Basket" }).click();
  await page.getByLabel("Copies").last().fill("3");
  await page.keyboard.press("Tab");
  await until("the total follows", async () => (await page.locator("#total").textContent()) === "€50.70");
  await page.getByLabel("Name").fill("Ada Example");
  await page.getByLabel("Email address").fill("ada@example.com");
  await page.getByRole("button", { name: "Place the order" }).dblclick();
  await page.getByText("The shop has been notified of your order.").waitFor();
  const [order, ...others] = await orders();
  assert.deepEqual([order.total, others.length], ["50.70", 0]);
  assert.deepEqual(order.items.map((item) => [item.name, item.quantity]), [["Salt Roads of the North", 1], ["Zinc", 3]]);
  assert.match(await system.orderctl("inbox"), /EUR 50\.70/);
  // The address of the page is a bookmark, and the basket is empty.
  await page.reload();
  await page.getByText("The shop has been notified of your order.").waitFor();
  await open("basket.html");
  await page.getByText("Your basket is empty.").waitFor();
});

test("a checkout whose answer is lost buys once, also over a reload", async () => {
  const count = (await orders()).length;
  await put("Exactly Once");
  await open("basket.html");
  let sent = 0;
  await page.route(`${system.api}/orders`, async (route) => {
    if (route.request().method() === "POST") {
      // The API takes the order, and the answer does not arrive.
      const answer = await route.fetch();
      assert.equal(answer.status(), 202);
      sent += 1;
      await route.abort();
    } else {
      await route.continue();
    }
  });
  await page.getByRole("button", { name: "Place the order" }).click();
  await page.getByText("nobody knows yet whether your order arrived").waitFor();
  assert.ok(sent >= 1);
  await page.reload();
  await until("the reloaded page sends it again", () => sent >= 2);
  assert.match(page.url(), /basket\.html/);
  await page.unroute(`${system.api}/orders`);
  await page.getByText("The shop has been notified of your order.").waitFor();
  const all = await orders();
  assert.equal(all.length, count + 1);
  assert.equal(all[0].total, "27.00");
});

test("what the API refuses stands beside its field, and the basket stays", async () => {
  await put("Windfall");
  await open("basket.html");
  await page.getByLabel("Email address").fill("nonsense");
  await page.getByRole("button", { name: "Place the order" }).click();
  await page.getByText("Please correct the order. Nothing was ordered.").waitFor();
  assert.match(await page.locator("#email-error").textContent(), /must be an email address/);
  assert.equal(await page.evaluate(() => document.activeElement.id), "email");
  await page.getByLabel("Email address").fill("ada@example.com");
  await page.getByRole("button", { name: "Place the order" }).click();
  await page.getByText("The shop has been notified of your order.").waitFor();
});

test("when the services are away the pages say so, and the basket stays", async () => {
  await put("Windfall");
  await page.route(`${system.catalog}/books**`, (route) => route.abort());
  await open();
  await page.getByText("The shop cannot be reached right now. Your basket is kept.").waitFor();
  await open("basket.html");
  await page.getByRole("link", { name: "Windfall" }).waitFor();
  await page.unroute(`${system.catalog}/books**`);
  await open();
  await until("the books are back", async () => await page.locator("#books li").count() === 24);
  await open("basket.html");
  await page.getByRole("button", { name: "Take out Windfall" }).click();
  await page.getByText("Your basket is empty.").waitFor();
});

test("a book is added, and a mistyped ISBN is found", async () => {
  await open("admin.html");
  await page.getByLabel("ISBN").fill("978-3-16-148410-1");
  await page.getByLabel("Title").fill("<b>Bold</b> & other marks");
  await page.getByLabel("Authors").fill("Mara Quill; 山田 太郎");
  await page.getByLabel("Price").fill("12.50");
  await page.getByRole("button", { name: "Add the book" }).click();
  await until("the digit is found", async () => /wrong check digit/.test(await page.locator("#isbn-error").textContent()));
  await page.getByLabel("ISBN").fill("978-3-16-148410-0");
  await page.getByRole("button", { name: "Add the book" }).click();
  await page.getByText("Added:").waitFor();
  await page.getByRole("link", { name: "<b>Bold</b> & other marks" }).click();
  // A text is never markup.
  await page.getByRole("heading", { name: "<b>Bold</b> & other marks" }).waitFor();
  assert.equal(await page.locator("main b").count(), 0);
});

/** Fills the form for the book that the test before has added. */
async function fillBook() {
  await open("admin.html");
  await page.getByLabel("ISBN").fill("9783161484100");
  await page.getByLabel("Title").fill("<b>Bold</b> & other marks");
  await page.getByLabel("Authors").fill("Mara Quill; 山田 太郎");
  await page.getByLabel("Price").fill("12.50");
}

/** The colours of a picture of the page: a quarter from above, and a quarter from below. */
async function colours(locator) {
  return locator.evaluate(async (image) => {
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const drawing = canvas.getContext("2d");
    drawing.drawImage(image, 0, 0);
    const at = (share) => [...drawing.getImageData(canvas.width / 2, canvas.height * share, 1, 1).data].slice(0, 3);
    return { width: canvas.width, height: canvas.height, above: at(0.25), below: at(0.75) };
  });
}

test("a text that is named .jpg is refused as a cover, and the page says why", async () => {
  await fillBook();
  await page.getByLabel("Cover:").setInputFiles({ name: "cover.jpg", mimeType: "image/jpeg", buffer: Buffer.from("This is a text.") });
  await page.getByRole("button", { name: "Add the book" }).click();
  await page.getByText("The cover was refused: the file is no JPEG, PNG, WebP or GIF picture, whatever its name says.").waitFor();
  await open("book.html?isbn=9783161484100");
  await page.locator("svg.cover").waitFor();
});

test("a turned photo of a phone becomes an upright cover", async () => {
  await fillBook();
  // 300 by 200 pixels, the left half red, and EXIF says to turn it to the right.
  await page.getByLabel("Cover:").setInputFiles(new URL("turned.jpg", import.meta.url).pathname);
  await page.getByAltText("Preview of the cover").waitFor();
  await page.getByRole("button", { name: "Add the book" }).click();
  await page.getByText("The book has its cover.").waitFor();
  await open("book.html?isbn=9783161484100");
  const cover = page.locator("img.cover");
  const { width, height, above, below } = await colours(cover);
  assert.ok(width < height, `${width} by ${height}`);
  assert.ok(above[0] > 150 && above[1] < 80, `red above: ${above}`);
  assert.ok(below[1] > 120 && below[0] < 80, `green below: ${below}`);
  assert.equal(await cover.getAttribute("loading"), "lazy");
  assert.match(await cover.getAttribute("srcset"), /-160\.jpg 160w, .*-320\.jpg 200w$/);
  // No metadata is left.
  const file = await page.evaluate(async (url) => new TextDecoder("latin1").decode(await (await fetch(url)).arrayBuffer()), await cover.getAttribute("src"));
  assert.ok(file.startsWith("\u00ff\u00d8") && !file.includes("Exif"));
});

test("every page is accessible, in light and dark, and fits a phone", async () => {
  await put("Zinc");
  const [order] = await orders();
  for (const path of ["", "book.html?isbn=9783161484100", "basket.html", `order.html?id=${order.order_id}`, "admin.html", "order.html?id=x"]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 360, height: 740 });
      await open(path);
      await page.waitForLoadState("networkidle");
      assert.deepEqual(await findViolations(), [], `${path} ${colorScheme}`);
      const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= width, `${path} is ${content} wide on a phone of ${width}`);
    }
  }
});

test("the pages have no error of their own", () => {
  assert.deepEqual(errors, []);
});
