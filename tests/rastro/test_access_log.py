"""A web server's log: what is a page view, who is a visitor, what is posted and what is written."""

import bz2
import gzip
import json
import lzma
import tarfile
from pathlib import Path

import jsonschema_rs
import pytest

from enrich_consumer.core import enrichments
from enrich_consumer.core.enrichments import References
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from rastro.access_log import posting as log_posting
from rastro.access_log import resume
from rastro.access_log.event import PageView, event_id, url_of, visitor_id
from rastro.access_log.formats import parse
from rastro.access_log.line import Line
from rastro.access_log.page import is_page
from rastro.access_log.raw_records import raw_lines
from rastro.access_log.requests import STRETCH, Shape, batches, header_text
from rastro.access_log.session_count import count_sessions
from rastro.access_log.source import Log
from rastro.terminal.errors import Problem
from rastro.traffic.post import Answer, Target
from schemas import json_file, parse_sites
from schemas.files import FOLDER

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "access.log.gz"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
LINE = f'203.0.113.9 - - [17/May/2015:10:05:03 +0200] "GET /a/?q=1 HTTP/1.1" 200 203 "http://x.example/" "{AGENT}"'


def _line(
    target: str = "/", *, method: str = "GET", status: int = 200, at: int = 0, who: str = "203.0.113.9"
) -> Line:
    return Line(who, at, method, target, status, "", AGENT)


def test_a_combined_line() -> None:
    assert parse(LINE) == Line(
        "203.0.113.9", 1431849903000, "GET", "/a/?q=1", 200, "http://x.example/", AGENT
    )


def test_fields_that_are_absent_or_quoted() -> None:
    found = parse(
        r'::1 - bob smith [17/May/2015:08:05:03 +0000] "GET / HTTP/1.1" 304 - "-" "a \"b\" \\ \xe9" "more"'
    )
    assert found is not None
    assert (found.client, found.referrer, found.agent) == ("::1", "", 'a "b" \\ é')
    common = parse('h - - [17/May/2015:08:05:03 +0000] "GET / HTTP/1.0" 200 5')
    assert common is not None
    assert common.agent == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        LINE.replace("17/May/2015", "17/Foo/2015"),
        LINE.replace("GET /a/?q=1 HTTP/1.1", "-"),
        LINE.replace("GET", "\\x16\\x03\\x01"),
        LINE.replace(" 200 ", " abc "),
        "{}" * 5000,
    ],
)
def test_what_is_no_line(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        (_line("/"), True),
        (_line("/blog/post.html?x=1"), True),
        (_line("/loja/index.php"), True),
        (_line("/articles/version-1.2"), True),
        (_line("https://www.x.example/page"), True),
        (_line("/", status=304), True),
        (_line("/produto.do"), True),
        (_line("/index.cfm"), True),
        (_line("/index.jsf"), True),
        (_line("/index.phtml"), True),
        (_line("/marca/h.stern"), True),
        (_line("/p/cabo-hdmi-1.5m"), True),
        (_line("/busca?q=rss"), True),
        (_line("/busca?q=feed&page=2"), True),
        (_line("/sitemap.xml"), False),
        (_line("/api/cart.json"), False),
        (_line("/?feed=rss2"), False),
        (_line("/style.css?v=3"), False),
        (_line("/a/photo.JPG"), False),
        (_line("/robots.txt"), False),
        (_line("/feed"), False),
        (_line("/blog/?flav=rss20"), False),
        (_line("/", status=404), False),
        (_line("/", status=301), False),
        (_line("/", method="POST"), False),
        (_line("/", method="HEAD"), False),
    ],
)
def test_pages(line: Line, is_one: bool) -> None:
    assert is_page(line) is is_one


def test_addresses_stay_in_the_shop() -> None:
    assert url_of("https://s.example", "/a b/ç?x=1") == "https://s.example/a%20b/%C3%A7?x=1"
    assert url_of("https://s.example", "http://evil.example/a?b") == "https://s.example/a?b"
    assert url_of("https://s.example", "//evil.example/") == "https://s.example/evil.example/"


