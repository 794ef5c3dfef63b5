/* O catálogo da loja de demonstração. Os campos dos itens são os do GA4. */
const CATEGORIAS = {
  vasos: { nome: "Vasos", frase: "Barro queimado devagar, para dentro e fora de casa." },
  mesa: { nome: "Mesa posta", frase: "Louça feita à mão, peça por peça." },
  plantas: { nome: "Plantas", frase: "Chegam regadas, com nome e manual de cuidados." },
  jardim: { nome: "Jardim", frase: "Ferramentas que duram mais do que a moda." },
};

const PRODUTOS = [
  { id: "VAS-01", nome: "Vaso Ouro Preto", categoria: "vasos", marca: "Barro & Folha", preco: 189.9, arte: "vaso", cores: ["terracota", "areia", "musgo"],
    texto: "Torneado em Minas, com a boca larga e a parede grossa que a raiz pede. Furo de drenagem e prato incluídos.", novo: true },
  { id: "VAS-02", nome: "Cachepô Listrado", categoria: "vasos", marca: "Barro & Folha", preco: 129.9, arte: "cachepo", cores: ["areia", "terracota"],
    texto: "Listras feitas com engobe, uma a uma. Para vasos de até 18 cm." },
  { id: "VAS-03", nome: "Vaso Alto Sertão", categoria: "vasos", marca: "Ateliê Sertão", preco: 259.0, de: 319.0, arte: "alto", cores: ["musgo", "terracota", "noite"],
    texto: "Quarenta centímetros de altura, para galhos secos ou para nada: fica bonito vazio." },
  { id: "MES-01", nome: "Caneca Neblina", categoria: "mesa", marca: "Ateliê Sertão", preco: 69.9, arte: "caneca", cores: ["areia", "noite", "musgo"],
    texto: "Esmalte que escorre diferente em cada uma. 320 ml, vai à lava-louças.", novo: true },
  { id: "MES-02", nome: "Prato Raso Maré", categoria: "mesa", marca: "Ateliê Sertão", preco: 84.9, arte: "prato", cores: ["areia", "noite"],
    texto: "Vinte e sete centímetros, borda irregular, fundo liso para a faca." },
  { id: "MES-03", nome: "Tigela Funda", categoria: "mesa", marca: "Barro & Folha", preco: 92.0, arte: "tigela", cores: ["terracota", "areia", "noite"],
    texto: "Para sopa, feijoada ou frutas. Cabe nas duas mãos." },
  { id: "MES-04", nome: "Jarra Cacimba", categoria: "mesa", marca: "Barro & Folha", preco: 149.0, de: 179.0, arte: "jarra", cores: ["noite", "terracota"],
    texto: "Um litro e meio, bico que não pinga." },
  { id: "PLA-01", nome: "Jiboia no vaso", categoria: "plantas", marca: "Viveiro Aroeira", preco: 79.9, arte: "jiboia", cores: ["terracota", "areia"],
    texto: "Cresce na sombra, pende da estante, perdoa esquecimentos." },
  { id: "PLA-02", nome: "Espada-de-são-jorge", categoria: "plantas", marca: "Viveiro Aroeira", preco: 64.9, arte: "espada", cores: ["areia", "noite"],
    texto: "Pouca água, pouca luz, muita presença." },
  { id: "PLA-03", nome: "Suculenta Rosa-de-pedra", categoria: "plantas", marca: "Viveiro Aroeira", preco: 39.9, arte: "suculenta", cores: ["terracota", "musgo"],
    texto: "Sol da manhã e água a cada dez dias.", novo: true },
  { id: "JAR-01", nome: "Regador Chuva Fina", categoria: "jardim", marca: "Ferro Velho", preco: 169.9, arte: "regador", cores: ["musgo", "noite"],
    texto: "Aço galvanizado, três litros, crivo de latão que sai para limpar." },
  { id: "JAR-02", nome: "Kit Três Ferramentas", categoria: "jardim", marca: "Ferro Velho", preco: 139.9, arte: "ferramentas", cores: ["terracota"],
    texto: "Pá, ancinho e plantador com cabo de freijó." },
];

const CORES = {
  terracota: { nome: "Terracota", luz: "#d98a5f", tom: "#b9603a", sombra: "#8c4325" },
  areia: { nome: "Areia", luz: "#efe2c8", tom: "#dcc9a4", sombra: "#b59e74" },
  musgo: { nome: "Musgo", luz: "#8fa37c", tom: "#667d57", sombra: "#47593d" },
  noite: { nome: "Noite", luz: "#5f7285", tom: "#3f5163", sombra: "#28343f" },
};

const FRETES = [
  { id: "normal", nome: "Entrega normal", prazo: "3 a 5 dias úteis", preco: 19.9 },
  { id: "expressa", nome: "Entrega expressa", prazo: "1 dia útil", preco: 34.9 },
  { id: "retirada", nome: "Retirar no ateliê", prazo: "a partir de amanhã", preco: 0 },
];

const CUPONS = { BARRO10: 0.1 };
