"""Whose IP address counts behind proxies: the right-most one that no proxy of ours has."""

import pytest

from ingest_lambda.http.client_ip import client_ip

XFF = "x-forwarded-for"


@pytest.mark.parametrize(
    ("header", "value", "trusted", "expected"),
    [
        (XFF, "203.0.113.9", 0, "203.0.113.9"),
        (XFF, "6.6.6.6, 203.0.113.9", 0, "203.0.113.9"),  # the left one the client wrote itself
        (XFF, "6.6.6.6, 203.0.113.9, 10.0.0.1", 1, "203.0.113.9"),
        (XFF, "6.6.6.6, 203.0.113.9, 198.51.100.1, 10.0.0.1", 2, "203.0.113.9"),
        (XFF, "203.0.113.9", 2, "203.0.113.9"),  # fewer than usual: the request took a shorter way
        (XFF, "203.0.113.9:51234", 0, "203.0.113.9"),
        (XFF, "[2001:db8::1]:443", 0, "2001:db8::1"),
        (XFF, '"2001:DB8::1"', 0, "2001:db8::1"),
        (XFF, "fe80::1%eth0", 0, "fe80::1"),
        (XFF, "203.0.113.9, unknown", 0, None),
        (XFF, "unknown, 203.0.113.9", 0, "203.0.113.9"),
        (XFF, "_hidden", 0, None),
        (XFF, ",", 0, None),
        (XFF, "", 0, None),
        ("forwarded", "for=6.6.6.6;proto=https, for=203.0.113.9;by=10.0.0.1", 0, "203.0.113.9"),
        ("forwarded", 'For="[2001:db8::1]:4711"', 0, "2001:db8::1"),
        ("forwarded", "for=203.0.113.9, for=10.0.0.2", 1, "203.0.113.9"),
        ("forwarded", "by=10.0.0.1", 0, None),
        ("cloudfront-viewer-address", "203.0.113.9:51234", 0, "203.0.113.9"),
        ("cloudfront-viewer-address", "2001:db8::1:51234", 0, "2001:db8::1"),
        ("x-real-ip", "203.0.113.9", 0, "203.0.113.9"),
    ],
)
def test_the_right_most_untrusted_ip(header: str, value: str, trusted: int, expected: str | None) -> None:
    assert client_ip({header: value}, header, trusted) == expected


def test_without_a_header_of_ours_nothing_is_read() -> None:
    assert client_ip({XFF: "203.0.113.9"}, None, 0) is None


def test_a_chain_without_end_is_bounded() -> None:
    assert client_ip({XFF: "6.6.6.6, " * 100_000 + "203.0.113.9"}, XFF, 0) == "203.0.113.9"
