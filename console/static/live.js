// The live page: one message a second, drawn at once; rows are text nodes, so nothing that was posted can run.
import { chart } from "/static/chart.js";

const MOST_ROWS = 200;
const SHOWN_SECONDS = 180;
const byId = (id) => document.getElementById(id);
const box = byId("chart");
const names = ["accepted", "enriched", "rejected", "refused", "copies", "bots", "late"];
const body = document.querySelector("#rows tbody");
const verdicts = byId("verdicts").dataset;
let data = [[], ...names.map(() => [])];
let plot;
let paused = false;
let rows = [];

const seconds = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  return value < 1000 ? `${value} ms` : `${seconds.format(value / 1000)} s`;
}

function text(id, value) {
  const node = byId(id);
  if (node.textContent !== String(value)) node.textContent = value;
}

// The server sends the seconds that are new and the newest few again, which may have grown.
function join(seconds) {
  const first = seconds.at[0];
  const kept = data[0].findIndex((at) => at >= first);
  const until = kept < 0 ? data[0].length : kept;
  const columns = [seconds.at, ...names.map((name) => seconds[name])];
  data = data.map((column, i) => [...column.slice(0, until), ...columns[i]].slice(-SHOWN_SECONDS));
}

function show(message) {
  join(message.seconds);
  if (plot) plot.setData(data);
  else plot = chart(box, names.map((name) => box.dataset[name]), data, 200);
  const last = data[1].slice(-6, -1);
  text("rate", last.length ? (last.reduce((sum, n) => sum + n, 0) / last.length).toFixed(1) : "0");
  text("visitors", message.visitors);
  text("sessions", message.sessions);
  text("latency", `${milliseconds(message.latency.p50)} / ${milliseconds(message.latency.p95)}`);
  text("lag", milliseconds(message.lag));
  text("money", Object.entries(message.money).map(([currency, sum]) => `${currency} ${sum}`).join(" · ") || "–");
  for (const name of names) text(`total-${name}`, message.totals[name]);
  const trouble = Object.entries(message.errors).map(([name, error]) => `${name}: ${error}`).join(" · ");
  byId("trouble").hidden = !trouble;
  text("trouble", trouble);
  if (!paused) {
    take(message.rows);
    text("more", message.more ? `+${message.more}` : "");
  }
}

function take(fresh) {
  if (!fresh.length) return;
  const ids = new Set(fresh.map((row) => row.id));
  rows = [...fresh, ...rows.filter((row) => !ids.has(row.id))].slice(0, MOST_ROWS);
  const empty = byId("empty");
  if (empty) empty.hidden = true;
  draw();
}

function draw() {
  const wanted = byId("filter").value.trim().toLowerCase();
  const matching = wanted
    ? rows.filter((row) => Object.values(row).some((value) => String(value).toLowerCase().includes(wanted)))
    : rows;
  body.replaceChildren(...matching.map(line));
}

function line(row) {
  const tr = document.createElement("tr");
  const at = row.at ? new Date(row.at).toISOString().slice(11, 23) : "";
  tr.append(cell(at), linked(row.event || "–", `/trace?id=${encodeURIComponent(row.id)}`), verdict(row.verdict),
    cell(row.page), row.visitor ? linked(row.visitor, `/sessions?visitor=${encodeURIComponent(row.visitor)}`) : cell(""),
    cell(row.channel), cell(row.country), cell(row.device));
  return tr;
}

function cell(value) {
  const td = document.createElement("td");
  td.textContent = value ?? "";
  td.title = value ?? "";
  return td;
}

const GOOD = new Set(["enriched", "accepted"]);

function verdict(value) {
  const td = document.createElement("td");
  const mark = document.createElement("span");
  mark.className = `verdict ${GOOD.has(value) ? "ok" : value in verdicts ? "changed" : "refused"}`;
  mark.textContent = verdicts[value] ?? value;
  td.append(mark);
  return td;
}

function linked(value, address) {
  const td = document.createElement("td");
  const a = document.createElement("a");
  a.href = address;
  a.textContent = value;
  td.append(a);
  return td;
}

byId("pause").addEventListener("click", (event) => {
  paused = !paused;
  event.target.textContent = paused ? event.target.dataset.go : event.target.dataset.pause;
  event.target.setAttribute("aria-pressed", String(paused));
});
byId("filter").addEventListener("input", draw);

const link = byId("link");

function connected(yes) {
  link.textContent = yes ? link.dataset.on : link.dataset.off;
  link.classList.toggle("off", !yes);
}

// EventSource tries again by itself, but gives up for good when something else answers on the port meanwhile.
function listen() {
  const stream = new EventSource("/live/stream");
  stream.addEventListener("open", () => connected(true));
  stream.addEventListener("message", (event) => show(JSON.parse(event.data)));
  stream.addEventListener("error", () => {
    connected(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}
listen();
