/* Ilustrações dos produtos: SVG desenhado com as três cores de cada variante. */
const FOLHA = { luz: "#86a86b", tom: "#557a48", sombra: "#375332" };

const FORMAS = {
  vaso: (c) => `<path d="M112 128h176l-22 148q-3 20-24 20h-84q-21 0-24-20z" fill="${c.tom}"/><path d="M112 128h60l-8 168h-6q-21 0-24-20z" fill="${c.luz}" opacity=".55"/>
    <path d="M246 128h42l-22 148q-3 20-24 20h-16z" fill="${c.sombra}" opacity=".5"/><rect x="100" y="104" width="200" height="34" rx="9" fill="${c.tom}"/><rect x="100" y="104" width="70" height="34" rx="9" fill="${c.luz}" opacity=".6"/>
    <ellipse cx="200" cy="107" rx="92" ry="9" fill="${c.sombra}" opacity=".75"/>`,
  cachepo: (c) => `<path d="M122 96h156q22 0 20 24l-14 150q-2 26-30 26h-108q-28 0-30-26l-14-150q-2-24 20-24z" fill="${c.tom}"/>
    <g stroke="${c.sombra}" stroke-width="7" opacity=".7" fill="none"><path d="M106 150q94 20 188 0M110 186q90 20 180 0M113 222q87 20 174 0M117 258q83 18 166 0"/></g>
    <path d="M122 96h40l-10 200h-6q-28 0-30-26l-14-150q-2-24 20-24z" fill="${c.luz}" opacity=".5"/><ellipse cx="200" cy="100" rx="88" ry="11" fill="${c.sombra}" opacity=".8"/>`,
  alto: (c) => `<path d="M176 60q-2 36-20 62-34 46-26 104 6 50 30 72h80q24-22 30-72 8-58-26-104-18-26-20-62z" fill="${c.tom}"/><path d="M176 60q-2 36-20 62-34 46-26 104 6 50 30 72h20q-30-60-14-130 10-44 22-108z" fill="${c.luz}" opacity=".55"/>
    <ellipse cx="200" cy="61" rx="25" ry="6" fill="${c.sombra}"/><g stroke="#8a6d4b" stroke-width="4" fill="none" stroke-linecap="round"><path d="M200 62q-8-32-34-48M202 62q10-30 38-44M200 62q2-30-2-56"/></g>
    <g fill="#caa46b"><circle cx="164" cy="14" r="7"/><circle cx="242" cy="18" r="7"/><circle cx="198" cy="6" r="6"/><circle cx="180" cy="28" r="5"/><circle cx="224" cy="30" r="5"/></g>`,
  caneca: (c) => `<path d="M262 150q56-8 56 46t-60 52" fill="none" stroke="${c.sombra}" stroke-width="20" stroke-linecap="round"/><path d="M112 112h160v136q0 44-44 44h-72q-44 0-44-44z" fill="${c.tom}"/>
    <path d="M112 112h160v52q-18 26-36 4t-34 14-40-8-50 6z" fill="${c.luz}"/><path d="M236 112h36v136q0 44-44 44h-10q20-60 18-180z" fill="${c.sombra}" opacity=".35"/><ellipse cx="192" cy="113" rx="80" ry="12" fill="${c.sombra}" opacity=".85"/><ellipse cx="192" cy="116" rx="68" ry="8" fill="#4b3326"/>`,
  prato: (c) => `<ellipse cx="200" cy="206" rx="142" ry="92" fill="${c.sombra}" opacity=".35"/><ellipse cx="200" cy="196" rx="142" ry="92" fill="${c.tom}"/><ellipse cx="200" cy="192" rx="134" ry="84" fill="${c.luz}"/>
    <ellipse cx="200" cy="196" rx="94" ry="56" fill="${c.tom}" opacity=".55"/><ellipse cx="200" cy="192" rx="90" ry="52" fill="${c.luz}"/><path d="M84 160q30-46 96-50" stroke="#fff" stroke-width="6" opacity=".5" fill="none" stroke-linecap="round"/>`,
  tigela: (c) => `<path d="M74 152h252q4 92-78 134h-96q-82-42-78-134z" fill="${c.tom}"/><path d="M74 152h70q-2 92 34 134h-26q-82-42-78-134z" fill="${c.luz}" opacity=".55"/><path d="M152 286h96l-8 14h-80z" fill="${c.sombra}"/>
    <ellipse cx="200" cy="152" rx="126" ry="30" fill="${c.sombra}"/><ellipse cx="200" cy="156" rx="112" ry="22" fill="${c.luz}" opacity=".75"/>`,
  jarra: (c) => `<path d="M250 130q64-14 62 52t-70 66" fill="none" stroke="${c.sombra}" stroke-width="17" stroke-linecap="round"/><path d="M138 76q-22 2-34-10 2 26 26 40 4 34-10 66-26 62 22 124h112q48-62 22-124-16-40-8-96z" fill="${c.tom}"/>
    <path d="M138 76q-22 2-34-10 2 26 26 40 4 34-10 66-26 62 22 124h30q-44-70-14-128 14-34 10-92z" fill="${c.luz}" opacity=".6"/><ellipse cx="203" cy="77" rx="66" ry="9" fill="${c.sombra}"/>`,
  jiboia: (c) => `${folhas([[150, 96, -40], [196, 60, -6], [244, 92, 34], [118, 146, -74], [284, 150, 76], [172, 120, -20], [226, 124, 22]], 40)}
    <path d="M116 176q-34 30-30 92M284 176q36 26 34 76" stroke="${FOLHA.sombra}" stroke-width="4" fill="none"/>${folhas([[86, 222, 200], [84, 268, 172], [318, 214, 160], [318, 254, 188]], 26)}
    <path d="M132 178h136l-16 102q-3 18-20 18h-64q-17 0-20-18z" fill="${c.tom}"/><path d="M132 178h46l-8 120h-2q-17 0-20-18z" fill="${c.luz}" opacity=".55"/><rect x="122" y="164" width="156" height="26" rx="8" fill="${c.tom}"/><rect x="122" y="164" width="56" height="26" rx="8" fill="${c.luz}" opacity=".55"/>`,
  espada: (c) => `${[[168, 196, 50, -13], [188, 196, 24, -5], [212, 196, 34, 5], [234, 196, 66, 14]].map(([x, y, topo, giro]) =>
      `<g transform="rotate(${giro} ${x} ${y})"><path d="M${x - 15} ${y}Q${x - 20} ${topo + 60} ${x} ${topo}Q${x + 20} ${topo + 60} ${x + 15} ${y}Z" fill="${FOLHA.tom}"/><path d="M${x - 15} ${y}Q${x - 20} ${topo + 60} ${x} ${topo}Q${x - 9} ${topo + 60} ${x - 8} ${y}Z" fill="#d8cf86"/><path d="M${x - 6} ${topo + 60}h14M${x - 8} ${topo + 86}h17M${x - 8} ${topo + 112}h16" stroke="${FOLHA.sombra}" stroke-width="4" opacity=".6"/></g>`).join("")}
    <path d="M134 190h132l-10 90q-2 18-20 18h-72q-18 0-20-18z" fill="${c.tom}"/><path d="M134 190h42l-4 108h-8q-18 0-20-18z" fill="${c.luz}" opacity=".55"/><ellipse cx="200" cy="191" rx="66" ry="8" fill="#4a3627"/>`,
  suculenta: (c) => `<g transform="translate(200 150)">${[0, 45, 90, 135, 180, 225, 270, 315].map((g) => `<path transform="rotate(${g})" d="M0 0Q-26-34 0-76Q26-34 0 0Z" fill="#8fae8c"/><path transform="rotate(${g})" d="M0-52Q-9-64 0-76Q9-64 0-52Z" fill="#c77f86"/>`).join("")}
    ${[22, 67, 112, 157, 202, 247, 292, 337].map((g) => `<path transform="rotate(${g})" d="M0 0Q-19-24 0-54Q19-24 0 0Z" fill="#a9c4a2"/><path transform="rotate(${g})" d="M0-38Q-6-46 0-54Q6-46 0-38Z" fill="#d8989c"/>`).join("")}<circle r="11" fill="#c9dcbf"/></g>
    <path d="M124 210h152l-14 72q-3 16-20 16h-84q-17 0-20-16z" fill="${c.tom}"/><path d="M124 210h50l-6 88h-10q-17 0-20-16z" fill="${c.luz}" opacity=".55"/>`,
  regador: (c) => `<path d="M168 128q30-74 92-40 34 20 22 62" fill="none" stroke="${c.sombra}" stroke-width="13" stroke-linecap="round"/><path d="M150 214 66 132" stroke="${c.tom}" stroke-width="22" stroke-linecap="round"/><path d="M34 136q22-38 62-34l-16 28q-22-4-30 18z" fill="#b9975a"/>
    <path d="M146 138h136l14 138q2 20-18 20h-128q-20 0-18-20z" fill="${c.tom}"/><path d="M146 138h46l-6 158h-36q-20 0-18-20z" fill="${c.luz}" opacity=".5"/><ellipse cx="214" cy="139" rx="68" ry="11" fill="${c.sombra}"/><path d="M136 240q78 16 156 0" stroke="${c.sombra}" stroke-width="5" fill="none" opacity=".6"/>`,
  ferramentas: () => `<g stroke-linecap="round">${[[126, -10], [200, 0], [274, 10]].map(([x, g], n) => `<g transform="rotate(${g} ${x} 200)"><path d="M${x} 186V296" stroke="#c08a54" stroke-width="22"/><path d="M${x - 5} 190V290" stroke="#dcae7c" stroke-width="5"/><path d="M${x} 150v40" stroke="#7b848a" stroke-width="10"/>${
      n === 0 ? `<path d="M${x - 26} 66q26-30 52 0v48q0 34-26 44-26-10-26-44z" fill="#98a2a8"/><path d="M${x} 58v90" stroke="#c3cbd0" stroke-width="5"/>` : n === 1 ? `<path d="M${x - 32} 56v66q0 26 32 30 32-4 32-30V56M${x} 52v100" fill="none" stroke="#98a2a8" stroke-width="9"/>` : `<path d="M${x - 10} 54h20l6 70q0 24-16 30-16-6-16-30z" fill="#98a2a8"/><path d="M${x - 4} 60v76" stroke="#c3cbd0" stroke-width="5"/>`
    }</g>`).join("")}</g>`,
};

function folhas(lugares, tamanho) {
  return lugares.map(([x, y, giro]) =>
    `<g transform="translate(${x} ${y}) rotate(${giro})"><path d="M0 ${tamanho}C-${tamanho * 1.1} ${tamanho * 0.3}-${tamanho * 0.7}-${tamanho * 0.9} 0-${tamanho}C${tamanho * 0.7}-${tamanho * 0.9} ${tamanho * 1.1} ${tamanho * 0.3} 0 ${tamanho}Z" fill="${FOLHA.tom}"/><path d="M0 ${tamanho}C-${tamanho * 1.1} ${tamanho * 0.3}-${tamanho * 0.7}-${tamanho * 0.9} 0-${tamanho}Z" fill="${FOLHA.luz}"/></g>`).join("");
}

function arte(produto, cor = produto.cores[0]) {
  return `<svg viewBox="0 0 400 330" role="img" aria-label="${produto.nome}"><ellipse cx="200" cy="300" rx="118" ry="12" fill="#2b2622" opacity=".12"/>${FORMAS[produto.arte](CORES[cor])}</svg>`;
}
