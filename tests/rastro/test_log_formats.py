"""The formats of access logs: each line says by itself what it is, and who asked for what."""
# ruff: noqa: E501 - one line per case

import json
from pathlib import Path

import pytest

from enrich_consumer.core import enrichments
from enrich_consumer.core.enrichments import References
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from rastro.access_log.clock import newest_right
from rastro.access_log.formats import Recogniser, parse
from rastro.access_log.raw_records import raw_lines
from rastro.access_log.source import Log
from schemas import parse_sites
from schemas.files import FOLDER

AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
AT = 1_795_295_998_000
DAY = 24 * 3600 * 1000
TIME = "[21/Nov/2026:21:19:58 +0000]"
TAIL = f'- - {TIME} "GET /p?q=1 HTTP/1.1" 200 5 "-" "{AGENT}"'
CRI = "2026-11-21T21:19:58.123456789Z stdout F "


def caddy(**more: object) -> str:
    request = {
        "remote_ip": "203.0.113.9",
        "method": "GET",
        "uri": "/p?q=1",
        "headers": {"User-Agent": [AGENT], "Referer": ["https://r.example/"]},
    }
    return json.dumps(
        {"level": "info", "ts": AT / 1000, "logger": "http.log.access", "request": request, "status": 200}
        | more
    )


CLOUDFRONT = "\t".join(  # noqa: FLY002 - one field after the other
    ["2026-11-21", "21:19:58", "GRU3-C1", "5", "203.0.113.9", "GET", "d111.cloudfront.net", "/p", "200", "-", "Mozilla/5.0%2520(X11)", "q=1", "-", "Hit", "id"]
)  # fmt: skip
ALB = f'h2 2026-11-21T21:19:58.000000Z app/lb/50dc 203.0.113.9:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET https://loja.example:443/p?q=1 HTTP/2.0" "{AGENT}" ECDHE TLSv1.2 arn:aws:x "Root=1-5" "-" "-" 0 2026-11-21T21:19:57.000000Z "forward"'
ELB = f'2026-11-21T21:19:58.000000Z lb 203.0.113.9:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://loja.example:80/p?q=1 HTTP/1.1" "{AGENT}" - -'
NGINX_JSON = json.dumps(
    {
        "time_iso8601": "2026-11-21T21:19:58+00:00",
        "remote_addr": "203.0.113.9",
        "request": "GET /p?q=1 HTTP/1.1",
        "status": 200,
        "http_user_agent": AGENT,
        "http_referer": "-",
    }
)
TRAEFIK = json.dumps(
    {
        "ClientHost": "203.0.113.9",
        "StartUTC": "2026-11-21T21:19:58.000000000Z",
        "RequestMethod": "GET",
        "RequestPath": "/p?q=1",
        "DownstreamStatus": 200,
        "request_User-Agent": AGENT,
    }
)
GOOGLE = json.dumps(
    {
        "timestamp": "2026-11-21T21:19:58Z",
        "httpRequest": {
            "requestMethod": "GET",
            "requestUrl": "https://loja.example/p?q=1",
            "status": 200,
            "remoteIp": "203.0.113.9",
            "userAgent": AGENT,
        },
    }
)
ECS = json.dumps(
    {
        "@timestamp": "2026-11-21T21:19:58Z",
        "source": {"ip": "203.0.113.9"},
        "http": {"request": {"method": "GET"}, "response": {"status_code": 200}},
        "url": {"original": "/p?q=1"},
        "user_agent": {"original": AGENT},
    }
)

