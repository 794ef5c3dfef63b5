"""What the shop sells. Names and brands are made up; prices are in BRL with centavos."""

import random
import unicodedata
from typing import Any, NamedTuple


class Product(NamedTuple):
    """`popularity` is a weight; `variants` may be empty."""

    item_id: str
    name: str
    brand: str
    category: str
    price: float
    popularity: int
    variants: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"/p/{slug(self.name)}-{self.item_id.lower()}"


PRODUCTS = (
    Product("MOD-1001", "Camiseta Básica Algodão", "Ipê", "Moda", 49.90, 14, ("P", "M", "G")),
    Product("MOD-1002", "Vestido Midi Floral", "Maresia", "Moda", 189.90, 9, ("P", "M", "G")),
    Product("MOD-1003", "Calça Jeans Reta", "Sertão", "Moda", 159.90, 8, ("38", "40", "42")),
    Product("MOD-1004", "Tênis Casual Branco", "Passo", "Moda", 249.99, 11, ("37", "39", "41")),
    Product("MOD-1005", "Sandália Rasteira", "Passo", "Moda", 89.90, 6, ("35", "37")),
    Product("ELE-2001", "Fone Bluetooth Sem Fio", "Sonar", "Eletrônicos", 199.00, 15, ("Preto", "Branco")),
    Product("ELE-2002", "Caixa de Som Portátil", "Sonar", "Eletrônicos", 349.00, 7),
    Product("ELE-2003", "Carregador Turbo 30W", "Volta", "Eletrônicos", 79.90, 12),
    Product("ELE-2004", 'Smart TV 50" 4K', "Aurora", "Eletrônicos", 2399.00, 4),
    Product("ELE-2005", "Smartphone 128 GB", "Aurora", "Eletrônicos", 1599.00, 9, ("Azul", "Preto")),
    Product("CAS-3001", "Air Fryer 4 Litros", "Fogaréu", "Casa e Cozinha", 389.90, 13, ("110V", "220V")),
    Product("CAS-3002", "Jogo de Panelas 5 Peças", "Fogaréu", "Casa e Cozinha", 279.90, 6),
    Product("CAS-3003", "Garrafa Térmica 1 L", "Serra", "Casa e Cozinha", 119.90, 8),
    Product("CAS-3004", "Jogo de Cama Casal 200 Fios", "Algodoal", "Casa e Cozinha", 229.90, 5),
    Product("CAS-3005", "Luminária de Mesa LED", "Aurora", "Casa e Cozinha", 99.90, 4),
    Product("BEL-4001", "Protetor Solar FPS 50", "Maresia", "Beleza", 64.90, 12),
    Product("BEL-4002", "Kit Shampoo e Condicionador", "Buriti", "Beleza", 58.50, 9),
    Product("BEL-4003", "Perfume Floral 100 ml", "Buriti", "Beleza", 219.00, 6),
    Product("BEL-4004", "Secador de Cabelo 2000W", "Volta", "Beleza", 169.90, 5, ("110V", "220V")),
    Product("ESP-5001", "Bola de Futebol Campo", "Várzea", "Esporte", 129.90, 7),
    Product("ESP-5002", "Tapete de Yoga", "Serra", "Esporte", 89.90, 4),
    Product("ESP-5003", "Tênis de Corrida", "Passo", "Esporte", 399.90, 10, ("38", "40", "42", "44")),
    Product("LIV-6001", "Contos do Cerrado", "Editora Jatobá", "Livros", 44.90, 5),
    Product("LIV-6002", "Receitas de Família & Memória", "Editora Jatobá", "Livros", 69.90, 3),
)

CATEGORIES = tuple(dict.fromkeys(product.category for product in PRODUCTS))

SEARCHES = (
    "fone bluetooth",
    "air fryer",
    "tênis",
    "vestido",
    "presente dia das mães",
    "smartphone",
    "protetor solar",
    "calça jeans",
    "tv 50 polegadas",
    "pao de acucar",
    "bola",
    "shampoo",
    "xícara 100% porcelana",
)


def slug(text: str) -> str:
    """A path part: ASCII, lower case, words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join("".join(c if c.isalnum() else " " for c in plain).split())


def choose(rng: random.Random, among: tuple[Product, ...] = PRODUCTS) -> Product:
    """One product, the popular ones more often."""
    return rng.choices(among, [product.popularity for product in among])[0]


def matching(term: str) -> tuple[Product, ...]:
    """The products a search lists; everything when nothing matches, as many shops do."""
    words = slug(term).split("-")
    return tuple(p for p in PRODUCTS if any(word in slug(p.name) for word in words)) or PRODUCTS


def line(
    product: Product, quantity: int, discount: float = 0.0, variant: str | None = None
) -> dict[str, Any]:
    """A GA4 item; `price` is per piece before `discount`, which is per piece too."""
    item: dict[str, Any] = {
        "item_id": product.item_id,
        "item_name": product.name,
        "item_brand": product.brand,
        "item_category": product.category,
        "price": product.price,
        "quantity": quantity,
    }
    if discount:
        item["discount"] = discount
    if variant:
        item["item_variant"] = variant
    return item
