/**
 * The duplicator: a shop stays with Google, and each hit of its pages goes here too, byte for byte. It hears the
 * requests of Google's own tag (`…/g/collect`), stores each copy, and sends it until it is answered with 2xx.
 * `<script src="…/rastro-ga4-….js" data-url="https://events.loja.example"></script>`, before Google's tag.
 */

/** So much of the shop's storage may be taken: hits, and characters of one. */
const MOST = 100;
const LONGEST = 16_000;
const TIMEOUT = 15_000;
const PREFIX = "_rv.g";

type Hit = [query: string, body: string];

const script = document.currentScript as HTMLScriptElement;
const target = new URL("/g/collect", script.dataset.url || script.src).href;
/** For sites that do not list the property's measurement id as an alias. */
const key = script.dataset.key ? `&key=${script.dataset.key}` : "";
const waiting = new Map<string, string>();
let count = 0;
let busy = false;
let failures = 0;
let area: Storage | undefined;

const quietly = <A extends unknown[]>(work: (...given: A) => void) => (...given: A): void => {
  try {
    work(...given);
  } catch {
    // the shop's own hits go on
  }
};

quietly(() => {
  area = localStorage;
})();

const names = (): string[] =>
  [...new Set([...waiting.keys(), ...Object.keys(area || {}).filter((name) => name.startsWith(PREFIX))])].sort();

/** Keep the hit if its URL is Google's; the original request is nobody's business here. */
const copy = quietly((input: unknown, body?: unknown) => {
  const url = new URL(String((input as Request)?.url || input), location.href);
  if (!/\/g\/collect$/.test(url.pathname) || url.href.startsWith(target)) return;
  const text = typeof body === "string" ? body : "";
  const hit = JSON.stringify([url.search, text] satisfies Hit);
  if (hit.length > LONGEST || names().length >= MOST) return;
  const name = `${PREFIX}${Date.now().toString(36).padStart(9, "0")}${(count++).toString(36).padStart(4, "0")}${Math.random()}`;
  try {
    area!.setItem(name, hit);
  } catch {
    waiting.set(name, hit);
  }
  setTimeout(quietly(send));
});

function send(): void {
  if (busy || !names().length) return;
  busy = true;
  const turn = async (): Promise<void> => {
    for (const name of names()) if (!(await deliver(name))) break;
  };
  const turns = navigator.locks ? navigator.locks.request(PREFIX, turn) : turn();
  turns.then(done, done);
}

const done = (): void => {
  busy = false;
  if (names().length) setTimeout(quietly(send), Math.min(60_000, 1000 * 2 ** failures));
};

async function deliver(name: string): Promise<boolean> {
  const text = waiting.get(name) || area?.getItem(name);
  if (!text) return true; // another tab was faster
  const [query, body]: Hit = JSON.parse(text);
  let status = 0;
  try {
    const options = { method: "POST", body, keepalive: true, credentials: "omit", signal: AbortSignal.timeout?.(TIMEOUT) };
    const answer = await fetch(target + query + key, options as RequestInit);
    await answer.text();
    status = answer.status;
  } catch {
    // no network
  }
  // A refusal of the hit itself is final; everything else is repeated, and the same bytes are counted once.
  const final = (status >= 200 && status < 300) || status === 400 || status === 413;
  failures = final ? 0 : failures + 1;
  if (final) {
    waiting.delete(name);
    area?.removeItem(name);
  }
  return final;
}

quietly(() => {
  const { sendBeacon } = navigator;
  navigator.sendBeacon = function (input, body) {
    copy(input, body);
    return sendBeacon.call(navigator, input, body);
  };
  const { fetch } = window;
  window.fetch = function (this: unknown, input: any, options?: RequestInit) {
    copy(input, options?.body);
    return fetch.call(window, input, options);
  };
  const { open, send: sendRequest } = XMLHttpRequest.prototype;
  const urls = new WeakMap<XMLHttpRequest, unknown>();
  XMLHttpRequest.prototype.open = function (this: XMLHttpRequest, ...given: any[]) {
    urls.set(this, given[1]);
    return (open as any).apply(this, given);
  };
  XMLHttpRequest.prototype.send = function (body) {
    copy(urls.get(this), body);
    return sendRequest.call(this, body);
  };
  addEventListener("online", quietly(send));
  send();
})();
