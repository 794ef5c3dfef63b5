"""docs/ingest.md: its examples run, and it names every answer, reason, setting and limit there is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ingest_lambda.settings import Settings
from schemas import Reason, json_file
from schemas.files import FOLDER
from tests.ingest_lambda.doubles import Bench, gateway

PAGE = (Path(__file__).parents[2] / "docs" / "ingest.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```http\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = list(zip(BLOCKS[::2], BLOCKS[1::2], strict=True))
OF_INGEST = list(Reason)[: list(Reason).index(Reason.RECORD_NOT_JSON)]  # the enum is grouped by who says it


def parts(block: str) -> tuple[list[str], dict[str, str], str]:
    """First line, headers, body."""
    head, _, body = block.partition("\n\n")
    first, *lines = head.splitlines()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return first.split(" "), headers, body.strip()


@pytest.mark.parametrize(("asked", "answered"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_is_answered_as_the_page_says(asked: str, answered: str) -> None:
    bench = Bench(sites=(FOLDER / "examples" / "sites.json").read_bytes())
    (method, target, _), headers, body = parts(asked)
    path, _, query = target.partition("?")
    (_, status, *_), _, expected = parts(answered)

    found, answer, _ = bench.post(
        gateway(body, method=method, path=path, query=query, headers=headers, key=None)
    )

    assert found == int(status)
    assert answer == json.loads(expected)
    if '"theme_"' in PAGE and '"theme"' in body:
        said = re.search(r'becomes `("properties": .*?)`', PAGE)
        assert said is not None
        properties: Any = json.loads("{" + said[1] + "}")
        assert bench.records()[0]["events"][0]["properties"] == properties["properties"]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("reason", OF_INGEST)
def test_every_reason_of_ingest_stands_on_the_page(reason: Reason) -> None:
    assert f"`{reason}`" in PAGE


def test_every_setting_stands_on_the_page() -> None:
    assert len(Settings._fields) == 11
    for name in (
        "RAW_STREAM",
        "REJECTED_DELIVERY",
        "SITES",
        "SITES_FIRST",
        "SALT",
        "PAYLOADS",
        "IMPORTS",
        "SCRIPTS_PATH",
        "VIEWER_HEADER",
        "TRUSTED_PROXIES",
        "ENVIRONMENT",
    ):
        assert f"`RASTRO_{name}`" in PAGE


def test_every_field_of_an_event_stands_on_the_page() -> None:
    schema = json_file("event.schema.json")
    names = set(schema["properties"]) | set(schema["$defs"]["item"]["properties"])
    for name in ("page", "screen", "ecommerce", "consent"):
        names |= set(schema["properties"][name]["properties"])
    assert not [name for name in names if f"`{name}`" not in PAGE and f"`{name}[]`" not in PAGE]
