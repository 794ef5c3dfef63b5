"""The browsers of Brazilian shoppers, and the crawlers that visit every shop. Weights are per cent, roughly.

Versions are those of real releases; Chromium browsers send their frozen user agent and client hints.
"""

from typing import NamedTuple


class Device(NamedTuple):
    """One browser on one kind of device. `hints`: Sec-CH-UA headers of Chromium browsers."""

    weight: int
    user_agent: str
    screen: tuple[int, int]
    viewport: tuple[int, int]
    hints: tuple[tuple[str, str], ...] = ()
    in_app: str = ""  # the network whose application opened the page
    crawler_network: str = ""  # IP addresses of the operator of a crawler


def _chromium(
    brand: str, version: int, platform: str, mobile: bool, model: str = ""
) -> tuple[tuple[str, str], ...]:
    brands = f'"Not)A;Brand";v="8", "Chromium";v="{version}", "{brand}";v="{version}"'
    hints = [
        ("Sec-CH-UA", brands),
        ("Sec-CH-UA-Mobile", "?1" if mobile else "?0"),
        ("Sec-CH-UA-Platform", f'"{platform}"'),
    ]
    if model:
        hints += [("Sec-CH-UA-Model", f'"{model}"'), ("Sec-CH-UA-Platform-Version", '"15.0.0"')]
    return tuple(hints)


_KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {_KHTML}"

BROWSERS = (
    Device(20, f"{_ANDROID} Chrome/141.0.0.0 Mobile Safari/537.36", (412, 915), (412, 785),
           _chromium("Google Chrome", 141, "Android", mobile=True, model="SM-A155M")),
    Device(12, f"{_ANDROID} Chrome/140.0.0.0 Mobile Safari/537.36", (393, 873), (393, 742),
           _chromium("Google Chrome", 140, "Android", mobile=True, model="moto g54 5G")),
    Device(6, f"{_ANDROID} Chrome/138.0.0.0 Mobile Safari/537.36", (393, 851), (393, 720),
           _chromium("Google Chrome", 138, "Android", mobile=True, model="2312DRA50G")),
    Device(6, f"{_ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", (384, 854), (384, 726),
           _chromium("Samsung Internet", 28, "Android", mobile=True)),
    Device(12, f"{_IPHONE} Version/18.6 Mobile/15E148 Safari/604.1", (393, 852), (393, 660)),
    Device(2, f"{_IPHONE} CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1", (390, 844), (390, 664)),
    Device(1, "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
              " Version/17.7 Mobile/15E148 Safari/604.1", (820, 1180), (820, 1080)),
    Device(14, f"{_WINDOWS} {_KHTML} Chrome/141.0.0.0 Safari/537.36", (1366, 768), (1349, 625),
           _chromium("Google Chrome", 141, "Windows", mobile=False)),
    Device(5, f"{_WINDOWS} {_KHTML} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", (1920, 1080), (1903, 945),
           _chromium("Microsoft Edge", 141, "Windows", mobile=False)),
    Device(2, f"{_WINDOWS} {_KHTML} Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0", (1920, 1080), (1875, 940),
           _chromium("Opera GX", 124, "Windows", mobile=False)),
    Device(2, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
           (1920, 1080), (1903, 955)),
    Device(1, "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
           (1920, 1080), (1920, 951)),
    Device(3, f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
           (1440, 900), (1440, 789)),
    Device(2, f"{_MAC} {_KHTML} Chrome/141.0.0.0 Safari/537.36", (1512, 982), (1512, 823),
           _chromium("Google Chrome", 141, "macOS", mobile=False)),
    Device(4, f"Mozilla/5.0 (Linux; Android 14; SM-A546E Build/UP1A.231005.007; wv) {_KHTML} Version/4.0"
              " Chrome/140.0.7339.207 Mobile Safari/537.36 Instagram 400.0.0.49.68 Android (34/14; 450dpi;"
              " 1080x2210; samsung; SM-A546E; a54x; s5e8835; pt_BR; 788291201)",
           (384, 854), (384, 700), in_app="instagram"),
    Device(3, f"{_IPHONE} Mobile/22G86 Instagram 399.0.0.31.75 (iPhone15,2; iOS 18_6; pt_BR; pt; scale=3.00;"
              " 1179x2556; 787654321)", (393, 852), (393, 720), in_app="instagram"),
    Device(2, f"Mozilla/5.0 (Linux; Android 13; M2101K7BL Build/TP1A.220624.014; wv) {_KHTML} Version/4.0"
              " Chrome/139.0.7258.143 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/528.0.0.66.72;]",
           (393, 873), (393, 716), in_app="facebook"),
    Device(1, f"Mozilla/5.0 (Linux; Android 14; SM-G991B Build/UP1A.231005.007; wv) {_KHTML} Version/4.0"
              " Chrome/139.0.7258.158 Mobile Safari/537.36 musical_ly_2024105030 BytedanceWebview/d8a21c6",
           (360, 800), (360, 660), in_app="tiktok"),
)  # fmt: skip

CRAWLERS = (
    Device(5, f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) {_KHTML} Chrome/141.0.7390.54"
              " Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
           (412, 732), (412, 732), crawler_network="66.249.64.0/20"),
    Device(2, "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0;"
              " +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36",
           (1280, 1024), (1280, 1024), crawler_network="157.55.39.0/24"),
    Device(1, "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
           (1280, 1024), (1280, 1024), crawler_network="54.36.148.0/24"),
    Device(1, f"Mozilla/5.0 {_KHTML}; compatible; GPTBot/1.2; +https://openai.com/gptbot",
           (1280, 1024), (1280, 1024), crawler_network="20.171.206.0/24"),
)  # fmt: skip
