/**
 * The visitor goes from one domain of the shop to another, and the id goes with the link. Its tag stands before the
 * tracker's: `<script src="…/rastro-domains-….js" data-domains="loja.example outra.example"></script>`.
 */

import { quietly, rastro } from "./page";

const PARAMETER = "_rl";
/** Long enough for a slow page, too short for a link that somebody sent to a friend. */
const SECONDS = 120;

const { domains = "", cookie = "_rv" } = (document.currentScript as HTMLScriptElement).dataset;
const own = domains.split(/[ ,]+/).filter(Boolean);
const now = (): number => Math.floor(Date.now() / 1000);

const another = (href: string): boolean => {
  try {
    const { hostname } = new URL(href);
    return hostname !== location.hostname && own.some((domain) => `.${hostname}`.endsWith(`.${domain}`));
  } catch {
    return false;
  }
};

const visitor = (): string | undefined => document.cookie.match(`(?:^|; )${cookie}=([^;/]{1,128})`)?.[1];

const decorate = quietly((event: Event) => {
  const target = (event.target as Element).closest?.("a[href],form[action]") as HTMLAnchorElement & HTMLFormElement;
  const name = target?.href ? "href" : "action";
  const id = target && another(target[name]) && visitor();
  if (!id) return;
  const url = new URL(target[name]);
  url.searchParams.set(PARAMETER, `${id}.${now().toString(36)}`);
  target[name] = url.href;
});

quietly(() => {
  for (const name of ["mousedown", "keydown", "click", "submit"]) document.addEventListener(name, decorate, true);
  const here = new URL(location.href);
  const given = here.searchParams.get(PARAMETER);
  if (!given) return;
  const [id, time] = given.split(".");
  // Only from a page of the shop, and only for a moment: else anybody could hand out ids by a link.
  if (another(document.referrer) && Math.abs(now() - parseInt(time!, 36)) < SECONDS) rastro("visitor", id!);
  here.searchParams.delete(PARAMETER);
  history.replaceState(history.state, "", here);
})();
