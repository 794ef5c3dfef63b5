/** What every extra needs: the page's function, there before or after the tracker; and no error that leaves. */

import type { Rastro } from "../types";

const world = window as unknown as { rastro: Rastro & { q?: unknown[] } };

world.rastro ||= function (...given: unknown[]): void {
  (world.rastro.q ||= []).push(given);
} as Rastro;

export const rastro = ((...given: unknown[]) => (world.rastro as (...all: unknown[]) => void)(...given)) as Rastro;

export const quietly = <A extends unknown[]>(work: (...given: A) => void) => (...given: A): void => {
  try {
    work(...given);
  } catch {
    // an extra never harms its page
  }
};