def test_ids_come_from_the_data_and_hide_the_client() -> None:
    view = PageView(7, _line())
    assert event_id("log", view) == event_id("log", view)
    assert (
        len({event_id("log", view), event_id("other", view), event_id("log", view._replace(number=8))}) == 3
    )
    one = visitor_id(b"k", "203.0.113.9", AGENT)
    assert one == visitor_id(b"k", "203.0.113.9", AGENT)
    assert len({one, visitor_id(b"l", "203.0.113.9", AGENT), visitor_id(b"k", "203.0.113.8", AGENT)}) == 3


def test_headers_hold_what_http_can() -> None:
    assert header_text("Ünï\r\nX-Evil: 1 漢") == "Ünï  X-Evil: 1 ?"


def _log(folder: Path, lines: list[str], *, zipped: bool = False) -> Log:
    text = ("\n".join(lines) + "\n").encode()
    path = folder / "access.log"
    path.write_bytes(gzip.compress(text) if zipped else text)
    return Log(str(path))


@pytest.mark.parametrize("zipped", [False, True])
def test_a_survey_counts_everything(tmp_path: Path, zipped: bool) -> None:
    survey = _log(
        tmp_path, [LINE, "x" * 200_000, LINE.replace("/a/?q=1", "/a.png"), LINE], zipped=zipped
    ).survey()
    assert (survey.lines, survey.unreadable, survey.first_unreadable, survey.page_views) == (4, 1, (2,), 2)
    assert survey.newest == survey.oldest == 1431849903000


def test_a_file_that_is_not_there_or_breaks_off(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="cannot read the log"):
        Log(str(tmp_path / "absent"))
    broken = tmp_path / "broken.gz"
    broken.write_bytes(gzip.compress(LINE.encode())[:12])
    with pytest.raises(Problem, match="breaks off"):
        Log(str(broken)).survey()


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-20], lambda data: data + b"garbage"], ids=["cut", "garbage"]
)
def test_what_can_be_read_of_a_damaged_log_is_loaded(tmp_path: Path, damage) -> None:
    lines = "".join(LINE.replace(":10:05:03", f":10:{n // 60:02}:{n % 60:02}") + "\n" for n in range(1000))
    broken = tmp_path / "broken.gz"
    broken.write_bytes(damage(gzip.compress(lines.encode())))
    log = Log(str(broken))
    survey = log.survey()
    assert survey.breaks_off is not None
    assert survey.page_views >= 900
    assert len(list(log.page_views())) == survey.page_views


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress], ids=["bzip2", "xz"])
def test_other_packers_are_known_by_their_first_bytes(tmp_path: Path, pack) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(pack(f"{LINE}\n".encode()))
    assert Log(str(path)).survey().page_views == 1


