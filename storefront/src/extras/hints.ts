/** High-entropy client hints, asked for once a tab and put into the first event after their answer. */

import { quietly, rastro } from "./page";

const WANTED = ["architecture", "bitness", "formFactors", "fullVersionList", "model", "platformVersion", "wow64"];
const ASKED = "_rv.hints";

const asked = (): boolean => {
  try {
    if (sessionStorage.getItem(ASKED)) return true;
    sessionStorage.setItem(ASKED, "1");
  } catch {
    // asked on every page, then
  }
  return false;
};

quietly(() => {
  const agent = (navigator as any).userAgentData;
  if (!agent?.getHighEntropyValues || asked()) return;
  let hints: Record<string, unknown> | undefined;
  agent.getHighEntropyValues(WANTED).then(
    (answer: Record<string, unknown>) => (hints = answer),
    () => 0,
  );
  rastro(
    "on",
    quietly((kind: string, event: any) => {
      if (kind === "event" && hints) {
        event.properties.client_hints = hints;
        hints = undefined;
      }
    }) as any,
  );
})();
