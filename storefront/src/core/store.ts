/**
 * Where events lie until they are acknowledged. One entry of localStorage an event: tabs that write at once never
 * overwrite each other, and the names, which end in the ids, give the order. What cannot be stored lies in memory.
 */

import { follow, timeOf, uuid7 } from "./ids";
import { tell } from "./safe";
import { settings } from "./settings";

/** So much of the shop's own storage may be taken: events, and characters of them. */
const MOST_EVENTS = 200;
const MOST_CHARACTERS = 200_000;
/** Characters that a report of drops has at most. */
const REPORT = 4000;
/** No page is open longer without a new count. */
const DAY = 86_400_000;

/** Name (`e` and its id) and text of an event. */
export type Entry = [name: string, text: string];

const memory = new Map<string, string>();
let area: Storage | undefined;

/** Without consent to storing nothing is read or written, and what lies there goes. */
export function openStore(may: boolean): void {
  try {
    area = settings.store ? sessionStorage : localStorage;
    if (may) {
      for (let n = 10; n--; ) {
        noteCount(`d${n}`, 0);
        noteCount(`rd${n}`, 0);
      }
      noteDropped(0);
      for (const entry of [...memory]) note(...entry);
      for (const [name] of stored()) follow(name.slice(1));
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
  return Object.keys(area || {})
    .filter((name) => name.startsWith(before))
    .map((name) => name.slice(before.length));
};

const every = (kind: string): string[] =>
  [...new Set([...memory.keys(), ...names()])].filter((name) => name[0] === kind).sort();

/** All that waits, oldest first. */
export const stored = (): Entry[] =>
  every("e")
    .map((name) => [name, noted(name)!] as Entry)
    .filter((entry) => entry[1]); // another tab may have removed it since

/** How many wait now; 0 if there is no room: the event is then counted, and nothing else was given up for it. */
export function add(name: string, text: string): number {
  const all = stored();
  if (all[MOST_EVENTS - 1] || all.reduce((sum, [, each]) => sum + each.length, text.length) > MOST_CHARACTERS) {
    drop(1, "full");
    return 0;
  }
  note(name, text);
  return all.length + 1;
}

/**
 * A value under a name; none removes it. An event that cannot be stored counts as dropped until it is acknowledged:
 * its page may end at any moment, and nobody else knows of it.
 */
export function note(name: string, value?: string | null): void {
  const event = name[0] === "e";
  if (memory.delete(name) && event) noteDropped(-1);
  try {
    if (value) area!.setItem(full(name), value);
    else area?.removeItem(full(name));
  } catch {
    memory.set(name, value!);
    if (event) noteDropped(1);
  }
}

export const noted = (name: string): string | null | undefined => memory.get(name) || area?.getItem(full(name));

/**
 * Each page counts under a name of its own, made at its start, and never backwards: no tab overwrites another's count.
 * A page that starts when storage is full takes one of ten that were made beforehand and are always of the same length.
 */
let own: string | undefined; // asked for when it is needed: errors while the script loads would reach the page

export const numberOf = (name: string): number => Number(noted(name)) || 0;
const noteCount = (name: string, more: number): void => note(name, `${numberOf(name) + more}`.padStart(6));

function noteDropped(more: number): void {
  noteCount((own ||= `d${uuid7()}`), more);
  if (own[2] && memory.delete(own)) noteCount((own = `d${Date.now() % 10}`), more);
}

/** Count what is lost; the count goes out as an event of its own once there is room. */
export function drop(count: number, why: "full" | "refused"): void {
  if (count) {
    noteDropped(count);
    tell("drop", { count, why });
  }
}

/**
 * How many were dropped on any page and not yet reported; they are the caller's now, who has the turn to send. None
 * while storage has no room for the report: its page may end, and all that it tells would be forgotten.
 */
export function dropped(): number {
  let sum = 0;
  for (const name of every("d")) {
    const reported = `r${name}`;
    const held = name === own ? [...memory.keys()].filter((each) => each[0] === "e").length : 0;
    const more = numberOf(name) - held - numberOf(reported);
    if (more > 0) {
      note("t", " ".repeat(REPORT));
      if (memory.delete("t") && area) return sum;
      note("t");
      sum += more;
      noteCount(reported, more);
    } else if (name[2] && Date.now() - timeOf(name.slice(1)) > DAY) {
      note(name);
      note(reported);
    }
  }
  return sum;
}

/** Consent was refused: what waits in memory goes too. */
export const forget = (): void => memory.clear();
