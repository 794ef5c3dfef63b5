import { RudderAnalytics } from "@rudderstack/analytics-js/bundled";
const source = {
  source: { id: "s", name: "s", writeKey: "k".repeat(27), enabled: true, config: {}, destinations: [], dataplanes: {} },
};
const rudder = new RudderAnalytics();
rudder.load("k".repeat(27), COLLECTOR, { getSourceConfig: () => source, logLevel: "NONE" });
window.fire = (n) => rudder.track(`bench_${n}_event`);
