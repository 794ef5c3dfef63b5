/** `?rastro_debug=1`: each event with its answer, in the console, in plain words. */

import type { StorefrontEvent } from "../types";
import { quietly, rastro } from "./page";

const REASONS: Record<string, string> = {
  unknown_key: "the key in data-key belongs to no site: compare it with the sites document",
  origin_not_allowed: "this page's origin is not in the site's list of origins",
  not_json: "the request was no JSON; something between the page and the API changes it",
  too_large: "the request was too large; smaller ones follow by themselves",
  too_many_events: "there were too many events in one request; smaller ones follow by themselves",
  not_found: "there is no events path at this address: compare data-url with the API or the proxy",
  unavailable: "not everything could be stored; the tracker repeats it",
};

const STATUS: Record<number, string> = {
  0: "no answer: no network, a blocker, or no CORS for this origin; the events wait in this browser",
  429: "too many requests for the API; the tracker repeats them later",
  403: "refused: this page's origin is not in the site's list",
};

const said = (body: string): any => {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
};

const answered = ({ status, body, events }: { status: number; body: string; events: StorefrontEvent[] }): void => {
  const answer = said(body);
  if (status !== 202) {
    const why = REASONS[answer.reason] || STATUS[status] || answer.detail || body;
    console.warn(`rastro: ${status || "no answer"}, ${events.length} events not taken: ${why}`);
    return;
  }
  const refused = new Map<string, any>((answer.rejected || []).map((one: any) => [one.event_id, one]));
  for (const event of events) {
    const why = refused.get(event.event_id);
    if (why) console.warn(`rastro: ${event.event} refused (${why.reason}): ${why.detail}`, event);
    else console.info(`rastro: ${event.event} is stored`, event);
  }
};

rastro(
  "on",
  quietly((kind: string, detail: any) => {
    if (kind === "event") console.info(`rastro: ${detail.event} happened`, detail);
    else if (kind === "answer") answered(detail);
    else if (kind === "drop") {
      const why = {
        full: "the queue of this browser is full",
        refused: "no repetition would help",
      }[detail.why as "full"];
      console.warn(`rastro: ${detail.count} events dropped and counted: ${why}`);
    } else console.warn("rastro:", detail);
  }) as any,
);
console.info("rastro: debug mode is on; events before this line were heard by the tracker, not printed");
