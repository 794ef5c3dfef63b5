/* O que todas as páginas da loja usam: sacola, cabeçalho, rodapé, consentimento, painel de eventos. */
const $ = (seletor, dentro = document) => dentro.querySelector(seletor);
const brl = (valor) => valor.toLocaleString("pt-BR", { style: "currency", currency: "BRL" });
const produto = (id) => PRODUTOS.find((p) => p.id === id);
const parametro = (nome) => new URLSearchParams(location.search).get(nome);
const seguro = (texto) => String(texto).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const arredondar = (valor) => Math.round(valor * 100) / 100;

/* gtag() como em qualquer loja que já usa o Google: o rastreador da loja ouve o mesmo dataLayer. */
window.dataLayer = window.dataLayer || [];
function gtag() { dataLayer.push(arguments); }

const guardar = (nome, valor) => { try { localStorage.setItem(`loja.${nome}`, JSON.stringify(valor)); } catch { /* sem armazenamento a loja segue */ } };
const ler = (nome, padrao) => { try { return JSON.parse(localStorage.getItem(`loja.${nome}`)) ?? padrao; } catch { return padrao; } };

gtag("consent", "default", { analytics_storage: "denied", ad_storage: "denied" });
const escolha = ler("consentimento", null);
if (escolha) consentir(escolha);
function consentir(sim) {
  const resposta = sim === "sim" ? "granted" : "denied";
  gtag("consent", "update", { analytics_storage: resposta, ad_storage: resposta });
}

/* Um item como o GA4 o descreve. */
const item = (p, mais = {}) => ({
  item_id: p.id, item_name: p.nome, item_brand: p.marca, item_category: CATEGORIAS[p.categoria].nome, price: p.preco, quantity: 1,
  ...(p.de && { discount: arredondar(p.de - p.preco) }), ...mais,
});
const enviar = (nome, itens, mais = {}) =>
  gtag("event", nome, { currency: "BRL", value: arredondar(itens.reduce((soma, i) => soma + i.price * i.quantity, 0)), items: itens, ...mais });

const sacola = {
  linhas: () => ler("sacola", []).filter((linha) => produto(linha.id)),
  itens: () => sacola.linhas().map((l) => item(produto(l.id), { item_variant: CORES[l.cor].nome, quantity: l.quantidade })),
  pecas: () => sacola.linhas().reduce((soma, l) => soma + l.quantidade, 0),
  total: () => arredondar(sacola.linhas().reduce((soma, l) => soma + produto(l.id).preco * l.quantidade, 0)),
  mudar(id, cor, diferenca) {
    const linhas = sacola.linhas();
    let linha = linhas.find((l) => l.id === id && l.cor === cor);
    if (!linha) linhas.push((linha = { id, cor, quantidade: 0 }));
    linha.quantidade += diferenca;
    guardar("sacola", linhas.filter((l) => l.quantidade > 0));
    const mudou = item(produto(id), { item_variant: CORES[cor].nome, quantity: Math.abs(diferenca) });
    enviar(diferenca > 0 ? "add_to_cart" : "remove_from_cart", [mudou]);
    contar();
  },
};
const contar = () => { const b = $(".sacola b"); if (b) b.textContent = sacola.pecas(); };

const cartao = (p, lista) => `<a class="cartao" href="/produto.html?id=${p.id}" data-lista="${seguro(lista)}" data-id="${p.id}">
  ${p.de ? '<span class="selo oferta">oferta</span>' : p.novo ? '<span class="selo">novo</span>' : ""}<figure>${arte(p)}</figure>
  <div><small>${p.marca}</small><h3>${p.nome}</h3><span class="preco">${p.de ? `<s>${brl(p.de)}</s>` : ""}${brl(p.preco)}</span></div></a>`;

/* Uma lista de produtos: vista quando aparece, escolhida no clique. */
function vitrine(onde, produtos, lista) {
  onde.innerHTML = produtos.map((p) => cartao(p, lista)).join("");
  enviar("view_item_list", produtos.map((p, n) => item(p, { index: n, item_list_name: lista })), { item_list_name: lista });
  onde.addEventListener("click", (evento) => {
    const alvo = evento.target.closest("[data-id]");
    if (alvo) enviar("select_item", [item(produto(alvo.dataset.id), { item_list_name: lista })], { item_list_name: lista });
  });
}

function cabecalho() {
  const aqui = parametro("c");
  const elos = Object.entries(CATEGORIAS).map(([id, c]) => `<a href="/categoria.html?c=${id}" ${aqui === id ? 'aria-current="page"' : ""}>${c.nome}</a>`).join("");
  document.body.insertAdjacentHTML("afterbegin", `<div class="aviso"><span>Frete grátis na retirada · </span>10% na primeira compra com <b>BARRO10</b></div>
    <header class="topo"><div><a class="marca" href="/">barro <b>&amp;</b> folha</a><nav aria-label="Categorias">${elos}</nav>
    <div class="atalhos"><form action="/busca.html" role="search"><input type="search" name="q" placeholder="Buscar na loja" aria-label="Buscar na loja" value="${seguro(parametro("q") || "")}"></form>
    <a href="/conta.html">${ler("cliente", null) ? "Minha conta" : "Entrar"}</a><a class="sacola" href="/carrinho.html">Sacola<b>${sacola.pecas()}</b></a></div></div></header>`);
}

