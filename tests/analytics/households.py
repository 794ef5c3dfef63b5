"""Simulated households: people with accounts, browsers that they share, visits with and without a sign-in.

What is drawn is the table `sessions`; who really was there is kept beside it and shown to nobody.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

Row = dict[str, Any]
START = datetime(2026, 9, 1)  # noqa: DTZ001 - UTC, as the lake writes its times
TILL = "till"
"""An account at very many browsers: a shop's own till, one for each `HOUSEHOLDS_OF_TILL` households."""
HOUSEHOLDS_OF_TILL = 10


def draw(rng: Random, households: int) -> Iterator[Row]:
    """Sessions; `who` is the truth, `accounts` what the pipeline saw."""
    number = 0
    for house in range(households):
        persons = [f"h{house}p{i}" for i in range(rng.choices((1, 2, 3, 4), (3, 4, 2, 1))[0])]
        # some people never make an account, and some have two
        accounts = {
            who: [f"{who}a{i}" for i in range(rng.choices((0, 1, 2), (3, 6, 1))[0])] for who in persons
        }
        browsers = [f"h{house}d{i}" for i in range(rng.randint(1, 3))]
        owner = {browser: rng.choice(persons) for browser in browsers}
        habit = rng.random()  # how often this household signs in
        for browser in browsers:
            cookieless = rng.random() < 0.05
            for visit in range(rng.choices((1, 2, 4, 8), (3, 3, 2, 1))[0]):
                number += 1
                who = owner[browser] if rng.random() < 0.7 else rng.choice(persons)
                at = START + timedelta(days=visit * 3, minutes=number % 1000)
                signed = [rng.choice(accounts[who])] if accounts[who] and rng.random() < habit else []
                if rng.random() < 0.03:  # somebody else signs in during the same visit
                    signed += [a for other in persons for a in accounts[other] if a not in signed][:1]
                if house % HOUSEHOLDS_OF_TILL == 0 and rng.random() < 0.2:
                    signed = [TILL]
                yield {
                    "site": "loja" if house % 3 else "outlet",
                    "visitor_id": browser,
                    "session_id": f"s{number}",
                    "visitor_kind": "cookieless" if cookieless else "cookie",
                    "started_at": at,
                    "ended_at": at + timedelta(minutes=20),
                    "session_date": at.date(),
                    "is_bot": rng.random() < 0.02,
                    "accounts": [
                        {
                            "user_id": account,
                            "first_at": at + timedelta(minutes=2 + 5 * position),
                            "last_at": at + timedelta(minutes=4 + 5 * position),
                            "events": rng.randint(1, 9),
                        }
                        for position, account in enumerate(signed)
                    ]
                    or None,
                    "who": who,
                }  # fmt: skip
