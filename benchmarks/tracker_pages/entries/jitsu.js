import { jitsuAnalytics } from "@jitsu/js";
const jitsu = jitsuAnalytics({ host: COLLECTOR, writeKey: "k:s" });
window.fire = (n) => void jitsu.track(`bench_${n}_event`, {});
