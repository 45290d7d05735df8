// Calls of the console's server, and its live events.

/** @typedef {{ token: string, target: "local" | "aws", api_url: string, options: string }} Session */
/** @typedef {{ at: number, status?: any, error?: string, emails?: number | null }} Live */
/** @typedef {"connecting" | "live" | "lost"} Connection */

/** An answer that is no success, with a sentence for people. */
export class ServerError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @type {Session | null} */
let session = null;
/** @type {Live | null} */
let newest = null;
/** @type {Connection} */
let connection = "connecting";
/** @type {Set<(live: Live) => void>} */
const readers = new Set();
/** @type {Set<(connection: Connection) => void>} */
const watchers = new Set();

/** How long the server may be silent. A status comes at least every minute. */
const MAX_SILENCE_MS = 90000;

/** The session, read again after the connection was lost: another run has another token. @returns {Promise<Session>} */
export async function readSession() {
  session ??= await get("session");
  return /** @type {Session} */ (session);
}

/** @param {string} path @returns {Promise<any>} */
export async function get(path) {
  return request("GET", path);
}

/**
 * Sends a change, with the token of this run.
 * @param {string} path
 * @param {any} [body]
 * @param {"POST" | "PUT" | "DELETE"} [method]
 * @returns {Promise<any>}
 */
export async function send(path, body = {}, method = "POST") {
  const { token } = await readSession();
  try {
    return await request(method, path, body, token);
  } catch (error) {
    // The system was started again and has another token.
    if (error instanceof ServerError && error.status === 403) {
      session = null;
      return request(method, path, body, (await readSession()).token);
    }
    throw error;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {any} [body]
 * @param {string} [token]
 */
async function request(method, path, body, token) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (token) {
    headers["x-console-token"] = token;
    headers["content-type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(`/console/api/${path}`, {
      method, headers, body: token ? JSON.stringify(body) : undefined, cache: "no-store",
    });
  } catch {
    throw new ServerError(0, "The system does not answer. It may have stopped.");
  }
  const document = await answer.json().catch(() => null);
  if (!answer.ok) {
    throw new ServerError(answer.status, document?.message ?? `The system answered ${answer.status}.`);
  }
  return document;
}

/** Calls the reader with each status from now on, and with the newest at once. Returns how to stop. @param {(live: Live) => void} reader */
export function onLive(reader) {
  readers.add(reader);
  if (newest) {
    reader(newest);
  }
  return () => readers.delete(reader);
}

/** The same for the connection. @param {(connection: Connection) => void} watcher */
export function onConnection(watcher) {
  watchers.add(watcher);
  watcher(connection);
  return () => watchers.delete(watcher);
}

/** @param {Connection} state */
function setConnection(state) {
  if (state === connection) {
    return;
  }
  connection = state;
  for (const watcher of watchers) {
    watcher(state);
  }
}

/** Listens for events, and goes on listening after the connection was lost. */
export function listen() {
  const events = new EventSource("/console/api/live");
  let silence = 0;
  const restart = () => {
    events.close();
    clearTimeout(silence);
    setConnection("lost");
    session = null;
    setTimeout(listen, 1000);
  };
  const expect = () => {
    clearTimeout(silence);
    silence = window.setTimeout(restart, MAX_SILENCE_MS);
  };
  expect();
  events.addEventListener("message", (event) => {
    expect();
    newest = /** @type {Live} */ (JSON.parse(event.data));
    setConnection("live");
    for (const reader of readers) {
      reader(newest);
    }
  });
  events.addEventListener("error", restart);
}
