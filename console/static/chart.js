// Time series with uPlot in the colours of the page.
const style = () => getComputedStyle(document.documentElement);
const colour = (name) => style().getPropertyValue(name).trim();

// `days`: the times are days, in UTC.
export function chart(box, names, data, height, days = false) {
  const axis = {
    stroke: () => colour("--quiet"),
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { stroke: () => colour("--line"), width: 1 },
    font: "12px system-ui, sans-serif",
  };
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const date = new Intl.DateTimeFormat(language, days
    ? { day: "2-digit", month: "short", timeZone: "UTC" } : { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const when = (at) => date.format(new Date(at * 1000));
  const plot = new uPlot({
    width: Math.max(200, box.clientWidth),
    height,
    padding: [10, 40, 0, 0],
    scales: { x: { time: true, ...(days && { range: (u, low, high) => (low === high ? [low - 86400, high + 86400] : [low, high]) }) }, y: { range: (u, low, high) => [Math.min(0, low ?? 0), Math.max(1, (high ?? 0) * 1.1)] } },
    axes: [
      { ...axis, space: days ? 60 : 90, values: (u, splits) => splits.map(when), incrs: days ? [1, 2, 3, 7, 14, 30, 90].map((n) => n * 86400) : undefined },
      { ...axis, size: 56, values: (u, splits) => splits.map((value) => short.format(value)) },
    ],
    series: [{ label: language.startsWith("pt") ? (days ? "Dia" : "Hora") : days ? "Day" : "Time", value: (u, at) => (at === null ? "" : when(at)) }, ...names.map((label, i) => ({
      label, stroke: () => colour(`--s${i % 8}`), width: 2, points: { show: days && data[0].length < 40, size: 5 }, spanGaps: false,
      dash: label.includes(" · ") ? [6, 4] : undefined,
      value: (u, value) => (value === null || value === undefined ? "–" : number.format(value)),
    }))],
    tzDate: days ? (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC") : undefined,
    legend: { live: true },
  }, data, box);
  new ResizeObserver(() => plot.setSize({ width: Math.max(200, box.clientWidth), height })).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
  return plot;
}
