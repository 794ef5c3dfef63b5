/** Page views: of documents, of single-page applications, of pages that come back from the back/forward cache. */

import type { Params } from "../types";
import { hear, safe } from "./safe";
import { settings } from "./settings";

/** Titles change after the URL; so long the view waits for one, or until anything else happens. */
const TITLE = 100;

export type View = [params: Params, ts: number, url: string, referrer: string];

let current: string | undefined;
let url = location.href;
let waiting: View | undefined;
let emit: (...view: View) => void;

/** Begin: the first view is that of the document. */
export function watchPages(emitter: (...view: View) => void): void {
  emit = emitter;
  if (settings.auto) return;
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = function (this: History, ...given) {
      original.apply(this, given); // its errors are the page's own
      look();
    };
  }
  hear(window, "popstate", look);
  hear(window, "hashchange", look);
  hear(window, "pageshow", (event) => event.persisted && view({}, true));
  view({});
}

const look = safe(() => view({}));

/** What distinguishes pages: routers change the URL twice, or not at all. */
function urlOf(of: string): string {
  const [page, hash] = of.split(/#(.*)/s);
  return settings.hash || /^[!/]/.test(hash || "") ? of : page!;
}

/** A view of the page as it is, unless it was seen already. */
export function view(params: Params, again = false): void {
  const here = `${params.page_location || location.href}`;
  const page = urlOf(here);
  if (page === current && !again) {
    if (waiting) Object.assign(waiting[0], params);
    return;
  }
  if (again || params.page_location) settle(); // asked for: no passing URL of a router
  waiting = [{ ...params }, Date.now(), here, waiting ? waiting[3] : current ? url : document.referrer];
  current = page;
  url = here;
  setTimeout(settle, TITLE);
}

/** Whatever happens next comes after the view. */
export const settle = safe(() => {
  const view = waiting;
  waiting = undefined;
  if (view) emit(...view);
});
