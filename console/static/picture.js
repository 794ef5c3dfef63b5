// A visual as PNG: its HTML inside an SVG picture, drawn on a canvas. Nothing leaves the page.
const SCALE = 2;
const MARGIN = 16;

async function sheet() {
  const texts = await Promise.all(["/static/console.css", "/static/uplot.css"].map(async (address) => (await fetch(address)).text()));
  return texts.join("\n").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

// A copy without buttons and folded tables, with each canvas as a picture.
function copy(section) {
  const made = section.cloneNode(true);
  const canvases = section.querySelectorAll("canvas");
  made.querySelectorAll("canvas").forEach((canvas, i) => {
    const image = document.createElement("img");
    image.setAttribute("src", canvases[i].toDataURL());
    image.setAttribute("width", canvases[i].clientWidth);
    image.setAttribute("height", canvases[i].clientHeight);
    canvas.replaceWith(image);
  });
  for (const node of made.querySelectorAll(".download, details, .u-cursor-x, .u-cursor-y, .u-cursor-pt")) node.remove();
  return made;
}

export async function picture(section) {
  const { width, height } = section.getBoundingClientRect();
  const [w, h] = [Math.ceil(width) + 2 * MARGIN, Math.ceil(height) + 2 * MARGIN];
  const html = new XMLSerializer().serializeToString(copy(section));
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}"><foreignObject width="${w}" height="${h}">`
    + `<html xmlns="http://www.w3.org/1999/xhtml" data-theme="${dark}"><style>${await sheet()}</style>`
    + `<body class="picture">${html}</body></html></foreignObject></svg>`;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [w * SCALE, h * SCALE];
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--ground").trim();
  context.fillRect(0, 0, w, h);
  context.drawImage(image, 0, 0);
  return canvas;
}

for (const button of document.querySelectorAll("button.png")) {
  button.addEventListener("click", async () => {
    const canvas = await picture(button.closest("section"));
    const link = document.createElement("a");
    link.download = `${button.dataset.name}.png`;
    link.href = canvas.toDataURL("image/png");
    link.click();
    button.dataset.done = link.href.length;
  });
}
