"""The environment is read once, and what is wrong in it is named."""

import pytest

from ingest_lambda.settings import Settings, SettingsError

ENV = {
    "RASTRO_RAW_STREAM": "raw",
    "RASTRO_REJECTED_DELIVERY": "rejected",
    "RASTRO_SITES": "ssm:/sites",
    "RASTRO_SALT": "file:/salt",
}


def test_the_least_environment() -> None:
    assert Settings.from_env(ENV) == Settings("raw", "rejected", "ssm:/sites", "file:/salt")


def test_everything_set() -> None:
    more = {
        "RASTRO_VIEWER_HEADER": "CloudFront-Viewer-Address",
        "RASTRO_PAYLOADS": "s3://lake/payloads/",
        "RASTRO_ENVIRONMENT": "prod",
    }

    settings = Settings.from_env(ENV | more)

    assert settings.viewer_header == "cloudfront-viewer-address"
    assert (settings.payloads, settings.environment) == ("s3://lake/payloads", "prod")


@pytest.mark.parametrize("name", list(ENV))
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    env = {key: text for key, text in ENV.items() if key != name} | ({name: value} if value else {})

    with pytest.raises(SettingsError, match=f"{name} is not set"):
        Settings.from_env(env)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RASTRO_SITES", "s3://x/y", "it must be ssm:/parameter/name or file:/path"),
        ("RASTRO_SALT", "secret", "it must be ssm:/parameter/name or file:/path"),
        ("RASTRO_PAYLOADS", "lake/payloads", "it must be s3://bucket/prefix"),
    ],
)
def test_a_wrong_address_is_named_with_what_it_should_be(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is .*{message}"):
        Settings.from_env(ENV | {name: value})
