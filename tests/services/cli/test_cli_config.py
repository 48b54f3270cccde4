"""`onboarding config`: values, their sources, and what is masked."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.cli.config import rows_of, shown
from services.runtime.settings import load_settings


@pytest.fixture(autouse=True)
def nothing_set(bare) -> None:
    """Each test starts without settings."""


def test_each_setting_tells_where_its_value_comes_from(monkeypatch, tmp_path, onboarding):
    monkeypatch.setenv("ONBOARDING_PARTITIONS", "7")
    (tmp_path / ".env").write_text("ONBOARDING_PREFIX=t1-\nONBOARDING_PARTITIONS=9\n")
    rows = {row["setting"]: row for row in json.loads(onboarding("config", "-o", "json").out)}
    told = {
        name: (rows[f"ONBOARDING_{name}"]["value"], rows[f"ONBOARDING_{name}"]["source"])
        for name in ("PARTITIONS", "PREFIX", "REPLICATION")
    }
    assert told == {
        "PARTITIONS": ("7", "environment"),
        "PREFIX": ("t1-", ".env"),
        "REPLICATION": ("3", "default"),
    }


def test_an_empty_value_counts_as_none():
    rows = rows_of(load_settings(), {"ONBOARDING_PREFIX": ""}, {"ONBOARDING_PREFIX": None})
    assert next(row for row in rows if row["setting"] == "ONBOARDING_PREFIX")["source"] == "default"


def test_secrets_are_masked(monkeypatch, onboarding):
    monkeypatch.setenv("ONBOARDING_MONGO", "mongodb://ana:opensesame@db.example/?replicaSet=r")
    monkeypatch.setenv("ONBOARDING_HASH_KEY", "opensesame")
    for output in ("table", "json", "jsonl"):
        ended = onboarding("config", "-o", output)
        assert "opensesame" not in ended.out + ended.err
        assert "mongodb://***@db.example/" in ended.out


@pytest.mark.parametrize("password", ["a/b", "a@b", "a?b"])
def test_a_password_is_masked_even_if_it_is_not_escaped(password):
    assert password not in shown(SecretStr(f"mongodb://ana:{password}@db.example/"))


def test_a_misspelt_name_is_warned_of(monkeypatch, tmp_path, onboarding):
    monkeypatch.setenv("ONBOARDING_PARTITION", "7")
    (tmp_path / ".env").write_text("ONBOARDING_PREFX=t1-\n")
    told = onboarding("config").err
    assert "ONBOARDING_PARTITION is no setting" in told
    assert "ONBOARDING_PREFX is no setting" in told


def test_the_folder_of_apache_kafkas_jars_is_shown_and_known(monkeypatch, tmp_path, onboarding):
    def told() -> dict[str, str]:
        rows = json.loads(onboarding("config", "-o", "json").out)
        return next(row for row in rows if row["setting"] == "ONBOARDING_CACHE")

    assert (told()["source"], told()["value"]) == (
        "default",
        str(Path.home() / ".cache/onboarding"),
    )
    monkeypatch.setenv("ONBOARDING_CACHE", str(tmp_path))
    assert (told()["source"], told()["value"]) == ("environment", str(tmp_path))
    assert onboarding("config").err == ""


def test_the_folder_of_the_jars_in_dotenv_is_told_to_have_no_effect(tmp_path, onboarding):
    (tmp_path / ".env").write_text("ONBOARDING_CACHE=/elsewhere\n")
    ended = onboarding("config")
    assert "ONBOARDING_CACHE counts in the environment only, not in .env" in ended.error
    assert "/elsewhere" not in ended.out


def test_a_wrong_one_is_named_and_exits_2(monkeypatch, onboarding):
    monkeypatch.setenv("ONBOARDING_PARTITIONS", "many")
    ended = onboarding("config")
    assert ended.code == 2
    assert ended.error.startswith("onboarding: ONBOARDING_PARTITIONS: ")


def test_a_setting_that_has_a_standard_name_is_told_as_set_by_it(monkeypatch, onboarding):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    rows = {row["setting"]: row for row in json.loads(onboarding("config", "-o", "json").out)}
    told = rows["ONBOARDING_OTLP_ENDPOINT"]
    assert (told["value"], told["source"]) == ("http://collector:4318", "environment")
