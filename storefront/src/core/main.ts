/** The tracker: settings in, commands in, events out. */

import type { Params, Rastro, Settings, StorefrontEvent } from "../types";
import { consent, googleConsent, mode, type Mode, setConsent } from "./consent";
import { makeEvent, NAME } from "./event";
import { listen } from "./layer";
import { settle, view, watchPages } from "./pages";
import { listeners, safe, tell } from "./safe";
import { flush, sendSoon, startSending } from "./send";
import { settings } from "./settings";
import { add, drop, forget, noted, openStore } from "./store";
import { adopt, forgetVisitor, setUser, visitor } from "./visitor";

/** Before consent; what comes after so many is not taken. */
const MOST_HELD = 200;

type Command = [word: any, ...given: any[]];

/** Commands that came before the start. */
let early: Command[] | undefined = [];
/** Events that came before consent, or before anybody could say anything about it. */
let held: StorefrontEvent[] = [];
let now: Mode = "hold";
let begun = false;

function emit(event: StorefrontEvent): void {
  if (!tell("event", event)) put(event);
}

/** True if it is stored, or waits. */
function put(event: StorefrontEvent): boolean {
  if (now === "hold") {
    if (!held[MOST_HELD - 1]) held.push(event);
  } else if (now !== "drop") {
    const full = now === "full";
    // undefined is left out of JSON
    Object.assign(event, {
      consent,
      visitor_id: full ? visitor() : undefined,
      user_id: full ? event.user_id || noted("u") || undefined : undefined,
    });
    const name = `e${event.event_id}`;
    const waiting = add(name, JSON.stringify(event));
    if (!waiting) return false;
    sendSoon(waiting);
  }
  return true;
}

/** After each word about consent. What an earlier visit left stays untouched until the visitor says no. */
function consented(): void {
  const before = now;
  now = mode();
  if (now === before) return;
  if (now === "full") openStore(true);
  else if (consent.analytics === false) {
    openStore(false);
    forgetVisitor();
  }
  if (now === "drop") {
    forget();
    held = [];
  } else if (now !== "hold") held.splice(0).forEach(put);
}

function event(name: string, params: Params = {}): void {
  if (name === "page_view" && !settings.auto) return view(params);
  settle();
  if (NAME.test(name)) emit(makeEvent(name, params));
  else tell("error", name);
}

const google = (params: Params): unknown => params && "user_id" in params && setUser(params.user_id);

const commands: Record<string, ((...given: any[]) => unknown) | undefined> = {
  __proto__: null as any, // `rastro("constructor")` is an event
  event: (name, params) => (name.event ? event(name.event, { ...name, event: null }) : event(name, params)),
  consent: (said, update) => {
    if (update) googleConsent(said, update);
    else setConsent(said);
    if (begun) consented();
  },
  user: setUser,
  visitor: adopt,
  page: () => view({}, true),
  flush: () => (settle(), flush()),
  on: (listener) => listeners.push(listener),
  config: (_, params) => google(params),
  set: google,
};

function run([word, ...given]: Command): void {
  (commands[word] || ((params) => event(word, params)))(...given);
}

/** The page's function. */
export const rastro = safe((...command: Command) => (early ? early.push(command) : run(command))) as Rastro;

/** What gtag() or a tag manager's page pushes; other commands of gtag are not for us. */
const take = (entry: any): unknown =>
  entry.event
    ? NAME.test(entry.event) && run(["event", entry])
    : /^(event|consent|config|set)$/.test(entry[0]) && run([...entry] as unknown as Command);

/** Begin, once the page is seen: a prerendered one may never be. */
export const start = safe((given: Settings): void => {
  if (settings.key) return;
  Object.assign(settings, given);
  const begin = safe(() => {
    // Where there is no room for the report its place was counted as one: the rest goes back to the count.
    startSending((count) => put(makeEvent("events_dropped", { count })) || drop(count - 1, "full"));
    watchPages((...view) => emit(makeEvent("page_view", ...view)));
    const waiting = early!;
    early = undefined;
    waiting.forEach(safe(run));
    listen(settings.layer, take);
    // Only now is anything stored: the page has said what it has to say about consent.
    begun = true;
    setConsent();
    consented();
    flush();
  });
  if ((document as { prerendering?: boolean }).prerendering) {
    document.addEventListener("prerenderingchange", begin, { once: true });
  } else begin();
});
