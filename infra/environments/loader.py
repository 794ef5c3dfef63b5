"""Read `environments/<name>.toml` into an `Environment`, or say exactly what is wrong with it."""

import difflib
import re
import tomllib
from dataclasses import Field, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_type_hints

from infra.environments.settings import Environment
from schemas import SitesError, parse_sites

FOLDER = Path(__file__).parent
SITES_LIMIT = 8192  # bytes of an advanced parameter in SSM Parameter Store
_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")


class BadEnvironment(ValueError):  # noqa: N818 - reads as what it is where it is raised
    """An environment file cannot be used; the message names the file, the key and the remedy."""


def names(folder: Path = FOLDER) -> list[str]:
    """The environments there are, in alphabetical order."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def read(name: str, folder: Path = FOLDER) -> Environment:
    """The environment `name`.

    Raises:
        BadEnvironment: no such file, not TOML, an unknown key, a wrong type, a value out of bounds,
            or a sites document that cannot be used.
    """
    path = folder / f"{name}.toml"
    if not _NAME.fullmatch(name):
        raise BadEnvironment(
            f"{name!r} cannot name an environment: lower-case letters, digits and hyphens, at most 20"
        )
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadEnvironment(
            f"no environment {name!r}: there is no {path}; there are {', '.join(names(folder)) or 'none'}"
        ) from None
    except ValueError as error:
        raise BadEnvironment(f"{path} is not TOML: {error}") from None
    values = _section(Environment, document, path, "")
    environment = Environment(
        **values, name=name, folder=folder, sites_text=_sites(document.get("sites", ""), path)
    )
    _check(environment, path)
    return environment


def _section(kind: type, document: dict[str, Any], path: Path, at: str) -> dict[str, Any]:
    """Constructor arguments for `kind` from one TOML table."""
    allowed = {f.name: f for f in fields(kind) if f.name not in {"name", "folder", "sites_text"} or at}
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for key, value in document.items():
        where = f"{at}{key}"
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, n=1)
            hint = (
                f"; did you mean {at}{near[0]}?" if near else f"; settings are {', '.join(sorted(allowed))}"
            )
            raise BadEnvironment(f"{path}: unknown setting {where}{hint}")
        if is_dataclass(hints[key]):
            if not isinstance(value, dict):
                raise BadEnvironment(f"{path}: {where} is a section, write it as [{where}]")
            values[key] = hints[key](**_section(hints[key], value, path, f"{where}."))
        else:
            values[key] = _value(allowed[key], hints[key], value, path, where)
    return values


def _value(spec: Field[Any], kind: Any, value: Any, path: Path, where: str) -> Any:
    if kind == dict[str, str]:
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise BadEnvironment(f"{path}: {where} must be a table of texts")
        return value
    if kind == tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise BadEnvironment(f"{path}: {where} must be a list of texts")
        value = tuple(value)
    elif type(value) is not kind:  # not isinstance: True is an int to Python
        raise BadEnvironment(
            f"{path}: {where} must be {_kind_name(kind)}, not {value!r}. {spec.metadata.get('about', '')}"
        )
    bounds = spec.metadata
    if "choices" in bounds and value not in bounds["choices"]:
        choices = ", ".join(str(choice) for choice in bounds["choices"])
        raise BadEnvironment(f"{path}: {where} must be one of {choices}; it is {value!r}")
    if "low" in bounds and not bounds["low"] <= value <= bounds["high"]:
        raise BadEnvironment(
            f"{path}: {where} must be from {bounds['low']} to {bounds['high']}; it is {value}"
        )
    items = value if isinstance(value, tuple) else (value,)
    for item in items if "pattern" in bounds else ():
        if not re.fullmatch(bounds["pattern"], item):
            raise BadEnvironment(f"{path}: {where} is not of the expected form: {item!r}. {bounds['about']}")
    return value


def _kind_name(kind: Any) -> str:
    return {int: "a whole number", str: "a text", bool: "true or false", float: "a number"}.get(
        kind, str(kind)
    )


def _sites(relative: str, path: Path) -> str:
    """The text of the sites document, checked by the same code that reads it in production."""
    if not relative:
        raise BadEnvironment(f"{path}: sites is missing: name the sites document, relative to this file")
    document = path.parent / relative
    try:
        text = document.read_text(encoding="utf-8")
    except OSError as error:
        raise BadEnvironment(f"{path}: sites cannot be read: {error}") from None
    try:
        parse_sites(text)
    except SitesError as error:
        raise BadEnvironment(f"{document}: {error}") from None
    if len(text.encode()) > SITES_LIMIT:
        raise BadEnvironment(
            f"{document}: {len(text.encode())} bytes; "
            f"the parameter store takes {SITES_LIMIT}. Remove blanks or sites"
        )
    return text


def _check(environment: Environment, path: Path) -> None:
    """What a single value cannot show."""
    try:
        date.fromisoformat(environment.lake.first_day)
    except ValueError:
        raise BadEnvironment(
            f"{path}: lake.first_day is not a day of the calendar: {environment.lake.first_day!r}"
        ) from None
    network = environment.network
    if bool(network.vpc_id) != bool(network.private_subnets) or len(network.private_subnets) != len(
        network.availability_zones
    ):
        raise BadEnvironment(
            f"{path}: network.vpc_id, private_subnets and availability_zones go together, "
            "with one zone for each subnet; or leave all three out"
        )
    if environment.consumer.tasks_max < environment.consumer.tasks_min:
        raise BadEnvironment(f"{path}: consumer.tasks_max must not be less than consumer.tasks_min")
    if bool(environment.edge.domain) != bool(environment.edge.certificate_arn):
        raise BadEnvironment(f"{path}: edge.domain and edge.certificate_arn go together")
    monitoring = environment.monitoring
    if environment.stacks.monitoring and monitoring.canary:
        if not environment.stacks.analytics:
            raise BadEnvironment(f"{path}: monitoring.canary asks Athena, so stacks.analytics must be true")
        if monitoring.canary_site not in parse_sites(environment.sites_text).by_name:
            raise BadEnvironment(
                f"{path}: monitoring.canary_site is {monitoring.canary_site!r}, which the sites document does "
                "not have; add it, name another, or set monitoring.canary = false"
            )
    if environment.locked and environment.monitoring.canary and not environment.edge.domain:
        raise BadEnvironment(
            f"{path}: behind the edge the canary needs edge.domain to post to; or set monitoring.canary = false"
        )
    _check_task_size(environment, path)
    if environment.ingest.burst < environment.ingest.requests_per_second:
        raise BadEnvironment(f"{path}: ingest.burst must not be less than ingest.requests_per_second")


_TASK_MEMORY = {
    256: (512, 2048),
    512: (1024, 4096),
    1024: (2048, 8192),
    2048: (4096, 16384),
    4096: (8192, 30720),
    8192: (16384, 61440),
}
"""CPU units to least and most MiB, as Fargate sells them."""


def _check_task_size(environment: Environment, path: Path) -> None:
    low, high = _TASK_MEMORY[environment.consumer.cpu]
    memory = environment.consumer.memory_mib
    if not low <= memory <= high or memory % 1024 not in {0, 512}:
        raise BadEnvironment(
            f"{path}: consumer.memory_mib is {memory}; with {environment.consumer.cpu} CPU units "
            f"Fargate sells {low} to {high} in steps of 1024"
        )
