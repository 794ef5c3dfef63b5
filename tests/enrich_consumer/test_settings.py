"""The settings: read once, all problems reported at once, and every one documented."""

import re
from pathlib import Path

import pytest

from enrich_consumer.policy import Policy
from enrich_consumer.settings import Settings, SettingsError
from schemas import Site, json_file

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = {
    "RASTRO_APPLICATION": "shop",
    "RASTRO_RAW_STREAM": "raw",
    "RASTRO_ENRICHED_STREAM": "enriched",
    "RASTRO_REJECTED_DELIVERY": "rejected",
    "RASTRO_STATE": "s3://bucket/state",
    "RASTRO_SITES": "ssm:/sites",
}


def problem(**changed: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(REQUIRED | changed)
    return str(caught.value)


def test_what_is_required_is_enough():
    found = Settings.from_env(REQUIRED | {"UNRELATED": "x"})
    assert found[:6] == ("shop", "raw", "enriched", "rejected", "s3://bucket/state", "ssm:/sites")
    assert found.region == "sa-east-1"
    assert found.policy == Policy()
    assert found.kinesis_endpoint is None


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"region": "us-east-1", "flush_seconds": 0.5, "allow_missing_state": True, "geo_city": "/a b.mmdb"},
        {
            "retrieval": "FANOUT",
            "kinesis_endpoint": "http://127.0.0.1:1",
            "snapshot_saves": 3,
            "log": "/proc/1/fd/2",
        },
    ],
)
def test_settings_written_as_variables_are_read_as_the_same(changed):
    settings = Settings.from_env(REQUIRED)._replace(**changed)
    assert Settings.from_env(settings.to_env()) == settings
    assert len(settings.to_env()) == len(REQUIRED) + len({"region", *changed})


def test_everything_can_be_said():
    found = Settings.from_env(
        REQUIRED
        | {
            "AWS_REGION": "eu-west-1",
            "RASTRO_FLUSH_EVENTS": " 7 ",
            "RASTRO_FLUSH_SECONDS": "0.5",
            "RASTRO_CHECKPOINT_SECONDS": "0",
            "RASTRO_SNAPSHOT_SAVES": "9",
            "RASTRO_ALLOW_MISSING_STATE": "1",
            "RASTRO_RETRIEVAL": "FANOUT",
        }
    )
    assert found.region == "eu-west-1"
    assert found.policy == Policy(7, 0.5, 0.0, 9)
    assert found.allow_missing_state is True
    assert found.retrieval == "FANOUT"


@pytest.mark.parametrize(
    ("text", "value"), [("0", False), ("false", False), ("TRUE", True), ("1", True), ("", False)]
)
def test_flags(text: str, value: bool):
    assert Settings.from_env(REQUIRED | {"RASTRO_ALLOW_MISSING_STATE": text}).allow_missing_state is value


def test_one_endpoint_for_all_and_single_ones():
    found = Settings.from_env(
        REQUIRED | {"AWS_ENDPOINT_URL": "http://all", "RASTRO_DYNAMODB_ENDPOINT": "http://one"}
    )
    assert (found.kinesis_endpoint, found.dynamodb_endpoint) == ("http://all", "http://one")


def test_every_missing_variable_is_named():
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"RASTRO_SITES": "  "})
    assert all(f"{name} is not set" in str(caught.value) for name in REQUIRED)
    assert "docs/settings.md" in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("RASTRO_FLUSH_EVENTS", "many", "RASTRO_FLUSH_EVENTS is 'many', which is not a whole number"),
        ("RASTRO_FLUSH_EVENTS", "1.5", "RASTRO_FLUSH_EVENTS is '1.5', which is not a whole number"),
        ("RASTRO_FLUSH_EVENTS", "0", "RASTRO_FLUSH_EVENTS is 0, which is less than 1"),
        ("RASTRO_SNAPSHOT_SAVES", "-1", "RASTRO_SNAPSHOT_SAVES is -1, which is less than 1"),
        ("RASTRO_FLUSH_SECONDS", "soon", "RASTRO_FLUSH_SECONDS is 'soon', which is not a number"),
        ("RASTRO_FLUSH_SECONDS", "nan", "RASTRO_FLUSH_SECONDS is nan, which is"),
        ("RASTRO_CHECKPOINT_SECONDS", "inf", "RASTRO_CHECKPOINT_SECONDS is inf, which is"),
        ("RASTRO_CHECKPOINT_SECONDS", "-0.1", "RASTRO_CHECKPOINT_SECONDS is -0.1, which is less than 0"),
        ("RASTRO_FAILOVER_MS", "10", "RASTRO_FAILOVER_MS is 10, which is less than 1000"),
        ("RASTRO_ALLOW_MISSING_STATE", "yes", "RASTRO_ALLOW_MISSING_STATE is 'yes', which is not 0 or 1"),
        ("RASTRO_RETRIEVAL", "polling", "RASTRO_RETRIEVAL is 'polling', which is none of POLLING, FANOUT"),
        ("RASTRO_INITIAL_POSITION", "NOW", "which is none of TRIM_HORIZON, LATEST"),
    ],
)
def test_a_wrong_value_is_reported(variable: str, value: str, message: str):
    assert message in problem(**{variable: value})


def test_all_problems_are_reported_at_once():
    message = problem(RASTRO_STATE="", RASTRO_FLUSH_EVENTS="many", RASTRO_RETRIEVAL="no")
    assert all(name in message for name in ("RASTRO_STATE", "RASTRO_FLUSH_EVENTS", "RASTRO_RETRIEVAL"))


# docs/settings.md


def documented(section: str) -> dict[str, str]:
    """First column → second column of the section's table."""
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    part = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", part, re.MULTILINE))


def test_every_setting_of_the_consumer_is_documented_with_its_default():
    table = documented("Consumer")
    names = {
        field: "AWS_REGION" if field == "region" else f"RASTRO_{field.upper()}" for field in Settings._fields
    }
    assert set(table) == set(names.values())
    for field, variable in names.items():
        default = Settings._field_defaults.get(field, "required")
        if default is None:
            continue  # prose tells what happens then
        if isinstance(default, bool):
            default = int(default)
        in_docs = table[variable].strip("`")
        assert in_docs == (
            f"{default:g}" if isinstance(default, (int, float)) and default < 1000 else str(default)
        )


def test_every_setting_of_the_function_is_documented():
    source = (ROOT / "ingest_lambda" / "settings.py").read_text(encoding="utf-8")
    assert set(documented("Ingest function")) == set(re.findall(r'"(RASTRO_[A-Z]\w+)"', source))


def test_every_field_of_the_sites_document_is_documented_with_its_default():
    table = documented("The sites document")
    fields = json_file("sites.schema.json")["$defs"]["site"]["properties"]
    assert set(table) == set(fields)
    for name in fields:
        default = Site._field_defaults.get(name)
        if isinstance(default, (str, int)):
            assert table[name].strip("`") == str(default).replace("True", "true").replace("False", "false")
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert all(name in text for name in fields["session"]["properties"])