LINES = [
    (f"203.0.113.9 {TAIL}", "combined"),
    (f"www.loja.example:443 203.0.113.9 {TAIL}", "combined, virtual host first"),
    (f"www.loja.example 203.0.113.9 {TAIL}", "combined, virtual host first"),
    (f"198.51.100.1:443 203.0.113.9 {TAIL}", "combined, virtual host first"),
    (f"203.0.113.9, 10.0.0.1 {TAIL}", "combined, forwarded IP addresses"),
    (f"unknown, 203.0.113.9 {TAIL}", "combined, forwarded IP addresses"),
    (f"10.0.0.1, 203.0.113.9 {TAIL}", "combined, forwarded IP addresses"),
    (f'"203.0.113.9" {TAIL}', "combined"),
    (f'"203.0.113.9, 10.0.0.1" {TAIL}', "combined, forwarded IP addresses"),
    (f"203.0.113.9:51234 {TAIL}", "combined"),
    (f'10.0.0.1 {TAIL} "203.0.113.9"', "combined, IP address behind"),
    (f'10.0.0.1 {TAIL} "203.0.113.9, 10.0.0.2" rt=0.1', "combined, IP address behind"),
    (f'- {TAIL} "203.0.113.9"', "combined, IP address behind"),
    (f'203.0.113.9 - bob smith {TIME} "GET /p?q=1 HTTP/1.1" 200 5 "-" "{AGENT}"', "combined"),
    (f'203.0.113.9 - - [2026-11-21T21:19:58+00:00] "GET /p?q=1 HTTP/1.1" 200 5 "-" "{AGENT}"', "combined"),
    (f"{CRI}203.0.113.9 {TAIL}", "combined behind kubernetes"),
    (f"[pod/web-5d/nginx] {CRI}203.0.113.9 {TAIL}", "combined behind kubernetes"),
    (f"[pod/web-5d/nginx] 203.0.113.9 {TAIL}", "combined behind kubernetes"),
    (f"\x1b[36mnginx_1  |\x1b[0m 203.0.113.9 {TAIL}", "combined behind docker"),
    (f"web.1 | www.loja.example:443 203.0.113.9 {TAIL}", "combined, virtual host first behind docker"),
    (json.dumps({"log": f"203.0.113.9 {TAIL}\n", "stream": "stdout", "time": "2026-11-21T21:20:00Z"}), "combined behind docker"),
    (f"Nov 21 21:19:58 web1 nginx: 203.0.113.9 {TAIL}", "combined behind syslog"),
    (f"<190>Nov  1 21:19:58 web1 nginx[12]: 203.0.113.9 {TAIL}", "combined behind syslog"),
    (f"<190>1 2026-11-21T21:19:58Z web1 nginx 12 - - 203.0.113.9 {TAIL}", "combined behind syslog"),
    (f'<190>1 2026-11-21T21:19:58Z web1 nginx 12 id [a b="c"] 203.0.113.9 {TAIL}', "combined behind syslog"),
    (f"2026-11-21T21:19:58.1+00:00 web1 nginx[12]: 203.0.113.9 {TAIL}", "combined behind syslog"),
    (f"{CRI}{NGINX_JSON}", "JSON behind kubernetes"),
    (NGINX_JSON, "JSON"),
    (caddy(), "JSON"),
    (TRAEFIK, "JSON"),
    (GOOGLE, "JSON"),
    (ECS, "JSON"),
    (ALB, "application load balancer"),
    (ELB, "classic load balancer"),
    (CLOUDFRONT, "CloudFront"),
    ("\0" * 300 + f"203.0.113.9 {TAIL}", "combined"),
    (f"\ufeff203.0.113.9 {TAIL}", "combined"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name"), LINES, ids=range(len(LINES)))
def test_a_format_is_recognised_and_its_visitor_found(text: str, name: str) -> None:
    found = Recogniser().read(text)

    assert found.line is not None
    assert found.format == name
    assert (found.line.client, found.line.at, found.line.method, found.line.status) == (
        "203.0.113.9",
        AT,
        "GET",
        200,
    )
    assert found.line.target.endswith("/p?q=1")
    assert found.line.agent.startswith("Mozilla/5.0 (X11")


@pytest.mark.parametrize(
    ("text", "client"),
    [
        (f"[2001:db8::1] {TAIL}", "2001:db8::1"),
        (f"2001:DB8::1 {TAIL}", "2001:db8::1"),
        (f"::ffff:203.0.113.9 {TAIL}", "203.0.113.9"),
        (f"crawl-66-249.example.com {TAIL}", "crawl-66-249.example.com"),
        (f"10.0.0.1 {TAIL}", "10.0.0.1"),
        (f"- {TAIL}", ""),
        (f"unknown, - {TAIL}", ""),
    ],
)
def test_ip_addresses_in_other_spellings(text: str, client: str) -> None:
    found = parse(text)
    assert found is not None
    assert found.client == client


def test_w3c_logs_name_their_fields() -> None:
    recogniser = Recogniser()
    lines = [
        "#Software: Microsoft Internet Information Services 10.0",
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status",
        "2026-11-21 21:19:58 10.0.0.1 GET /p q=1 443 - 203.0.113.9 Mozilla/5.0+(X11) https://r.example/ 200",
    ]
    found = [recogniser.read(line) for line in lines]

    assert [one.is_comment for one in found] == [True, True, False]
    assert found[2].line is not None
    assert found[2].line == (
        "203.0.113.9",
        AT,
        "GET",
        "/p?q=1",
        200,
        "https://r.example/",
        "Mozilla/5.0 (X11)",
    )


@pytest.mark.parametrize(
    ("logged", "meant"),
    [
        (r"/caf\xC3\xA9?q=t\xC3\xAAnis", "/café?q=tênis"),
        (r"/caf\xE9", "/café"),
        (r"/a\"b", '/a"b'),
        (r"/a\\b", r"/a\b"),
        ("/caf%C3%A9", "/caf%C3%A9"),
    ],
)
def test_the_servers_escapes_are_bytes_of_utf_8(logged: str, meant: str) -> None:
    found = parse(
        f'203.0.113.9 - - {TIME} "GET {logged} HTTP/1.1" 200 5 "https://r.example{logged}" "{logged}"'
    )
    assert found is not None
    assert (found.target, found.referrer, found.agent) == (meant, f"https://r.example{meant}", meant)


@pytest.mark.parametrize(
    "text",
    ["nonsense", "{}", '{"log": 5}', '{"log": "nonsense"}', "{" * 5000, "2026-11-21 21:19:58 a b c", f"a b c d {TAIL}", f"2026-11-21T21:19:58Z {TAIL}", ALB[:120], "Nov 21 21:19:58 web1 kernel: eth0 up", CRI, '{"status": 200}'],
)  # fmt: skip
def test_what_is_in_no_format_is_unreadable(text: str) -> None:
    found = Recogniser().read(text)
    assert found.line is None
    assert not found.is_comment


def log_of(folder: Path, lines: list[str]) -> Log:
    path = folder / "access.log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Log(str(path), now=AT + DAY)


def line(second: int, who: str = "203.0.113.9", day: str = "21/Nov/2026") -> str:
    return f'{who} - - [{day}:21:{second // 60:02}:{second % 60:02} +0000] "GET /p{second} HTTP/1.1" 200 5 "-" "{AGENT}"'


def test_a_mixed_log_says_what_it_found(tmp_path: Path) -> None:
    lines = [f"www.loja.example:443 203.0.113.{n} {TAIL}" for n in range(40)]
    survey = log_of(tmp_path, [*lines, ALB, "#Fields: a b", "", "nonsense"]).survey()

    assert survey.formats == {"combined, virtual host first": 40, "application load balancer": 1}
    assert (survey.unreadable, survey.first_unreadable) == (1, (44,))


def test_every_visitor_of_a_log_with_virtual_hosts_is_one(tmp_path: Path) -> None:
    log = log_of(tmp_path, [f"www.loja.example:443 203.0.113.{n} {TAIL}" for n in range(40)])

    assert len({view.line.client for view in log.page_views()}) == 40


@pytest.mark.parametrize("wrong_day", ["21/Nov/2036", "01/Jan/2030", "21/Dec/2026"])
def test_a_wrong_clock_moves_no_other_line(tmp_path: Path, wrong_day: str) -> None:
    lines = [line(n) for n in range(100)]
    lines.insert(50, line(7, day=wrong_day))
    log = log_of(tmp_path, lines)
    survey = log.survey()

    assert survey.wrong_clock == 1
    assert survey.newest == AT - 19 * 60_000 - 58_000 + 99_000
    ats = [view.line.at for view in log.page_views()]
    assert ats == sorted(ats)
    received = [
        json.loads(raw)["received_at"]
        for raw in raw_lines(log.page_views(), "s", "loja", "https://s.example", b"k")
    ]
    assert received == ats
    assert max(received) == survey.newest


def test_rotated_files_in_the_wrong_order_are_sorted(tmp_path: Path) -> None:
    days = ["20/Nov/2026", "19/Nov/2026", "21/Nov/2026"]
    log = log_of(tmp_path, [line(n, day=day) for day in days for n in range(50)])

    assert log.survey().is_disordered
    ats = [view.line.at for view in log.page_views()]
    assert ats == sorted(ats)
    assert [view.number for view in log.page_views()] == list(range(1, 151))


def test_small_steps_back_are_the_servers_own(tmp_path: Path) -> None:
    log = log_of(tmp_path, [line(10), line(5), line(20)])

    assert not log.survey().is_disordered
    assert [view.number for view in log.page_views()] == [1, 2, 3]


def test_the_newest_of_a_log() -> None:
    year = [n * DAY for n in range(365)]
    assert newest_right(year, 400 * DAY) == 364 * DAY
    assert newest_right([*year, 380 * DAY], 400 * DAY) == 364 * DAY
    assert newest_right([*year, 380 * DAY, 381 * DAY], 400 * DAY) == 381 * DAY  # two: people came back
    assert newest_right([*year, 500 * DAY], 400 * DAY) == 364 * DAY
    assert newest_right([0, 300 * DAY], 400 * DAY) == 300 * DAY  # too few to tell
    assert newest_right([], 0) == 0


def test_an_absent_address_takes_nothing_out_of_the_row(tmp_path: Path) -> None:
    """A `-` instead of the IP address is none: privacy must not look for it in the other columns."""
    log = log_of(tmp_path, [f"- {TAIL}", f"unknown.host-name.example {TAIL}"])
    sites = parse_sites((FOLDER / "examples" / "sites.json").read_bytes())
    run, state = enrichments.build(References()), ShardState()
    for number, data in enumerate(
        raw_lines(log.page_views(), "s-1", "loja", "https://www.loja.example", b"k"), start=1
    ):
        assert json.loads(data)["ip"] is None
        (row,) = [json.loads(text) for text in process(Incoming(number, data), sites, run, state).lines]
        assert row["event_date"] == "2026-11-21"
        assert "[ip]" not in json.dumps(row)
