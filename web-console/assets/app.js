// The frame of the console: its pages, the state of the connection, and the theme.

import { fill, h, setText, ZONE } from "./dom.js";
import { listen, onConnection, onLive } from "./server.js";
import { faultBanner } from "./faults.js";
import { letters } from "./letters.js";
import { mailbox } from "./mail.js";
import { orders } from "./orders.js";
import { overview } from "./pipeline.js";
import { plots } from "./plots.js";

/**
 * A page: its elements, and what to do when another page is opened.
 * @typedef {{ elements: Node[], leave: () => void }} Page
 */

/** @type {{ id: string, title: string, open: () => Page }[]} */
const PAGES = [
  { id: "overview", title: "Overview", open: overview },
  { id: "orders", title: "Orders", open: orders },
  { id: "mail", title: "Mailbox", open: mailbox },
  { id: "letters", title: "Dead letters", open: letters },
  { id: "plots", title: "Plots", open: plots },
];

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const tabs = /** @type {HTMLElement} */ (document.getElementById("tabs"));
const pill = /** @type {HTMLElement} */ (document.getElementById("connection"));
let leave = () => {};

function open() {
  const id = location.hash.slice(1).split("/")[0];
  const page = PAGES.find((one) => one.id === id) ?? PAGES[0];
  leave();
  const opened = page.open();
  leave = opened.leave;
  fill(main, ...opened.elements);
  document.title = `orders: ${page.title.toLowerCase()}`;
  for (const link of tabs.querySelectorAll("a")) {
    if (link.hash === `#${page.id}`) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

/** @param {string} theme */
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const button = /** @type {HTMLElement} */ (document.getElementById("theme"));
  setText(button, theme === "dark" ? "Light" : "Dark");
  button.setAttribute("aria-label", theme === "dark" ? "Use light colours" : "Use dark colours");
}

function startTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(localStorage.getItem("theme") ?? (dark ? "dark" : "light"));
  document.getElementById("theme")?.addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", theme);
    setTheme(theme);
  });
}

/** @type {Record<string, string>} */
const STATES = { connecting: "Connecting", live: "Live", lost: "Connection lost, trying again" };
let connection = "connecting";
let health = "";

function showState() {
  const isLive = connection === "live";
  pill.dataset.state = isLive ? health : connection;
  setText(pill, isLive && health === "degraded" ? "Live, with problems" : isLive && health === "down" ? "System does not answer" : STATES[connection]);
}

fill(tabs, ...PAGES.map((page) => h("li", {}, h("a", { href: `#${page.id}` }, page.title))));
setText(/** @type {HTMLElement} */ (document.getElementById("zone")), `Times are in your zone: ${ZONE}.`);
startTheme();
document.querySelector(".top")?.after(faultBanner());
onConnection((state) => {
  connection = state;
  showState();
});
onLive((live) => {
  health = live.status?.status ?? "down";
  showState();
});
addEventListener("hashchange", () => {
  open();
  main.focus();
});
open();
listen();
