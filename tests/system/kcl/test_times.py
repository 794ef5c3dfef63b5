"""The recovery times that KCL's properties allow at worst; what was measured: docs/failover.md."""

from enrich_consumer.edges.kcl.daemon import properties
from enrich_consumer.settings import Settings

SETTINGS = Settings(
    application="shop",
    raw_stream="raw",
    enriched_stream="enriched",
    rejected_delivery="rejected",
    state="file:/state",
    sites="file:/sites.json",
)
FOUND = {item.name: item.value for item in properties(SETTINGS, "command")}
FAILOVER_S = int(FOUND["failoverTimeMillis"]) / 1000
LOOK_S = 2 * (FAILOVER_S + 0.025)
"""KCL 2 looks for leases to take so often (DynamoDBLeaseCoordinator: twice the failover time and 25 ms)."""
DISPATCH_S = 1.0
"""Between a lease taken and its processor started: one round of KCL's loop."""
CHILD_S = 4.0
"""A processor's start: Python, its imports, the session log."""


def test_a_dead_workers_shards_move_within_30_s():
    # At the first look the lease seems renewed, because it was since the look before; at the second it is old.
    assert 2 * LOOK_S + DISPATCH_S + CHILD_S <= 30


def test_a_stopped_workers_shards_move_within_15_s():
    flush_s = 1.0
    assert flush_s + LOOK_S + DISPATCH_S + CHILD_S <= 15


def test_a_graceful_stop_has_time_for_a_flush_and_for_kcls_own_wait():
    assert int(FOUND["shutdownGraceMillis"]) / 1000 >= FAILOVER_S + 5


def test_a_lease_survives_two_renewals_that_fail():
    assert FAILOVER_S / 3 >= 1.0, "renewals closer than a second leave no room for a slow answer of DynamoDB"