def test_an_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(LINE, encoding="utf-8")
    with tarfile.open(tmp_path / "access.log.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "access.log")
    with pytest.raises(Problem, match="tar archive"):
        Log(str(tmp_path / "access.log.tar.gz"))


def test_sessions_of_a_log() -> None:
    minute = 60_000
    ats = [0, 30 * minute, 61 * minute, 5 * minute]
    views = [PageView(n, _line(at=at)) for n, at in enumerate(ats)]
    assert count_sessions(views) == 2
    assert count_sessions([*views, PageView(9, _line(at=0, who="203.0.113.8"))]) == 3
    all_day = [PageView(n, _line(at=n * 30 * minute)) for n in range(50)]
    assert count_sessions(all_day) == 2


def test_raw_records_are_by_the_contract_and_arrivals_never_go_back() -> None:
    views = [PageView(n, _line(at=1_000_000 + at)) for n, at in enumerate((500, 0, 900))]
    records = [json.loads(line) for line in raw_lines(views, "s", "loja", "https://s.example", b"k")]
    validator = jsonschema_rs.validator_for(json_file("raw.schema.json"))
    assert all(validator.is_valid(record) for record in records)
    assert [record["received_at"] for record in records] == [1_000_500, 1_000_500, 1_000_900]
    assert [record["events"][0]["ts"] for record in records] == [1_000_500, 1_000_000, 1_000_900]
    assert {record["visitor_kind"] for record in records} == {"cookieless"}


def test_batches_keep_a_visitor_together_and_in_order() -> None:
    views = [PageView(n, _line(at=n, who=f"203.0.113.{n % 2}")) for n in range(130)]
    made = batches(views, Shape("s", "https://s.example", 1000, None))
    assert [len(batch.event_ids) for batch in made] == [50, 15, 50, 15]
    events = json.loads(made[0].posting.body)
    assert [event["ts"] for event in events] == [1000 + 2 * n for n in range(50)]
    assert "visitor_id" not in events[0]
    assert ("CloudFront-Viewer-Address", "203.0.113.0:49152") in made[0].posting.headers
    named = batches(views[:1], Shape("s", "https://s.example", 0, b"key"))
    assert json.loads(named[0].posting.body)[0]["visitor_id"] == visitor_id(b"key", "203.0.113.0", AGENT)


class _Door:
    """Stands for the posting: takes everything, or fails after some requests."""

    def __init__(self, fail_after: int = 10**9) -> None:
        self.left = fail_after
        self.seen: list[str] = []

    def __call__(self, target, postings, answered, *, pause) -> None:
        for index, posting in enumerate(postings):
            if self.left == 0:
                raise Problem("the line is cut")
            self.left -= 1
            self.seen += [event["event_id"] for event in json.loads(posting.body)]
            answered(index, Answer(202, {"accepted": 1, "rejected": []}, 1))


def test_a_load_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    views = [PageView(n, _line(at=n)) for n in range(1, 2 * STRETCH + 101)]
    shape, mark_path = Shape("s", "https://s.example", 7, None), tmp_path / "mark.json"
    cut = _Door(fail_after=STRETCH // 50 + 2)
    monkeypatch.setattr(log_posting, "post_in_lanes", cut)
    start = resume.Mark(0, 0, 7)
    with pytest.raises(Problem):
        log_posting.post_log(views, shape, Target("", ""), start, mark_path, rate=0, report=lambda _: None)
    mark = resume.read(mark_path)
    assert mark == resume.Mark(through=STRETCH, posted=STRETCH, shift=7)
    whole = _Door()
    monkeypatch.setattr(log_posting, "post_in_lanes", whole)
    assert mark is not None
    outcome, end = log_posting.post_log(
        views, shape, Target("", ""), mark, mark_path, rate=0, report=lambda _: None
    )
    assert end.posted == len(views)
    assert len(outcome.accepted) == STRETCH + 100
    assert set(cut.seen) | set(whole.seen) == {event_id("s", view) for view in views}
    assert len(set(cut.seen) & set(whole.seen)) == 100  # posted again, with the same ids


def test_a_damaged_mark_is_reported(tmp_path: Path) -> None:
    (tmp_path / "mark.json").write_text("{}", encoding="utf-8")
    with pytest.raises(Problem, match="--from-start"):
        resume.read(tmp_path / "mark.json")


@pytest.mark.skipif(not REAL.exists(), reason="the real log is not beside the repository")
def test_a_real_log_has_as_many_sessions_as_counted() -> None:
    """Log → raw records → the whole core: the number of sessions is that of the independent count."""
    log = Log(str(REAL))
    survey = log.survey()
    assert (survey.lines, survey.unreadable) == (4939, 0)
    sites = parse_sites((FOLDER / "examples" / "sites.json").read_bytes())
    run, state = enrichments.build(References()), ShardState()
    sessions: set[tuple[str, str]] = set()
    lines = raw_lines(log.page_views(), survey.fingerprint, "loja", "https://www.loja.example", b"key")
    for number, data in enumerate(lines, start=1):
        outcome = process(Incoming(number, data), sites, run, state)
        rows = [json.loads(line) for line in outcome.lines]
        assert len(rows) == 1
        sessions.add((rows[0]["visitor_id"], rows[0]["session_id"]))
    assert number == survey.page_views
    assert len(sessions) == count_sessions(log.page_views())
