"""Objects with known fields: each converted by its own rule, the unknown ones handed back."""

from collections.abc import Mapping
from typing import Any

from ingest_lambda.events.normalise.numbers import pixels, screen_size
from ingest_lambda.events.normalise.repairs import TO_OBJECT, Repairs
from ingest_lambda.events.normalise.values import Convert, an_object, text

Fields = Mapping[str, Convert]

PAGE: Fields = {"url": text(8_192), "title": text(2_048), "referrer": text(8_192)}
SCREEN: Fields = {"width": pixels, "height": pixels, "viewport_width": pixels, "viewport_height": pixels}
_PAGE_PATHS = {name: f"page.{name}" for name in PAGE}
_SCREEN_PATHS = {name: f"screen.{name}" for name in SCREEN}

Converted = tuple[dict[str, Any] | None, dict[str, Any]]
"""The object as the raw record holds it, and its unknown fields, which go into `properties`."""


def of_object(
    given: dict[str, Any], fields: Fields, paths: Mapping[str, str], repairs: Repairs
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Convert the known fields; `paths` names them in repairs. Null stays null."""
    result: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for name, value in given.items():
        convert = fields.get(name)
        if convert is None:
            unknown[name] = value
        elif value is None:
            result[name] = None
        else:
            result[name] = convert(value, paths[name], repairs)
    return result, unknown


def page(value: Any, repairs: Repairs) -> Converted:
    """A page; a text that looks like a URL is the page's."""
    if type(value) is str and value.startswith(("http://", "https://", "/", "www.")):
        repairs.note("page", TO_OBJECT)
        value = {"url": value}
    given = an_object(value, "page", repairs)
    return (None, {}) if given is None else of_object(given, PAGE, _PAGE_PATHS, repairs)


def screen(value: Any, repairs: Repairs) -> Converted:
    """A screen; `1920x1080` is its width and height."""
    size = screen_size(value)
    if size is not None:
        repairs.note("screen", TO_OBJECT)
        return size, {}
    given = an_object(value, "screen", repairs)
    return (None, {}) if given is None else of_object(given, SCREEN, _SCREEN_PATHS, repairs)
