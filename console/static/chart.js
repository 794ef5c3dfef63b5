// Time series with uPlot in the colours of the page.
export const COLOURS = ["#2f6fb5", "#c2621b", "#2f7d4f", "#8a4fb0", "#a83a4a", "#6b7580", "#b08d1f", "#1f8f8f"];

export function chart(box, names, data, height) {
  const style = getComputedStyle(document.documentElement);
  const quiet = style.getPropertyValue("--quiet").trim();
  const line = style.getPropertyValue("--line").trim();
  const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const plot = new uPlot({
    width: box.clientWidth - 16,
    height,
    scales: { y: { range: (u, low, high) => [Math.min(0, low), Math.max(1, high * 1.1)] } },
    axes: [axis, { ...axis, size: 60 }],
    series: [{}, ...names.map((label, i) => ({
      label, stroke: COLOURS[i % COLOURS.length], width: 2, points: { show: data[0].length < 40 },
    }))],
  }, data, box);
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth - 16, height })).observe(box);
  return plot;
}
