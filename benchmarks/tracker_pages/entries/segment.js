import { AnalyticsBrowser } from "@segment/analytics-next";
const analytics = AnalyticsBrowser.load(
  { writeKey: "k", cdnSettings: { integrations: { "Segment.io": { apiKey: "k", apiHost: `${new URL(COLLECTOR).host}/v1`, protocol: "http" } } } },
  { integrations: { "Segment.io": { apiHost: `${new URL(COLLECTOR).host}/v1`, protocol: "http" } } },
);
window.fire = (n) => void analytics.track(`bench_${n}_event`);
