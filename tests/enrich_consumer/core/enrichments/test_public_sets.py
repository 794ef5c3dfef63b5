"""Agreement with whole public test sets, in percent. What is missed, and why: docs/enrichments.md."""

import functools
import gc
import json
import re
from typing import NamedTuple

import maxminddb
import pytest
import yaml
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from ua_parser import Domain
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

from enrich_consumer.core.enrichments import References, bot
from enrich_consumer.core.enrichments.user_agent import from_text, version_of
from enrich_consumer.core.parsing.crawlers import crawler_finder, is_of_people
from enrich_consumer.core.tables import known_sites
from reference_data.databases import open_references
from reference_data.mmdb import ReferenceDataError
from tests.enrich_consumer.core.enrichments import public_sets
from tests.support.records import build, record

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@pytest.fixture(scope="module")
def parse():
    return Resolver(load_lazy_builtins())


def _cases(name):
    home = public_sets.folder("uap-core") / "usr/share/uap-core"
    return yaml.load((home / name).read_text(), LOADER)["test_cases"]


def _text(value):
    return str(value) if value not in (None, "") else None


@pytest.mark.parametrize("name", ["tests/test_ua.yaml", "test_resources/firefox_user_agent_strings.yaml"])
def test_browsers(parse, capsys, name):
    misses = []
    cases = _cases(name)
    for case in cases:
        row = from_text(parse, case["user_agent_string"])
        wanted = version_of(*(_text(case.get(part)) for part in ("major", "minor", "patch")))
        if (row["browser_name"] or "Other", row["browser_version"]) != (case["family"], wanted):
            misses.append(
                (
                    case["user_agent_string"],
                    case["family"],
                    wanted,
                    row["browser_name"],
                    row["browser_version"],
                )
            )
    assert public_sets.report(capsys, f"browsers, {name}", len(cases) - len(misses), len(cases), misses) >= 98


def test_systems(parse, capsys):
    misses = []
    cases = _cases("tests/test_os.yaml")
    for case in cases:
        row = from_text(parse, case["user_agent_string"])
        wanted = version_of(*(_text(case.get(part)) for part in ("major", "minor", "patch")))
        if (row["os_name"] or "Other", row["os_version"]) != (case["family"], wanted):
            misses.append(
                (case["user_agent_string"], case["family"], wanted, row["os_name"], row["os_version"])
            )
    assert (
        public_sets.report(
            capsys, "systems, tests/test_os.yaml", len(cases) - len(misses), len(cases), misses
        )
        >= 98
    )


def test_devices(parse, capsys):
    misses = []
    cases = _cases("tests/test_device.yaml")
    for case in cases:
        row = from_text(parse, case["user_agent_string"])
        if (row["device_brand"], row["device_model"]) != (_text(case.get("brand")), _text(case.get("model"))):
            misses.append(
                (
                    case["user_agent_string"],
                    case.get("brand"),
                    case.get("model"),
                    row["device_brand"],
                    row["device_model"],
                )
            )
    good = len(cases) - len(misses)
    assert public_sets.report(capsys, "devices, tests/test_device.yaml", good, len(cases), misses) >= 98


def _verdicts(parse, agents):
    find = crawler_finder()
    for agent in agents:
        found = parse(agent[:512], Domain.DEVICE).device
        spider = found is not None and found.family == "Spider"
        yield agent, bot.verdict_of(find, agent[:512], is_spider=spider)


def _listed_crawlers():
    """Agents of the crawler list, without those of patterns that only people's agents match."""
    for entry in CRAWLER_USER_AGENTS_DATA:
        for agent in entry.get("instances", ()):
            if not is_of_people(entry["pattern"], agent):
                yield agent


def test_crawlers(parse, capsys):
    agents = list(_listed_crawlers())
    misses = [agent for agent, verdict in _verdicts(parse, agents) if not verdict.reasons]
    percent = public_sets.report(
        capsys, "crawlers, crawler-user-agents", len(agents) - len(misses), len(agents), misses
    )
    assert percent >= 99.5


class _Case(NamedTuple):
    """One of Matomo's: the file it is in, the agent, what it is said to be, and whether client hints say it too."""

    file: str
    agent: str
    client: str | None
    device: str | None
    has_hints: bool


@functools.cache
def _matomo_cases():
    home = public_sets.folder("device-detector") / "device_detector/tests/fixtures/upstream"
    gc.disable()  # a million objects, none of them garbage yet: to look through them takes as long as to read them
    try:
        return [
            _Case(
                path.stem,
                case["user_agent"],
                (case.get("client") or {}).get("type"),
                (case.get("device") or {}).get("type"),
                "headers" in case,
            )
            for path in sorted(home.glob("*.yml"))
            for case in yaml.load(path.read_text(), LOADER)
        ]
    finally:
        gc.enable()


def test_crawlers_that_run_scripts(parse, capsys):
    """Those that have an engine, so that a page's script may run in them and send events."""
    agents = {case.agent for case in _matomo_cases() if case.file == "bots"} | set(_listed_crawlers())
    run_scripts = sorted(agent for agent in agents if re.search(r"AppleWebKit|Gecko/|Trident|Presto", agent))
    misses = [agent for agent, verdict in _verdicts(parse, run_scripts) if not verdict.reasons]
    good = len(run_scripts) - len(misses)
    assert public_sets.report(capsys, "crawlers with an engine", good, len(run_scripts), misses) >= 99


