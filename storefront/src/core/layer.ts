/** gtag() and dataLayer as the page has them. */

import { safe } from "./safe";

/** Take what lies in the array, and what is pushed later, whoever else listens. */
export function listen(name: string, take: (entry: any) => void): void {
  const world = window as unknown as Record<string, unknown[]>;
  const layer = (world[name] ||= []);
  if (!Array.isArray(layer)) return;
  const safely = safe(take);
  const push = layer.push;
  layer.push = function (...given: unknown[]) {
    const length = push.apply(layer, given);
    given.forEach(safely);
    return length;
  };
  [...layer].forEach(safely);
}
