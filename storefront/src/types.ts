/** What a shop's code sees: settings, commands, events. */

/** One product of GA4's e-commerce events; further fields are kept. */
export interface Item {
  item_id?: string | number;
  item_name?: string;
  item_brand?: string;
  item_category?: string;
  item_variant?: string;
  /** In the currency's major unit. */
  price?: number;
  quantity?: number;
  discount?: number;
  [field: string]: unknown;
}

/** Parameters of an event, as gtag() takes them. What the event's schema does not name becomes a property. */
export interface Params {
  currency?: string;
  value?: number;
  transaction_id?: string;
  coupon?: string;
  shipping?: number;
  tax?: number;
  items?: Item[];
  search_term?: string;
  user_id?: string;
  page_location?: string;
  page_title?: string;
  page_referrer?: string;
  [field: string]: unknown;
}

/** An event as it is stored and posted: schemas/event.schema.json. */
export interface StorefrontEvent {
  event_id: string;
  event: string;
  /** Epoch milliseconds by the browser's clock. */
  ts: number;
  visitor_id?: string;
  user_id?: string;
  page: { url: string; title: string; referrer: string };
  screen: { width: number; height: number; viewport_width: number; viewport_height: number };
  language: string;
  ecommerce?: Record<string, unknown>;
  search_term?: string;
  consent: { analytics: boolean | null; ads: boolean | null };
  properties: Record<string, unknown>;
}

/** Settings; each is also an attribute of the script's tag: `visitorDays` is `data-visitor-days`. */
export interface Settings {
  /** The site's key. */
  key: string;
  /** Where events are posted. Default: `/v1/events` on the host that the script came from. */
  url?: string;
  /** `required`: nothing is stored or sent before consent. `cookieless`: before it and without it, events go
   * without visitor, cookie and storage. Default: the site needs no consent, or manages it otherwise. */
  consent?: "required" | "cookieless";
  /** `off`: page views only by command. */
  auto?: "off";
  /** `on`: each change of the URL after `#` is another page, not only `#/` and `#!`. */
  hash?: "on";
  /** Name of the array with Google's commands and events; `off`: none is read. Default: `dataLayer`. */
  layer?: string;
  /** `session`: queue and user end with the tab. */
  store?: "session";
  /** Name of the visitor's cookie, and prefix of what is stored. Default: `_rv`. */
  cookie?: string;
  /** The cookie's domain. Default: the widest that the browser allows. */
  cookieDomain?: string;
  /** Days the cookie lives; each visit renews it. Default: 400, the most that browsers allow. */
  visitorDays?: number | string;
  /** `off`: `?rastro_debug=1` does nothing. */
  debug?: "off";
}

/** What `rastro("on", listener)` hears. A listener that returns false for "event" keeps the event from being stored. */
export type Notice =
  | ["event", StorefrontEvent]
  | ["answer", { status: number; body: string; events: StorefrontEvent[] }]
  | ["drop", { count: number; why: "full" | "refused" }]
  | ["error", unknown];

export type Listener = (...notice: Notice) => unknown;

/** The one function of the page. */
export interface Rastro {
  (command: "event", name: string, params?: Params): void;
  (command: "event", event: Params & { event: string }): void;
  (command: "consent", consent: { analytics?: boolean | null; ads?: boolean | null }): void;
  (command: "user", id: string | null): void;
  (command: "visitor", id: string): void;
  (command: "page"): void;
  (command: "flush"): void;
  (command: "on", listener: Listener): void;
  /** Any other word is an event's name. */
  (name: string, params?: Params): void;
}
