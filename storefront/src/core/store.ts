/**
 * Where events lie until they are acknowledged. One entry of localStorage an event: tabs that write at once never
 * overwrite each other, and the names, which end in the ids, give the order. What cannot be stored lies in memory.
 */

import { follow } from "./ids";
import { tell } from "./safe";
import { settings } from "./settings";

/** So much of the shop's own storage may be taken: events, and characters of them. */
const MOST_EVENTS = 200;
const MOST_CHARACTERS = 200_000;

/** Name (`e` and its id) and text of an event. */
export type Entry = [name: string, text: string];

const memory = new Map<string, string>();
let area: Storage | undefined;

/** Without consent to storing nothing is read or written, and what lies there goes. */
export function openStore(may: boolean): void {
  try {
    area = settings.store ? sessionStorage : localStorage;
    if (may) {
      for (const entry of memory) note(...entry);
      for (const [name] of stored()) follow(name.slice(1));
      noteDropped(0);
      return;
    }
    for (const name of names()) note(name);
  } catch {
    // forbidden by the browser
  }
  area = undefined;
}

const full = (name: string): string => `${settings.cookie}.${name}`;

const names = (): string[] => {
  const before = full("");
  return Object.keys(area || {}).flatMap((name) => (name.startsWith(before) ? name.slice(before.length) : []));
};

/** All that waits, oldest first. */
export const stored = (): Entry[] =>
  [...new Set([...memory.keys(), ...names()])]
    .filter((name) => name[0] === "e")
    .sort()
    .map((name) => [name, noted(name)!] as Entry)
    .filter((entry) => entry[1]); // another tab may have removed it since

/** False if there is no room; the event is then counted, and nothing else was given up for it. */
export function add(name: string, text: string): boolean {
  const all = stored();
  if (all[MOST_EVENTS - 1] || all.reduce((sum, [, each]) => sum + each.length, text.length) > MOST_CHARACTERS) {
    drop(1, "full");
    return false;
  }
  note(name, text);
  return true;
}

/** A value under a name; none removes it. */
export function note(name: string, value?: string | null): void {
  memory.delete(name);
  try {
    if (value) area!.setItem(full(name), value);
    else area?.removeItem(full(name));
  } catch {
    memory.set(name, value!);
  }
}

export const noted = (name: string): string | null | undefined => memory.get(name) || area?.getItem(full(name));

/** Of the same length always, so that it can be written where a full storage takes nothing more. */
const noteDropped = (more: number): void => note("d", `${Math.max(0, Number(noted("d") || 0) + more)}`.padStart(6, "0"));

/** Count what is lost; the count goes out as an event of its own once there is room. */
export function drop(count: number, why: "full" | "refused" | "unsaved"): void {
  if (count) {
    noteDropped(count);
    tell("drop", { count, why });
  }
}

/** How many were dropped and not yet reported; they are the caller's now. */
export function dropped(): number {
  const count = Number(noted("d") || 0);
  noteDropped(-count);
  return count;
}

let unsaved = 0;

/** The page ends: what could not be stored counts as lost, since nobody will read the answer to its last request. */
export function dropUnsaved(): void {
  unsaved = [...memory.keys()].filter((name) => name[0] === "e").length;
  drop(unsaved, "unsaved");
}

/** It came back from the back/forward cache, and with it what it holds. */
export function undropUnsaved(): void {
  if (unsaved) noteDropped(-unsaved);
  unsaved = 0;
}

/** Consent was refused: what waits in memory goes too. */
export const forget = (): void => memory.clear();
