/** The visitor's id in a first-party cookie, and the customer's id after login. */

import { uuid7 } from "./ids";
import { settings } from "./settings";
import { note } from "./store";

let id: string | undefined;
let own: string | undefined;

/** The visitor's id, made and written if need be; absent where the browser keeps no cookie: then ingest makes a daily hash. */
export function visitor(): string | undefined {
  if (!id) {
    const value = own || read() || uuid7();
    write(value, Number(settings.visitorDays) * 86_400); // each visit renews the cookie
    id = own || read();
  }
  return id;
}

/** An id from elsewhere: another domain of the shop, or the platform's own. */
export function adopt(given: string): void {
  own = given;
  id = undefined;
}

export function forgetVisitor(): void {
  write("", 0);
  id = undefined;
}

const read = (): string | undefined =>
  document.cookie.match(`(?:^|; )${settings.cookie}=([^;/]{1,128})`)?.[1];

/**
 * On the widest domain that takes it: `loja.com.br` for `www.loja.com.br`; an IP address takes none. A second
 * cookie tells whether a domain does, since the first may be there already. A deletion goes through all of them.
 */
function write(value: string, seconds: number): void {
  const labels = location.hostname.split(".");
  const domains = labels.map((_, i) => labels.slice(~i).join("."));
  const trial = `${settings.cookie}_`;
  for (const domain of settings.cookieDomain ? [settings.cookieDomain] : [...domains, ""]) {
    const put = (name: string, age: number): void => {
      document.cookie =
        `${name}=${value};path=/;max-age=${age};samesite=lax` +
        (location.protocol === "https:" ? ";secure" : "") +
        (domain && `;domain=${domain}`);
    };
    put(settings.cookie, seconds);
    put(trial, seconds);
    if (document.cookie.includes(`${trial}=`)) return put(trial, 0);
  }
}

/** At login the customer's id, at log-out null. */
export const setUser = (value: unknown): void => note("u", value == null ? "" : `${value}`);
