"""Databases from MaxMind with the operator's own account, through MaxMind's own client.

The client reads its own variables (GEOIPUPDATE_HOST, _PROXY, _RETRY_FOR, ...), fetches only what changed, compares the
MD5 that MaxMind gives, and moves a file there by a rename.
"""

import asyncio
import dataclasses
import logging
import sys
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pygeoipupdate import (
    AuthenticationError,
    Config,
    ConfigError,
    GeoIPUpdateError,
    HTTPError,
    Updater,
    UpdateResult,
)

from reference_data import licences
from reference_data.databases import date_of, maxmind_path
from reference_data.errors import FetchError
from reference_data.links import point
from reference_data.mmdb import ReferenceDataError, kind_of, open_database

NEEDED = ("GEOIPUPDATE_ACCOUNT_ID", "GEOIPUPDATE_LICENSE_KEY")
RETRY_FOR = "20s"
"""The client's own five minutes are for a nightly job; here somebody waits. GEOIPUPDATE_RETRY_FOR goes first."""

_REASONS = {
    403: "the account has no right to it",
    404: "MaxMind has no such edition",
    429: "the account's downloads of today are used up",
}


def fetch(editions: Sequence[str], environment: Mapping[str, str]) -> None:
    """Bring these editions and take them into use.

    Raises:
        FetchError: no account given, refused, not reachable, or an edition of no use here.
    """
    kinds = _kinds(editions)
    missing = [name for name in NEEDED if not environment.get(name) and not environment.get(f"{name}_FILE")]
    if missing:
        raise FetchError(
            f"{' and '.join(missing)} not set: the id and a licence key of your own MaxMind account "
            "(docs/enrichments.md)"
        )
    folder = maxmind_path(environment, "city").parent
    folder.mkdir(
        parents=True, exist_ok=True
    )  # the client would shut it to others, the image's user among them
    config = _config(editions, folder)
    print(f"rastro: fetching {', '.join(editions)} from {config.host} ...", file=sys.stderr)
    _update(config)
    for kind, edition in kinds.items():
        file = folder / f"{edition}.mmdb"
        try:
            database = open_database(file, kind)
        except ReferenceDataError as error:
            raise FetchError(f"what MaxMind sent cannot be used: {error}") from None
        point(maxmind_path(environment, kind), file.name)
        built, words = date_of(database.built_at), licences.of_maxmind(database.kinds)
        print(f"rastro: {file} of {built} is in use from now on. {words}", file=sys.stderr)
    _tidy(folder)


def _kinds(editions: Sequence[str]) -> dict[str, str]:
    """Kind → edition."""
    kinds: dict[str, str] = {}
    for edition in editions:
        kind = kind_of(edition)
        if kind is None:
            raise FetchError(f"--editions: {edition!r} is neither a city, country nor network database")
        if kind in kinds:
            raise FetchError(
                f"--editions: {kinds[kind]} and {edition} are for the same columns; name one of them"
            )
        kinds[kind] = edition
    return kinds


def _config(editions: Sequence[str], folder: Path) -> Config:
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as defaults:
        defaults.write(f"EditionIDs {' '.join(editions)}\nRetryFor {RETRY_FOR}\n")
        defaults.flush()
        try:  # a file of ours, so that one of the machine's geoipupdate has no say
            config = Config.from_file(Path(defaults.name), database_directory=folder)
            return dataclasses.replace(config, edition_ids=tuple(editions))
        except ConfigError as error:
            raise FetchError(f"a GEOIPUPDATE_ variable is wrong: {error}") from None


def _update(config: Config) -> list[UpdateResult]:
    logging.getLogger("pygeoipupdate").setLevel(
        logging.ERROR
    )  # its retries; the error below says what is wrong

    async def update() -> list[UpdateResult]:
        async with Updater(config) as updater:
            return await updater.run()

    try:
        return asyncio.run(update())
    except AuthenticationError:
        raise FetchError(
            f"{config.host} refuses the account (401): look at {' and '.join(NEEDED)}; a new key needs some minutes"
        ) from None
    except HTTPError as error:
        why = _REASONS.get(error.status_code, " ".join(error.body.split()) or "no reason given")
        raise FetchError(f"{config.host} answers {error.status_code}: {why}") from None
    # The last three are what a cut archive, or an answer that is no JSON, can raise in the client uncaught.
    except (GeoIPUpdateError, OSError, ValueError, EOFError, zlib.error) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise FetchError(f"nothing usable from {config.host}: {said}") from None


def _tidy(folder: Path) -> None:
    """Remove editions that nothing leads to any more: the licence forbids to hoard old ones."""
    used = {link.resolve() for link in folder.iterdir() if link.is_symlink()}
    for file in folder.glob("*.mmdb"):
        if not file.is_symlink() and file.resolve() not in used:
            file.unlink()
