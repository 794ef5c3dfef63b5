import { newTracker, trackStructEvent } from "@snowplow/browser-tracker";
newTracker("sp", COLLECTOR, { appId: "loja", encodeBase64: false, bufferSize: 1 });
window.fire = (n) => trackStructEvent({ category: "bench", action: `bench_${n}_event` });
