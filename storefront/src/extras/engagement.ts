/** How long a page was looked at and how far it was scrolled: one `page_engagement` when it is left, if there is anything to say. */

import { quietly, rastro } from "./page";

let seen = 0;
let since = document.visibilityState === "visible" ? performance.now() : 0;
let deepest = 0;
let pageUrl = location.href;
const marks = new Set<number>();

const pause = (): void => {
  if (since) seen += performance.now() - since;
  since = 0;
};

const leave = quietly(() => {
  pause();
  if (seen >= 100) {
    rastro("page_engagement", { engagement_time_msec: Math.round(seen), percent_scrolled: deepest, page_location: pageUrl });
  }
  seen = 0;
});

const scroll = quietly(() => {
  const { scrollHeight } = document.documentElement;
  deepest = Math.max(deepest, Math.min(100, Math.round(((scrollY + innerHeight) / scrollHeight) * 100)));
  for (const mark of [25, 50, 75, 90]) {
    if (deepest >= mark && scrollY > 0 && !marks.has(mark)) {
      marks.add(mark);
      rastro("scroll", { percent_scrolled: mark });
    }
  }
});

addEventListener("scroll", scroll, { passive: true });
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") leave();
  else since = performance.now();
});
addEventListener("pagehide", leave);
addEventListener("pageshow", () => {
  since ||= performance.now();
});
rastro(
  "on",
  quietly((kind: string, event: any) => {
    if (kind !== "event" || event.event !== "page_view" || event.page.url === pageUrl) return;
    leave(); // another page of a single-page application
    pageUrl = event.page.url;
    since = performance.now();
    deepest = 0;
    marks.clear();
  }) as any,
);
