import { installD8a } from "@d8a-tech/web-tracker";
installD8a();
window.d8a("js", new Date());
window.d8a("config", "G-BENCH", { server_container_url: COLLECTOR, send_page_view: false });
window.fire = (n) => window.d8a("event", `bench_${n}_event`);
