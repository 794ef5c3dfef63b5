"""An environment file is read whole or refused with the path and the remedy."""

import shutil
from pathlib import Path

import pytest

from infra.environments import loader
from infra.environments.loader import BadEnvironment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(loader.FOLDER / "sites", tmp_path / "sites")
    return tmp_path


def _read(folder: Path, text: str) -> object:
    (folder / "mine.toml").write_text('sites = "sites/dev.json"\n' + text, encoding="utf-8")
    return loader.read("mine", folder)


@pytest.mark.parametrize("name", loader.names())
def test_the_environments_of_the_repository_can_be_read(name: str) -> None:
    assert loader.read(name).prefix == f"rastro-{name}"


def test_a_fourth_file_is_a_fourth_environment(folder: Path) -> None:
    environment = _read(folder, "[streams]\nretention_hours = 48\n")
    assert environment.name == "mine"
    assert environment.streams.retention_hours == 48


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[stream]\n", "unknown setting stream; did you mean streams?"),
        ("[streams]\nretention = 24\n", "unknown setting streams.retention"),
        ("[streams]\nretention_hours = 1\n", "streams.retention_hours must be from 24 to 8760; it is 1"),
        ('[streams]\nretention_hours = "24"\n', "streams.retention_hours must be a whole number, not '24'"),
        ("[protection]\nkeep_data = 1\n", "protection.keep_data must be true or false, not 1"),
        ("[streams]\nretention_hours = true\n", "must be a whole number, not True"),
        ('[streams]\nmode = "auto"\n', "streams.mode must be one of on_demand, provisioned; it is 'auto'"),
        ('[account]\nid = "12"\n', "account.id is not of the expected form: '12'"),
        ('[lake]\nfirst_day = "2026-02-30"\n', "lake.first_day is not a day of the calendar"),
        ("streams = 3\n", "streams is a section, write it as [streams]"),
        ("[tags]\nteam = 3\n", "tags must be a table of texts"),
        ("[ingest]\nburst = 1\n", "ingest.burst must not be less than ingest.requests_per_second"),
        ("[consumer]\ncpu = 256\n", "consumer.memory_mib is 3072; with 256 CPU units"),
        ("[consumer]\ntasks_min = 9\n", "consumer.tasks_max must not be less"),
        ('[network]\nvpc_id = "vpc-0123456789abcdef0"\n', "go together"),
        ('[monitoring]\nemails = ["nobody"]\n', "monitoring.emails is not of the expected form: 'nobody'"),
        ('[monitoring]\ncanary_site = "none"\n', "which the sites document does not have"),
        ("[stacks]\nanalytics = false\n", "stacks.analytics must be true"),
        ("[stacks]\nedge = true\n", "the canary needs edge.domain"),
        ('[edge]\ndomain = "t.shop.example"\n', "edge.domain and edge.certificate_arn go together"),
        ("name = 'x'\n", "unknown setting name"),
        ("[streams\n", "is not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(folder: Path, text: str, message: str) -> None:
    with pytest.raises(BadEnvironment) as caught:
        _read(folder, text)
    assert message in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_a_missing_environment_names_those_there_are(folder: Path) -> None:
    with pytest.raises(BadEnvironment, match=r"no environment 'prd'.*there are dev, local, prod, test"):
        loader.read("prd")
    with pytest.raises(BadEnvironment, match="cannot name an environment"):
        loader.read("../etc/passwd", folder)


@pytest.mark.parametrize(
    ("sites", "message"),
    [
        ('sites = ""', "sites is missing"),
        ('sites = "none.json"', "sites cannot be read"),
        ('sites = "broken.json"', "broken.json: the sites document is wrong at"),
        ('sites = "large.json"', "the parameter store takes 8192"),
    ],
)
def test_a_wrong_sites_document_is_refused(folder: Path, sites: str, message: str) -> None:
    (folder / "broken.json").write_text('{"version": 1, "sites": {"a": {}}}', encoding="utf-8")
    hosts = ",".join(f'"h{n}.example"' for n in range(900))
    large = f'{{"version":1,"sites":{{"canary":{{"keys":["pk_12345678"],"hosts":[{hosts}]}}}}}}'
    (folder / "large.json").write_text(large, encoding="utf-8")
    (folder / "mine.toml").write_text(sites + "\n", encoding="utf-8")
    with pytest.raises(BadEnvironment) as caught:
        loader.read("mine", folder)
    assert message in str(caught.value)


def test_every_setting_says_what_it_means() -> None:
    from dataclasses import fields, is_dataclass
    from typing import get_type_hints

    from infra.environments.settings import Environment

    for name, kind in get_type_hints(Environment).items():
        if is_dataclass(kind):
            for field in fields(kind):
                assert field.metadata.get("about"), f"{name}.{field.name}"
