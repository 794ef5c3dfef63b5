/** Core Web Vitals, one event a metric a page: `web_vital` with its value in milliseconds (CLS: a score). */

import { type Metric, onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
import { quietly, rastro } from "./page";

const report = quietly(({ name, value, rating, id, navigationType }: Metric) =>
  rastro("web_vital", { metric: name, metric_value: Math.round(value * 1000) / 1000, rating, metric_id: id, navigation_type: navigationType }),
);

for (const watch of [onCLS, onFCP, onINP, onLCP, onTTFB]) quietly(() => watch(report))();
