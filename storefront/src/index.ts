/** The tracker as a module: `import { start, rastro } from "…/rastro.mjs"`. */

export { rastro, start } from "./core/main";
export type { Item, Listener, Notice, Params, Rastro, Settings, StorefrontEvent } from "./types";
