"""Is a server there?"""

from urllib.error import URLError
from urllib.request import urlopen


def answers(url: str) -> bool:
    """Whether anything but an error comes from this URL."""
    try:
        with urlopen(url, timeout=60):
            return True
    except URLError:
        return False
