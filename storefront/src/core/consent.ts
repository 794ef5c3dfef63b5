/** Who may be recognised, and what may be stored. */

import { settings } from "./settings";

/** null: not asked. */
type Answer = boolean | null;

export const consent: { analytics: Answer; ads: Answer } = { analytics: null, ads: null };

/** `hold`: wait in memory · `drop`: nothing · `bare`: without visitor, cookie and storage · `full` */
export type Mode = "hold" | "drop" | "bare" | "full";

export const mode = (): Mode =>
  consent.analytics ?? !settings.consent
    ? "full"
    : settings.consent === "cookieless"
      ? "bare"
      : consent.analytics === null
        ? "hold"
        : "drop";

/** What the visitor, or the page's consent manager, said. Global Privacy Control outweighs a yes to ads. */
export function setConsent(said?: { analytics?: Answer; ads?: Answer }): void {
  Object.assign(consent, said);
  if ((navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl) consent.ads = false;
}

/** gtag('consent', 'default' | 'update', …). A denial by default is not the visitor's yet: it waits for the update. */
export function googleConsent(kind: string, said: Record<string, unknown>): void {
  const read = (name: string, before: Answer): Answer =>
    said[name] ? said[name] === "granted" || (kind === "default" ? null : false) : before;
  setConsent({ analytics: read("analytics_storage", consent.analytics), ads: read("ad_storage", consent.ads) });
  if (said.analytics_storage && !consent.analytics) settings.consent ||= "required";
}
