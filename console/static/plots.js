// The line charts of a dashboard: the data stands in the page.
import { chart } from "/static/chart.js";

for (const box of document.querySelectorAll(".plot")) {
  const { by_day, times, series } = JSON.parse(box.dataset.plot);
  chart(box, Object.keys(series), [times, ...Object.values(series)], 220, by_day);
}
