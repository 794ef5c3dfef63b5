/** One sender an origin, whatever the number of tabs. */

import { uuid7 } from "./ids";
import { note, noted } from "./store";

/** A tab that was frozen in the middle of a request must not silence the others. */
const PATIENCE = 20_000;
const LOOK = 500;

/** Run `work` while no other tab does. After PATIENCE it runs all the same: copies are dropped by event id. */
export async function alone(name: string, work: () => Promise<void>): Promise<void> {
  let ran: unknown;
  const once = (): Promise<void> => (ran = work()) as Promise<void>;
  try {
    await navigator.locks.request(name, { signal: AbortSignal.timeout(PATIENCE) }, once);
  } catch {
    // no locks here (plain http, old browsers), or the patience is at its end
    if (!ran) await leased(once);
  }
}

/** Without locks: an entry that says who sends until when, and is looked at again after a moment. */
async function leased(work: () => Promise<void>): Promise<void> {
  const me = uuid7();
  for (let looks = PATIENCE / LOOK; looks--; ) {
    const [owner, until] = (noted("l") || "").split(" ");
    if (owner === me) break;
    const left = Number(until) - Date.now();
    const taken = left > 0 && left <= PATIENCE; // later than we would write: a clock was set
    if (!taken) note("l", `${me} ${Date.now() + PATIENCE}`);
    await new Promise((done) => setTimeout(done, taken ? LOOK : LOOK / 5));
  }
  await work();
  note("l");
}
