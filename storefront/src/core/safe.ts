/** Errors of ours end here: the page must never see one. */

import type { Listener, Notice } from "../types";

export const listeners: Listener[] = [];

/** Tell every listener; true if one of them said false. */
export function tell(...notice: Notice): boolean {
  let refused = false;
  for (const listener of listeners) {
    try {
      if (listener(...notice) === false) refused = true;
    } catch {
      // a listener's own error is not the page's
    }
  }
  return refused;
}

/** The same function, without its errors. */
export const safe =
  <A extends unknown[]>(work: (...given: A) => unknown) =>
  (...given: A): void => {
    try {
      work(...given);
    } catch (error) {
      tell("error", error);
    }
  };

/** Listen to an event of the page, before the page's own listeners. */
export const hear = (target: EventTarget, name: string, work: (event: any) => unknown): void =>
  target.addEventListener(name, safe(work), true);
