/** Consent from a manager that speaks IAB's TCF 2: storage and measurement (purposes 1 and 8) for analytics, 1 to 4 for ads. */

import { quietly, rastro } from "./page";

const PATIENCE = 100;
const LOOKS = 100;

const listen = (looks: number): void => {
  const api = (window as any).__tcfapi;
  if (!api) {
    if (looks) setTimeout(quietly(() => listen(looks - 1)), PATIENCE);
    return;
  }
  api(
    "addEventListener",
    2,
    quietly((said: any, ok: boolean) => {
      if (!ok || !/^(tcloaded|useractioncomplete)$/.test(said.eventStatus)) return;
      const yes = (...purposes: number[]): boolean =>
        said.gdprApplies === false || purposes.every((purpose) => said.purpose.consents[purpose]);
      rastro("consent", { analytics: yes(1, 8), ads: yes(1, 2, 3, 4) });
    }),
  );
};

quietly(() => listen(LOOKS))();
