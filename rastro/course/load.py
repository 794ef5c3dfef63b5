"""The load of the made-up shop on a running stack: the same people with the same seed."""

from rastro.local.info import LocalStackInfo
from rastro.synthetic_shop import plan
from rastro.traffic.ledger import promises
from rastro.traffic.post import Answer, Posting, Target, post_in_lanes, viewer_ip_headers

SEED = 1


def post(facts: LocalStackInfo, events: int, now: int) -> str:
    """Post it and say in Portuguese what was answered. `now`: epoch milliseconds."""
    load = plan(SEED, events, now)
    answers: dict[int, Answer] = {}
    postings = [
        Posting(one.visitor, (*one.headers, *viewer_ip_headers(one.ip)), one.body, one.key_in_query)
        for one in load.requests
    ]
    post_in_lanes(Target(facts.api_url, facts.site_key), postings, answers.__setitem__)
    made = promises(load.requests, answers)
    return (
        f"{made.sent} eventos em {len(postings)} requisições: {len(made.accepted)} aceitos, "
        f"{made.rejected} recusados, {made.copies} repetidos"
    )
