"""How many of 100,000 random ids of each kind privacy changes: `python -m tests.enrich_consumer.random_ids [COUNT]`.

Each is looked at as a text, in the path and the query of a URL, and as a property (a number where it is one).
"""

import random
import sys
import uuid
from collections.abc import Callable

from stdnum import ean

from enrich_consumer.core.parsing.pii import scrub
from enrich_consumer.core.parsing.properties import properties_text
from enrich_consumer.core.parsing.urls import clean, text_of


def _bar_code(rng: random.Random) -> str:
    twelve = f"{rng.randrange(10**12):012d}"
    return twelve + str(ean.calc_check_digit(twelve))


KINDS: dict[str, Callable[[random.Random], str]] = {
    "UUID": lambda rng: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
    "UUID in capitals": lambda rng: str(uuid.UUID(int=rng.getrandbits(128), version=4)).upper(),
    "UUID without hyphens": lambda rng: uuid.UUID(int=rng.getrandbits(128), version=4).hex,
    "EAN-13": _bar_code,
    "id of 14 digits": lambda rng: str(rng.randrange(10**13, 10**14)),
    "id of 13 digits (not asked for)": lambda rng: str(rng.randrange(10**12, 10**13)),
    "id of 24 hexadecimal digits": lambda rng: f"{rng.getrandbits(96):024x}",
}


def is_changed(text: str) -> bool:
    """Whether anything of it changes anywhere."""
    url = f"https://loja.example/p/{text}?id={text}#/{text}"
    bare = text if text.isdigit() and text[0] != "0" else f'"{text}"'
    data = f'{{"id":"{text}","number":{bare}}}'
    return scrub(text) != text or text_of(url, clean(url)) != url or properties_text(data.encode()) != data


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rng = random.Random(20261125)
    for kind, make in KINDS.items():
        changed = sum(is_changed(make(rng)) for _ in range(count))
        print(f"{kind}: {changed} of {count:,} changed")


if __name__ == "__main__":
    main()
