import posthog from "posthog-js";
posthog.init("k", { api_host: COLLECTOR, autocapture: false, capture_pageview: false, disable_compression: true, advanced_disable_flags: true, disable_session_recording: true, persistence: "localStorage", opt_out_useragent_filter: true });
window.fire = (n) => posthog.capture(`bench_${n}_event`);
