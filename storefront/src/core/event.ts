/** From GA4's parameters to the event's schema, and what the browser says of itself. */

import type { Params, StorefrontEvent } from "../types";
import { consent } from "./consent";
import { uuid7 } from "./ids";

export const NAME = /^[a-z]\w{0,39}$/;

/** Many data layers write amounts as text; the schema wants numbers. */
const numbers = (name: string, value: unknown): unknown =>
  /^(value|tax|shipping|price|quantity|discount)$/.test(name) && parseFloat(value as string) == value ? Number(value) : value;

/** Asked for once: it costs a tenth of a millisecond. */
let zone: string | undefined;

/** What `schemas/event.schema.json` names goes to its place, all else into properties. */
export function makeEvent(
  event: string,
  params: Params,
  ts = Date.now(),
  url = location.href,
  referrer = document.referrer,
): StorefrontEvent {
  const made: StorefrontEvent & Record<string, unknown> = {
    event_id: uuid7(),
    event,
    ts,
    page: { url, title: document.title, referrer },
    screen: { width: screen.width, height: screen.height, viewport_width: innerWidth, viewport_height: innerHeight },
    language: navigator.language,
    consent,
    properties: { time_zone: (zone ||= Intl.DateTimeFormat().resolvedOptions().timeZone) },
  };
  for (const [name, value] of Object.entries({ ...params, ...(params.ecommerce as object) })) {
    if (value == null || name === "ecommerce") continue;
    const page = { page_location: "url", page_title: "title", page_referrer: "referrer" }[name];
    if (page) made.page[page as "url"] = value as string;
    else if (/^(search_term|user_id)$/.test(name)) made[name] = `${value}`;
    else if (/^(currency|value|transaction_id|coupon|shipping|tax|items)$/.test(name)) {
      (made.ecommerce ||= {})[name] = value;
    } else made.properties[name] = value;
  }
  made.ecommerce &&= JSON.parse(JSON.stringify(made.ecommerce, numbers));
  return made;
}