def test_people_are_no_bots(parse, capsys):
    """All agents of browsers, apps and players on phones, tablets, televisions and computers; without libraries of
    programs, which that project has no devices for, and WebPageTest, a robot in its cases of client hints."""
    agents = {
        case.agent
        for case in _matomo_cases()
        if case.file != "bots" and case.client != "library" and "PTST/" not in case.agent
    }
    agents.discard("")
    misses = [(a, v) for a, v in _verdicts(parse, sorted(agents)) if v.reasons]
    good = len(agents) - len(misses)
    assert public_sets.report(capsys, "people, device-detector", good, len(agents), misses) >= 99.98


@pytest.mark.parametrize(
    ("kind", "wanted", "floor"), [("tablet", "tablet", 95), ("smartphone", "mobile", 98)]
)
def test_device_classes(parse, capsys, kind, wanted, floor):
    """By the agent alone: cases with client hints are left out."""
    agents = [case.agent for case in _matomo_cases() if not case.has_hints and case.device == kind]
    misses = [(agent, got) for agent in agents if (got := from_text(parse, agent)["device_class"]) != wanted]
    good = len(agents) - len(misses)
    assert public_sets.report(capsys, f"{kind}s, device-detector", good, len(agents), misses) >= floor


def test_browsers_of_people_are_no_bots(parse, capsys):
    cases = _cases("test_resources/firefox_user_agent_strings.yaml")
    agents = [case["user_agent_string"] for case in cases]
    misses = [(a, v) for a, v in _verdicts(parse, agents) if v.reasons]
    percent = public_sets.report(
        capsys, "people, Firefox's agents", len(agents) - len(misses), len(agents), misses
    )
    assert percent >= 99


def test_referrers(capsys):
    home = public_sets.folder("referer-parser") / "referer_parser/data/referers.json"
    mediums = {"search": "search", "social": "social", "email": "email"}
    good = total = 0
    misses = []
    for medium, sources in json.loads(home.read_text()).items():
        if medium not in mediums:
            continue
        for source, facts in sources.items():
            hosts = [domain.partition("/")[0] for domain in facts["domains"]]
            total += len(hosts)
            found = [known_sites.find(host) for host in hosts]
            right = [site is not None and site.medium in _ALIKE.get(medium, {medium}) for site in found]
            good += sum(right)
            misses += [
                (medium, source, host, site)
                for host, site, ok in zip(hosts, found, right, strict=True)
                if not ok
            ]
    assert public_sets.report(capsys, "referrers, referer-parser", good, total, misses) >= 60


_ALIKE = {"social": {"social", "video"}}  # that list has no medium for video sites


# MaxMind's test databases


def _answers(file):
    for network, answer in maxminddb.open_database(file):
        yield str(network.network_address), answer


def test_city_of_every_network(capsys):
    file = public_sets.folder("geoip2") / "tests/data/test-data/GeoLite2-City-Test.mmdb"
    enrich = build(open_references(str(file), ""))
    misses, total = [], 0
    for ip, answer in _answers(file):
        total += 1
        (row,) = enrich(record(ip=ip))
        country = (answer.get("country") or answer.get("registered_country") or {}).get("iso_code")
        city = answer.get("city", {}).get("names", {}).get("en")
        location = answer.get("location", {})
        got = (
            row.get("geo_country"),
            row.get("geo_city"),
            row.get("geo_latitude"),
            row.get("geo_accuracy_km"),
        )
        wanted = (country, city, location.get("latitude"), location.get("accuracy_radius"))
        if got != wanted or row["enrich_errors"]:
            misses.append((ip, wanted, got))
    assert public_sets.report(capsys, "places, GeoLite2-City-Test", total - len(misses), total, misses) == 100


def test_network_of_every_ip(capsys):
    file = public_sets.folder("geoip2") / "tests/data/test-data/GeoLite2-ASN-Test.mmdb"
    enrich = build(open_references("", str(file)))
    misses, total = [], 0
    for ip, answer in _answers(file):
        total += 1
        (row,) = enrich(record(ip=ip))
        wanted = (answer["autonomous_system_number"], answer.get("autonomous_system_organization"))
        if (row.get("asn"), row.get("as_organization")) != wanted:
            misses.append((ip, wanted))
    assert (
        public_sets.report(capsys, "networks, GeoLite2-ASN-Test", total - len(misses), total, misses) == 100
    )


def test_a_bad_database_is_refused_or_fails_alone(capsys):
    """Every broken file of the maintainers either does not open, with a clear error, or costs only geo."""
    files = sorted((public_sets.folder("maxminddb") / "tests/data").rglob("*.mmdb"))
    files += sorted((public_sets.folder("geoip2") / "tests/data").rglob("*.mmdb"))
    refused = 0
    for file in files:
        for kind in ("city", "asn"):
            try:
                references = open_references(*((str(file), "") if kind == "city" else ("", str(file))))
            except ReferenceDataError as error:
                refused += 1
                assert str(file) in str(error)  # noqa: PT017 - most of the files do open
                continue
            enrich = build(references, ["event_time", "geo", "privacy"])
            for ip in ("1.1.1.1", "81.2.69.160", "2001:218::1", "::1", "255.255.255.255"):
                (row,) = enrich(record(ip=ip))
                assert row["enrich_errors"] in ([], ["geo"])
                assert row["event_at"] is not None
    with capsys.disabled():
        print(f"\n  databases: {refused} of {2 * len(files)} openings refused with a clear error", end="")
    assert refused > len(files)


def test_nothing_is_found_without_databases():
    (row,) = build(References())(record(ip="81.2.69.160"))
    assert "geo_country" not in row
    assert row["enrich_errors"] == []
