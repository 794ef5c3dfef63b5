/** From a platform's event to a GA4 command; an unexpected shape costs its own event and nothing else. */

import type { Item, Params } from "../types";

type Send = (name: string, params?: unknown) => void;

const world = globalThis as unknown as { rastro: Send & { q?: unknown[] } };

export const send: Send = (...given) => {
  world.rastro ||= ((...all: unknown[]) => {
    (world.rastro.q ||= []).push(all);
  }) as Send;
  world.rastro(...given);
};

export const commerce = (name: string, currency: unknown, items: Item[], more?: Params): void =>
  send(name, {
    currency,
    value: items.reduce((sum, item) => sum + Number(item.price || 0) * Number(item.quantity || 1), 0),
    items,
    ...more,
  });

export const guarded = <A extends unknown[]>(work: (...given: A) => void) => (...given: A): void => {
  try {
    work(...given);
  } catch {
    // not the shape that the platform documents
  }
};
