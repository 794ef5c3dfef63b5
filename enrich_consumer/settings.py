"""The consumer's settings: read once from the environment, then passed on as a value."""

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from enrich_consumer.policy import Policy


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names all of them."""


class Settings(NamedTuple):
    """Everything a deployment decides. The environment variables behind it: docs/settings.md."""

    application: str
    raw_stream: str
    enriched_stream: str
    rejected_delivery: str
    state: str
    sites: str
    session_ends_delivery: str | None = None
    cart_events_delivery: str | None = None
    cart_bus: str | None = None
    cart_signing_key: str | None = None
    region: str = "sa-east-1"
    geo_city: str | None = None
    geo_asn: str | None = None
    enrichments: str | None = None
    heartbeat: str | None = None
    log: str | None = None
    allow_missing_state: bool = False
    worker_id: str | None = None
    initial_position: str = "TRIM_HORIZON"
    retrieval: str = "POLLING"
    failover_ms: int = 4_000
    idle_ms: int = 500
    max_leases: int = 0
    put_format: str = "CBOR"
    decimals: str = "TEXT"
    kinesis_endpoint: str | None = None
    dynamodb_endpoint: str | None = None
    flush_events: int = 10_000
    flush_seconds: float = 5.0
    checkpoint_seconds: float = 5.0
    snapshot_saves: int = 60
    put_seconds: float = 0.25

    @property
    def policy(self) -> Policy:
        """When the worker puts, flushes, checkpoints and snapshots."""
        return Policy(
            self.flush_events,
            self.flush_seconds,
            self.checkpoint_seconds,
            self.snapshot_saves,
            self.put_seconds,
        )

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read `RASTRO_<FIELD>`; the region is `AWS_REGION`, endpoints default to `AWS_ENDPOINT_URL`.

        Raises:
            SettingsError: naming every variable that is missing or cannot be read.
        """
        problems: list[str] = []
        values: dict[str, object] = {}
        for name, kind in cls.__annotations__.items():
            variable = _variable(name)
            text = env.get(variable, "").strip()
            if not text:
                if name not in cls._field_defaults:
                    problems.append(f"{variable} is not set")
                continue
            try:
                values[name] = _convert(text, kind)
            except ValueError:
                problems.append(f"{variable} is {text!r}, which is not {_NOUNS[kind]}")
        endpoint = env.get("AWS_ENDPOINT_URL", "").strip()
        if endpoint:
            values.setdefault("kinesis_endpoint", endpoint)
            values.setdefault("dynamodb_endpoint", endpoint)
        problems += _choices(values) + _ranges(values)
        if problems:
            raise SettingsError("; ".join(problems) + " (docs/settings.md says what each means)")
        return cls(**values)  # type: ignore[arg-type] # each was converted by its own annotation

    def to_env(self) -> dict[str, str]:
        """The environment variables that `from_env` reads as these settings: what is required, the region, and what
        differs from its default."""
        always = ("region", *(name for name in self._fields if name not in self._field_defaults))
        env = {}
        for name, value in self._asdict().items():
            if name in always or value != self._field_defaults[name]:
                env[_variable(name)] = str(int(value)) if isinstance(value, bool) else str(value)
        return env


def enrichment_names(text: str | None) -> tuple[str, ...] | None:
    """RASTRO_ENRICHMENTS, names with commas between → the names; nothing → None, which means all.

    Raises:
        SettingsError: they name one that does not exist, or leave out one that another needs.
    """
    from enrich_consumer.core import enrichments  # noqa: PLC0415 - whoever only writes settings loads no patterns

    if not text or not text.strip():
        return None
    names = tuple(name.strip() for name in text.split(","))
    try:
        enrichments.check(names)
    except enrichments.EnrichmentsError as error:
        raise SettingsError(f"RASTRO_ENRICHMENTS: {error}") from None
    return names


_CHOICES = {
    "retrieval": ("POLLING", "FANOUT"),
    "initial_position": ("TRIM_HORIZON", "LATEST"),
    "put_format": ("CBOR", "JSON"),
    "decimals": ("TEXT", "NUMBER"),
}
_NOUNS: dict[object, str] = {int: "a whole number", float: "a number", bool: "0 or 1"}
_AT_LEAST = {"failover_ms": 1_000, "idle_ms": 1, "flush_events": 1, "snapshot_saves": 1}
"""The least value of a number; 0 where it is not listed."""
_FLAGS = {"0": False, "1": True, "false": False, "true": True}


def _variable(name: str) -> str:
    return "AWS_REGION" if name == "region" else f"RASTRO_{name.upper()}"


def _convert(text: str, kind: object) -> object:
    if kind is bool:
        if text.lower() not in _FLAGS:
            raise ValueError(text)
        return _FLAGS[text.lower()]
    if kind is int:
        return int(text)
    if kind is float:
        return float(text)
    return text


def _choices(values: Mapping[str, object]) -> list[str]:
    return [
        f"{_variable(name)} is {values[name]!r}, which is none of {', '.join(allowed)}"
        for name, allowed in _CHOICES.items()
        if name in values and values[name] not in allowed
    ]


def _ranges(values: Mapping[str, object]) -> list[str]:
    problems = []
    for name, value in values.items():
        least = _AT_LEAST.get(name, 0)
        if isinstance(value, (int, float)) and not least <= value < inf:
            problems.append(f"{_variable(name)} is {value}, which is less than {least} or no number at all")
    return problems
