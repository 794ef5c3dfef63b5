import { init, track } from "@plausible-analytics/tracker";
init({ domain: "loja.example", endpoint: `${COLLECTOR}/plausible`, captureOnLocalhost: true, autoCapturePageviews: false, logging: false });
window.fire = (n) => track(`bench_${n}_event`, {});
