"""The settings of the function, from its environment."""

import re
from collections.abc import Mapping
from typing import NamedTuple

MAX_PROXIES = 10
PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+/")


class SettingsError(ValueError):
    """The environment cannot be used; the message names the variable and what it wants."""


class Settings(NamedTuple):
    """`sites` and `cookieless_secret` name their sources: `ssm:/parameter/name` or `file:/path`.

    `cookieless_secret`: the secret behind cookieless visitor ids. `viewer_header` is the lower-case name of a header
    in which a proxy of ours puts the client's IP address; None: the connection's counts.
    `trusted_proxies`: how many of the right-most IP addresses in it are proxies of ours.
    `payloads` is `s3://bucket/prefix`, for rejected events that are too large for a row; None: they are
    refused. `environment` is a dimension of the metrics. `sites_first` is the path of a sites document in the package,
    which serves until the real one was read. `imports` is `s3://bucket/prefix` for events of long ago
    that servers send; None: they are rejected. `scripts_path`: the path under which the tracker's files are served,
    empty: they are not.
    """

    raw_stream: str
    rejected_delivery: str
    sites: str
    cookieless_secret: str
    viewer_header: str | None = None
    trusted_proxies: int = 0
    payloads: str | None = None
    environment: str = "default"
    sites_first: str | None = None
    imports: str | None = None
    scripts_path: str = ""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read the RASTRO_* variables.

        Raises:
            SettingsError: one is missing or malformed.
        """
        return cls(
            raw_stream=_needed(env, "RASTRO_RAW_STREAM", "the name of the raw stream"),
            rejected_delivery=_needed(env, "RASTRO_REJECTED_DELIVERY", "the name of the rejected delivery"),
            sites=_source(env, "RASTRO_SITES"),
            cookieless_secret=_source(env, "RASTRO_SALT"),
            viewer_header=env.get("RASTRO_VIEWER_HEADER", "").strip().lower() or None,
            trusted_proxies=_count(env, "RASTRO_TRUSTED_PROXIES"),
            payloads=_s3_prefix(env, "RASTRO_PAYLOADS"),
            sites_first=env.get("RASTRO_SITES_FIRST", "").strip() or None,
            environment=env.get("RASTRO_ENVIRONMENT", "").strip() or "default",
            imports=_s3_prefix(env, "RASTRO_IMPORTS"),
            scripts_path=_path(env, "RASTRO_SCRIPTS_PATH"),
        )


def _needed(env: Mapping[str, str], name: str, meaning: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set; it is {meaning}")
    return value


def _source(env: Mapping[str, str], name: str) -> str:
    value = _needed(env, name, "ssm:/parameter/name or file:/path")
    if not value.startswith(("ssm:/", "file:/")):
        raise SettingsError(f"{name} is {value!r}; it must be ssm:/parameter/name or file:/path")
    return value


def _count(env: Mapping[str, str], name: str) -> int:
    value = env.get(name, "").strip() or "0"
    if not value.isascii() or not value.isdigit() or int(value) > MAX_PROXIES:
        raise SettingsError(f"{name} is {value!r}; it must be a number from 0 to {MAX_PROXIES}")
    return int(value)


def _path(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if value and (not PATH.fullmatch(value) or value.startswith("/v1/")):
        raise SettingsError(f"{name} is {value!r}; it must be a path like /r/, and not below /v1/")
    return value


def _s3_prefix(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name, "").strip().rstrip("/")
    if value and not (value.startswith("s3://") and "/" in value.removeprefix("s3://")):
        raise SettingsError(f"{name} is {value!r}; it must be s3://bucket/prefix")
    return value or None
