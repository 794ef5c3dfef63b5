import { AnalyticsBrowser } from "@segment/analytics-next";
const sending = {
  apiHost: `${new URL(COLLECTOR).host}/v1`,
  protocol: "http",
  deliveryStrategy: { strategy: "batching", config: { size: 10, timeout: 1000, keepalive: true } },
};
const analytics = AnalyticsBrowser.load(
  { writeKey: "k", cdnSettings: { integrations: { "Segment.io": { apiKey: "k", ...sending } } } },
  { integrations: { "Segment.io": sending } },
);
window.fire = (n) => void analytics.track(`bench_${n}_event`);
