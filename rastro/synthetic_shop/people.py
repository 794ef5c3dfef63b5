"""The visitors: a browser, an IP address, a cookie or none, a language."""

import random
import uuid
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

from rastro.synthetic_shop.devices import BROWSERS, CRAWLERS, Device


class Person(NamedTuple):
    """One visitor. `visitor_id` is empty for those who take no cookie; `clock_error` is in milliseconds."""

    visitor_id: str
    user_id: str
    ip: str
    device: Device
    language: str
    accept_language: str
    clock_error: int
    is_crawler: bool


# Networks of Brazilian access providers (LACNIC allocations), then the visitors from abroad.
_HOME = (
    "177.32.0.0/14", "179.96.0.0/13", "187.20.0.0/14", "189.28.0.0/15", "191.176.0.0/13", "200.153.0.0/16",
    "201.6.0.0/15", "186.204.0.0/14", "2804:14c::/32", "2804:7f4::/32", "2804:18::/32", "2804:d45::/32",
)  # fmt: skip
_ABROAD = ("85.240.0.0/14", "73.158.0.0/16", "190.16.0.0/15", "2001:8a0::/32", "2600:1700::/32")

_LANGUAGES = (
    (88, "pt-BR", "pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7"),
    (5, "pt-PT", "pt-PT,pt;q=0.9,en;q=0.8"),
    (4, "en-US", "en-US,en;q=0.9"),
    (3, "es-AR", "es-AR,es;q=0.9"),
)

MINUTE = 60_000


def person(rng: random.Random) -> Person:
    """One visitor: six in a hundred are crawlers, twelve in a hundred people take no cookie."""
    if rng.random() < 0.06:
        device = _weighted(rng, CRAWLERS)
        ip = _ip(rng, device.crawler_network)
        return Person("", "", ip, device, "en-US", "en-US", 0, is_crawler=True)
    _, language, accept = rng.choices(_LANGUAGES, [weight for weight, _, _ in _LANGUAGES])[0]
    network = rng.choice(_HOME if language == "pt-BR" else _ABROAD)
    cookie = "" if rng.random() < 0.12 else str(uuid.UUID(int=rng.getrandbits(128), version=4))
    customer = f"C{rng.randint(10_000, 99_999)}" if cookie and rng.random() < 0.35 else ""
    clock_error = rng.choices((0, rng.randint(-90, 90) * 1000, rng.randint(-600, 600) * MINUTE), (80, 15, 5))[
        0
    ]
    device = _weighted(rng, BROWSERS)
    return Person(
        cookie, customer, _ip(rng, network), device, language, accept, clock_error, is_crawler=False
    )


def _weighted(rng: random.Random, devices: tuple[Device, ...]) -> Device:
    return rng.choices(devices, [device.weight for device in devices])[0]


def _ip(rng: random.Random, text: str) -> str:
    network: IPv4Network | IPv6Network = ip_network(text)
    return str(network[rng.randrange(1, network.num_addresses - 1)])
