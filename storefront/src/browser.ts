/** The tracker as a script: settings are its tag's attributes, `window.rastro` its function. */

import { rastro, start } from "./core/main";
import { safe } from "./core/safe";
import type { Settings } from "./types";

safe(() => {
  const script = document.currentScript as HTMLScriptElement;
  const world = window as unknown as { rastro?: { q?: unknown[][]; start?: unknown } };
  const early = world.rastro?.q || [];
  if (world.rastro?.start) return; // the page holds the tag twice
  world.rastro = Object.assign(rastro, { start });
  for (const command of early) (rastro as (...all: unknown[]) => void)(...command);
  const url = new URL("/v1/events", script.src).href;
  start({ url, ...script.dataset } as unknown as Settings);
  if (!script.dataset.debug && /[?&]rastro_debug=1/.test(location.search)) {
    const debug = document.createElement("script");
    debug.src = script.src.replace("rastro-", "rastro-debug-");
    document.head.append(debug);
  }
})();
