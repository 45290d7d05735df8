// A system of its own for the tests, and Debian's Chromium.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const ORDERCTL = process.env.ORDERCTL ?? "orderctl";

/** `orderctl up` in a folder of its own. After a kill it can be started again on the same ports. */
export class System {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "orders-console-"));
    this.data = join(this.folder, "data");
    this.ready = join(this.folder, "ready.json");
    this.ports = ["0", "0"];
  }

  async start() {
    const [api, aws] = this.ports;
    rmSync(this.ready, { force: true });
    this.process = spawn(ORDERCTL, ["--data-dir", this.data, "up", "--api-port", api, "--aws-port", aws, "--ready-file", this.ready],
      { stdio: ["ignore", "ignore", "inherit"] });
    await until("the system is ready", () => existsSync(this.ready));
    const endpoints = JSON.parse(readFileSync(this.ready, "utf8"));
    this.url = endpoints.console_url;
    this.api = endpoints.api_url;
    this.shop = endpoints.shop_url;
    this.catalog = endpoints.catalog_url;
    this.aws = endpoints.aws_endpoint_url;
    this.ports = [new URL(this.api).port, new URL(this.aws).port];
  }

  /** Kills it as `kill -9` does. */
  async kill() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs a command of orderctl and returns its standard output. */
  async orderctl(...words) {
    const child = spawn(ORDERCTL, ["--data-dir", this.data, ...words], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (part) => { text += part; });
    await new Promise((resolve) => child.once("close", resolve));
    return text;
  }
}

/** Waits for a condition. A test that waits for ever is ended by the limit of the step. */
export async function until(what, condition, patience = 60_000) {
  const end = Date.now() + patience;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`it did not happen within ${patience / 1000} s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Starts Chromium with a profile of its own. */
export async function openBrowser(folder) {
  return chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
  });
}
