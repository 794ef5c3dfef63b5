import { track } from "@minimal-analytics/ga4";
window.fire = (n) => track("G-BENCH", { type: `bench_${n}_event`, analytics: { defaultSearchParams: {} } });
window.minimalAnalytics = { analyticsEndpoint: `${COLLECTOR}/ga4`, trackingId: "G-BENCH" };
