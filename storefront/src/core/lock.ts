/** One sender an origin, whatever the number of tabs. */

import { note, numberOf } from "./store";

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

/**
 * Without locks: an entry that says since when somebody sends, looked at again after a moment of chance. Two tabs that
 * look in the same moment send both, which costs copies and nothing else.
 */
async function leased(work: () => Promise<void>): Promise<void> {
  for (let looks = PATIENCE / LOOK; looks-- && Math.abs(numberOf("l") - Date.now()) < PATIENCE; ) {
    await new Promise((done) => setTimeout(done, LOOK * (0.5 + Math.random())));
  }
  note("l", `${Date.now()}`);
  await work();
  note("l");
}
