/** Store first, send after: an event leaves the store when the answer is 202, or a refusal that no repetition mends. */

import { alone } from "./lock";
import { settle } from "./pages";
import { hear, safe, tell } from "./safe";
import { settings } from "./settings";
import { drop, dropped, type Entry, note, noted, numberOf, stored } from "./store";

/**
 * Requests that outlive their page share 65,536 bytes; the shop's own code may need some. Counted in characters, since
 * encoding to count costs more than it gives: a batch that is too large after all fails at once and goes without.
 */
const ALIVE = 50_000;
const MOST_EVENTS = 50;
const SOON = 1000;
const MANY = 10;
const LATE = 50;
const TIMEOUT = 15_000;
const LONGEST_PAUSE = 60_000;

/** Requests on their way, and their characters. */
let flights = 0;
let flyingSize = 0;
/** The newest event that a page which may end has sent. */
let left: string | undefined;
let most = MOST_EVENTS;
let failures = 0;
let timer: number | undefined;
let due = Infinity;
let busy = false;
let report: (count: number) => unknown;

/** Begin; `reporter` makes an event of a number of drops. */
export function startSending(reporter: (count: number) => unknown): void {
  report = reporter;
  hear(window, "pagehide", () => leave(true));
  hear(document, "visibilitychange", () => leave());
  hear(window, "online", () => {
    note("w");
    flush();
  });
  hear(window, "pageshow", flush);
}

/** An event was stored, so many wait: send them soon. */
export function sendSoon(waiting: number): void {
  plan(waiting < MANY ? SOON : 0);
  setTimeout(safe(leave)); // in a page that is hidden already
}

/** Send what waits. */
export const flush = (): void => plan(0);

function plan(ms: number): void {
  const at = performance.now() + ms;
  if (at >= due) return;
  due = at;
  clearTimeout(timer);
  timer = setTimeout(
    safe(async () => {
      due = Infinity;
      if (busy || !stored()[0]) return;
      busy = true;
      await alone(settings.cookie, drain);
      busy = false;
      if (stored()[0]) plan(Math.max(SOON, pausing()));
    }),
    ms,
  );
}

/** Milliseconds until the next try; a pause longer than any of ours comes from a clock that was set. */
function pausing(): number {
  const left = numberOf("w") - Date.now();
  return left > 0 && left <= LONGEST_PAUSE ? left : 0;
}

async function drain(): Promise<void> {
  // What another tab removed a moment ago is still seen here: browsers bring storage from process to process late.
  await new Promise((done) => setTimeout(done, LATE));
  // Nothing passes a request that is on its way: it may fail.
  while (!flights && !pausing()) {
    const batch = take(ALIVE);
    // The budget may be used up by others, which looks like a broken connection: every second try does without.
    if (!batch[0] || !(await deliver(batch, failures % 2 < 1))) return;
  }
}

/** The oldest. One that is larger than `room` goes alone. */
const take = (room: number): Entry[] =>
  stored()
    .slice(0, most)
    .filter((entry, n) => (room -= entry[1].length) >= 0 || !n);

/**
 * The page may end now: the oldest go at once, without waiting for a turn, and those that are on their way once more,
 * so that nothing passes them if they fail. What finds no room in the budget is the next page's.
 */
function leave(forever?: boolean): void {
  settle();
  if (pausing() || !(forever || document.hidden)) return;
  const batch = take(ALIVE - flyingSize);
  if (!batch[0] || left === (left = batch[batch.length - 1]![0])) return;
  // Safari loses such a request of a page that ends, and old browsers have none: a beacon is safer there.
  const beacon = /^Apple/.test(navigator.vendor) || !("keepalive" in Request.prototype);
  if (!(forever && beacon && navigator.sendBeacon(endpoint(), body(batch)))) deliver(batch, true);
}

const endpoint = (): string => `${settings.url}?key=${settings.key}`;

const body = (batch: Entry[]): string =>
  `{"sent_at":${Date.now()},"events":[${batch.map((entry) => entry[1])}]}`;

/** False: try again later. */
async function deliver(batch: Entry[], keepalive: boolean): Promise<boolean> {
  const text = body(batch);
  let status = 0;
  let said = "";
  let after = 0;
  flights++;
  flyingSize += text.length;
  try {
    const answer = await fetch(endpoint(), {
      method: "POST",
      body: text,
      signal: AbortSignal.timeout?.(TIMEOUT),
      keepalive: keepalive && flyingSize <= ALIVE,
    } as RequestInit);
    after = Number(answer.headers.get("retry-after")) * 1000;
    said = await answer.text(); // an answer that is not read keeps its share of the budget
    status = answer.status;
  } catch (error) {
    said = `${error}`;
  }
  flights--;
  flyingSize -= text.length;
  left = undefined;
  tell("answer", { status, body: said, events: batch.map((entry) => JSON.parse(entry[1])) });
  // No repetition mends these two: halve, until the one that is too much is alone.
  const refused = status === 413 || status === 400;
  if (status !== 202 && !refused) {
    const wait = Math.min(LONGEST_PAUSE, after || SOON * 2 ** failures++ * (0.5 + Math.random()));
    note("w", `${Date.now() + wait}`);
    plan(wait);
    return false;
  }
  if (!refused || !batch[1]) {
    for (const [name] of batch) {
      const there = noted(name); // or another request with it was answered before
      note(name);
      if (refused && there) drop(1, "refused");
    }
  }
  if (refused) most = Math.ceil(batch.length / 2);
  else {
    failures = 0;
    most = Math.min(MOST_EVENTS, most * 2);
    const lost = dropped();
    if (lost) report(lost);
  }
  return true;
}