function rodape() {
  document.body.insertAdjacentHTML("beforeend", `<footer><div><span>barro &amp; folha é uma loja de demonstração: nada aqui é cobrado nem entregue.</span>
    <span><button class="elo" id="privacidade">Privacidade e cookies</button></span></div></footer>`);
  $("#privacidade").onclick = perguntar;
  painel();
  if (!escolha) perguntar();
}

function perguntar() {
  $(".consentimento")?.remove();
  document.body.insertAdjacentHTML("beforeend", `<section class="consentimento" role="dialog" aria-label="Cookies"><p>Podemos lembrar de você entre uma visita e outra para saber o que melhorar na loja? Sem o seu sim, nada é guardado nem enviado.</p>
    <div><button class="botao" data-diz="sim">Pode lembrar</button><button class="botao claro" data-diz="nao">Prefiro que não</button></div></section>`);
  $(".consentimento").onclick = (evento) => {
    const diz = evento.target.dataset.diz;
    if (!diz) return;
    guardar("consentimento", diz);
    consentir(diz);
    $(".consentimento").remove();
  };
}

/* O que a loja mede, evento por evento, e o que foi feito dele. Ouve desde já: o rastreador pode chegar antes do fim da página. */
let eventos = [];
try { eventos = JSON.parse(sessionStorage.getItem("loja.eventos")) || []; } catch { /* sem memória */ }
rastro("on", (tipo, dado) => {
  if (tipo === "event") eventos.push({ id: dado.event_id, nome: dado.event, estado: "guardado" });
  if (tipo === "answer" && dado.status === 202) {
    const recusados = new Set((JSON.parse(dado.body).rejected || []).map((r) => r.event_id));
    const ids = new Set(dado.events.map((e) => e.event_id));
    for (const e of eventos) if (ids.has(e.id)) e.estado = recusados.has(e.id) ? "recusado" : "aceito";
  }
  try { sessionStorage.setItem("loja.eventos", JSON.stringify(eventos.slice(-40))); } catch { /* sem memória */ }
  setTimeout(desenharPainel);
});

function desenharPainel() {
  const caixa = $(".painel");
  if (!caixa) return;
  const espera = eventos.filter((e) => e.estado === "guardado").length;
  $("span", caixa).textContent = espera ? `${espera} à espera` : eventos.length ? "todos entregues" : "nenhum ainda";
  $("button > i", caixa).className = espera ? "espera" : "";
  const classe = { guardado: "espera", aceito: "aceito", recusado: "recusado" };
  $("ol", caixa).innerHTML = eventos.slice(-40).reverse().map((e) => `<li class="${classe[e.estado]}"><i></i>${seguro(e.nome)}<small>${e.estado}</small></li>`).join("");
}

function painel() {
  const semRede = document.cookie.includes("loja_sem_rede=1");
  const aberto = ler("painel", false);
  document.body.insertAdjacentHTML("beforeend", `<aside class="painel ${aberto ? "aberto" : ""}" aria-label="Eventos da loja"><button aria-expanded="${aberto}"><i></i>Eventos<span></span></button><div class="corpo"><ol></ol>
    <label><input type="checkbox" id="sem-rede" ${semRede ? "checked" : ""}>Derrubar a rede dos eventos</label><p>Com a rede no chão os eventos esperam neste navegador, mesmo de uma página para a outra, e seguem quando ela volta.</p></div></aside>`);
  const caixa = $(".painel");
  $("button", caixa).onclick = () => {
    const agora = caixa.classList.toggle("aberto");
    guardar("painel", agora);
    $("button", caixa).setAttribute("aria-expanded", agora);
  };
  $("#sem-rede").onchange = (evento) => {
    document.cookie = `loja_sem_rede=${evento.target.checked ? 1 : 0};path=/;samesite=lax`;
    if (!evento.target.checked) dispatchEvent(new Event("online"));
  };
  desenharPainel();
}

/* Soma da sacola, com cupom e frete, como o resumo e a compra a mostram. */
function conta() {
  const cupom = ler("cupom", null);
  const frete = FRETES.find((f) => f.id === ler("frete", null));
  const desconto = arredondar(sacola.total() * (CUPONS[cupom] || 0));
  return { itens: sacola.total(), cupom, desconto, frete, total: arredondar(sacola.total() - desconto + (frete?.preco || 0)) };
}

function resumo(botao) {
  const c = conta();
  return `<aside class="resumo"><h2>Resumo</h2><dl><dt>${sacola.pecas()} ${sacola.pecas() === 1 ? "peça" : "peças"}</dt><dd>${brl(c.itens)}</dd>
    ${c.desconto ? `<dt>Cupom ${c.cupom}</dt><dd>−${brl(c.desconto)}</dd>` : ""}<dt>Entrega</dt><dd>${c.frete ? (c.frete.preco ? brl(c.frete.preco) : "grátis") : "no próximo passo"}</dd>
    <dt class="total">Total</dt><dd class="total">${brl(c.total)}</dd></dl>${botao}</aside>`;
}

const PASSOS = ["Endereço", "Entrega", "Pagamento"];
const passos = (n) => `<ol class="passos">${PASSOS.map((p, i) => `<li ${i === n ? 'aria-current="step"' : i < n ? 'class="feito"' : ""}>${p}</li>`).join("")}</ol>`;
const vazia = `<div class="vazio">${arte(PRODUTOS[1])}<h1>A sacola está vazia</h1><p>Que tal começar por um vaso?</p><a class="botao" href="/categoria.html?c=vasos">Ver vasos</a></div>`;

cabecalho();
