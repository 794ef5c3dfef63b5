"""The cache of cleaned URLs: the same answers as without it."""

from enrich_consumer.core.parsing import clean_urls, urls


def test_an_address_is_cleaned_once_and_a_long_one_each_time() -> None:
    clean_urls.clear()
    for url in ("https://A.example:8080/p?token=AbC#x", "https://a.example/?q=" + "x" * 600):
        before = clean_urls.info()
        found = [clean_urls.find(url) for _ in range(2)]
        assert found == [(urls.text_of(url, urls.clean(url)), urls.clean(url))] * 2
        hits = clean_urls.info().hits - before.hits
        assert hits == (1 if len(url) <= clean_urls.LONGEST_CACHED else 0)
    assert clean_urls.find("no url") == ("", urls.NO_URL)
