"""Selects the requests that are views of a page."""

from pathlib import PurePosixPath
from urllib.parse import parse_qsl, urlsplit

from rastro.access_log.line import Line

_FILES = """
7z apk appcache atom avi avif bak bin bmp bz2 cab css csv cur dat deb dmg doc docx eot eps exe flac flv gif gz ico ics
img iso jar jpeg jpg js json jsonld jsonp log m3u8 m4a m4v map md5 mid mjs mkv mov mp3 mp4 mpeg mpg mpd msi odp ods odt
oga ogg ogv otf pdf png ppt pptx ps psd rar rdf rpm rss rtf sha256 sig sql svg svgz swf tar tgz tif tiff torrent ts tsv
ttf txt vcf vtt war wasm wav webm webmanifest webp wma wmv woff woff2 xls xlsx xml xpi xz yaml yml zip zst
"""
FILE_ENDINGS = frozenset(_FILES.split())
"""Endings of files that a page or a program loads. Every other ending is a page's (.php, .do) or part of its name."""
FEEDS = frozenset({"feed", "rss", "atom"})
FEED_FIELDS = frozenset({"feed", "flav", "format", "fmt", "output", "type"})
"""Fields of a query that ask for a feed; a search for "rss" is none."""


def is_page(line: Line) -> bool:
    """Whether a request showed a page: a GET that was answered with it (2xx or 304), no asset, no feed."""
    if line.method != "GET" or not (200 <= line.status < 300 or line.status == 304) or line.status == 206:
        return False
    url = urlsplit(line.target if "://" in line.target else "//host/" + line.target.lstrip("/"))
    path = PurePosixPath(url.path)
    if path.suffix.lower().removeprefix(".") in FILE_ENDINGS or path.name.lower() in FEEDS:
        return False
    asked = ((name.lower(), value.lower()) for name, value in parse_qsl(url.query))
    return not any(name in FEED_FIELDS and value.rstrip("0123456789.") in FEEDS for name, value in asked)
