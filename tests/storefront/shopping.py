"""A visit to the demo shop by clicks, from consent to the thank-you page, for a while without a network for events."""

import time
from typing import Any

from tests.storefront.engines import Tab

NAMES = [
    "view_promotion",
    "view_item_list",
    "select_item",
    "view_item",
    "select_variant",
    "add_to_cart",
    "search",
    "login",
    "view_cart",
    "use_coupon",
    "remove_from_cart",
    "begin_checkout",
    "add_shipping_info",
    "add_payment_info",
    "purchase",
]
"""Every event that the visit makes, beside page_view."""


def until(tab: Tab, expression: str, seconds: float = 15) -> Any:
    """The expression's value once it is true; pages come and go meanwhile."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = tab.run(expression)
        except Exception:  # noqa: BLE001 - the page is just being replaced
            found = None
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError(f"{expression}\n{tab.run('[location.href, document.body.innerText.slice(0, 300)]')}")


def click(tab: Tab, selector: str) -> None:
    until(tab, f"!!document.querySelector({selector!r})")
    tab.run(f"(setTimeout(() => document.querySelector({selector!r}).click()), 1)")


def fill(tab: Tab, values: dict[str, str]) -> None:
    for name, value in values.items():
        tab.run(f"(document.querySelector('[name={name}]').value = {value!r})")


def at(tab: Tab, page: str) -> None:
    until(
        tab,
        f"location.pathname === '/{page}' && document.readyState === 'complete' && !!window.rastro?.start",
    )


def visit(tab: Tab, shop: str) -> str:
    """Buy something; the number of the order."""
    tab.open(f"{shop}/?rastro_debug=1&utm_source=instagram&utm_medium=social&utm_campaign=primavera")
    until(tab, "!!window.rastro?.start")
    assert tab.run("[document.cookie, Object.keys(localStorage).filter(name => name.startsWith('_rv'))]") == [
        "",
        [],
    ]
    click(tab, "[data-diz=sim]")
    click(tab, "a[href='/produto.html?id=VAS-03']")
    at(tab, "produto.html")
    click(tab, "[name=cor][value=noite]")
    click(tab, "#levar")
    tab.open(f"{shop}/busca.html?q=caneca")
    click(tab, "a[href='/produto.html?id=MES-01']")
    at(tab, "produto.html")
    click(tab, "#sem-rede")
    click(tab, "#mais")
    click(tab, "#levar")
    tab.open(f"{shop}/conta.html")
    at(tab, "conta.html")
    fill(tab, {"nome": "Ana", "email": "ana@loja.example"})
    click(tab, "#forma button")
    until(tab, "!!document.querySelector('#sair')")
    tab.open(f"{shop}/carrinho.html")
    at(tab, "carrinho.html")
    click(tab, "[data-tirar='MES-01|areia|1']")
    fill(tab, {"cupom": "barro10"})
    click(tab, "#cupom button")
    click(tab, "#sem-rede")
    click(tab, "a[href='/checkout-endereco.html']")
    at(tab, "checkout-endereco.html")
    fill(
        tab,
        {"nome": "Ana", "cep": "01310-100", "numero": "1", "rua": "Avenida Paulista", "cidade": "São Paulo"},
    )
    click(tab, "#forma button")
    at(tab, "checkout-entrega.html")
    click(tab, "[value=expressa]")
    click(tab, "#forma button")
    at(tab, "checkout-pagamento.html")
    click(tab, "#forma button")
    until(tab, "location.pathname === '/pagar.html'")
    click(tab, "#sim")
    at(tab, "obrigado.html")
    return str(until(tab, "new URLSearchParams(location.search).get('pedido')"))
