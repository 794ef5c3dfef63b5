"""Opens the geo databases, and takes a newer file into use without a restart."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reference_data.lookups import References
from reference_data.mmdb import ReferenceDataError, fingerprint, open_database

LOOK_EVERY_S = 60.0
"""How often the files are looked at; a look costs one `stat` per file."""

CITY = "dbip-city-lite"
"""The folder, below the data folder, where `rastro data fetch` keeps the default city database."""

_log = logging.getLogger(__name__)


def data_folder(environment: Mapping[str, str]) -> Path:
    """Where `rastro data fetch` keeps reference data: RASTRO_DATA_DIR, else the user's cache folder.

    One per user and not one per clone, because the files are large.
    """
    if folder := environment.get("RASTRO_DATA_DIR"):
        return Path(folder)
    cache = environment.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "rastro" / "data"


def free_city_path(environment: Mapping[str, str]) -> Path:
    """Where the free city database is, or will be once it is fetched."""
    return data_folder(environment) / CITY / "current"


def maxmind_path(environment: Mapping[str, str], kind: str) -> Path:
    """Where `rastro data fetch --maxmind` has its link to the database of a kind, `city` or `asn`."""
    return data_folder(environment) / "maxmind" / f"{kind}.mmdb"


def default_city(environment: Mapping[str, str]) -> str:
    """Path of the city database that was fetched, MaxMind's before the free one; empty when there is none."""
    paths = (maxmind_path(environment, "city"), free_city_path(environment))
    return next((str(path) for path in paths if path.exists()), "")


def default_asn(environment: Mapping[str, str]) -> str:
    """Path of the network database that was fetched from MaxMind, or empty when there is none."""
    path = maxmind_path(environment, "asn")
    return str(path) if path.exists() else ""


NONE = ("", "none")
"""What a setting says to do without a database."""


class Watched:
    """A database behind a path; looks from time to time whether the path leads to a newer one."""

    def __init__(self, path: str, kind: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Open it.

        Raises:
            ReferenceDataError: no such file, not a database, or of another kind.
        """
        self._path = Path(path)
        self._kind = kind
        self._clock = clock
        self.database = open_database(self._path, kind)
        self._seen = self.database.fingerprint
        self._look_at = clock() + LOOK_EVERY_S

    def get(self, ip: str) -> Mapping[str, Any] | None:
        """The answer of the database in use."""
        return self.database.get(ip)

    def version(self) -> str:
        """What identifies the database in use; may change it first, when it is time to look."""
        if self._clock() >= self._look_at:
            self._look()
        return self.database.fingerprint

    def _look(self) -> None:
        self._look_at = self._clock() + LOOK_EVERY_S
        try:
            if fingerprint(self._path) == self._seen:
                return
            newer = open_database(self._path, self._kind)
        except ReferenceDataError as error:
            _log.warning("%s; going on with the one of %s", error, date_of(self.database.built_at))
            return
        self._seen = newer.fingerprint
        self.database = newer
        _log.info("%s database of %s is in use now", self._kind, date_of(newer.built_at))


def date_of(built_at: int) -> str:
    """Epoch seconds as YYYY-MM-DD."""
    return datetime.fromtimestamp(built_at, UTC).date().isoformat()


def open_references(
    city_path: str | None, asn_path: str | None, clock: Callable[[], float] = time.monotonic
) -> References:
    """The look-ups over the databases at these paths.

    No path (None) means: what `rastro data fetch` stored, if anything. Empty or `none`: do without.

    Raises:
        ReferenceDataError: a database that was asked for is missing or broken; says which and how to get it.
    """
    if city_path is None:
        city_path = default_city(os.environ)
    if asn_path is None:
        asn_path = default_asn(os.environ)
    city = None if city_path in NONE else Watched(city_path, "city", clock)
    asn = None if asn_path in NONE else Watched(asn_path, "asn", clock)
    watched = [one for one in (city, asn) if one]
    nothing = References()

    def version() -> str:
        return " ".join([one.version() for one in watched])

    def city_date() -> str | None:
        return date_of(city.database.built_at) if city else None

    return References(
        city=city.get if city else nothing.city,
        asn=asn.get if asn else nothing.asn,
        version=version if watched else nothing.version,
        city_date=city_date,
    )
