"""The cache of cleaned addresses: the same answers as without it."""

from enrich_consumer.core.parsing import clean_addresses, urls


def test_an_address_is_cleaned_once_and_a_long_one_each_time() -> None:
    clean_addresses.clear()
    for url in ("https://A.example:8080/p?token=AbC#x", "https://a.example/?q=" + "x" * 600):
        before = clean_addresses.info()
        found = [clean_addresses.find(url) for _ in range(2)]
        assert found == [(urls.text_of(url, urls.clean(url)), urls.clean(url))] * 2
        hits = clean_addresses.info().hits - before.hits
        assert hits == (1 if len(url) <= clean_addresses.LONGEST_CACHED else 0)
    assert clean_addresses.find("no address") == ("", urls.NO_ADDRESS)
