/** The settings of this page; set once at the start. */

import type { Settings } from "../types";

export const settings = { cookie: "_rv", layer: "dataLayer", visitorDays: 400 } as Settings & {
  url: string;
  cookie: string;
  layer: string;
};
