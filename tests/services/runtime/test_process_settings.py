"""Settings of a process: each wrong one is one line that names it; nothing secret is shown."""

import os

import pytest

from contracts.journey import JOURNEYS
from services import contract, registration
from services.runtime.settings import (
    AllSettings,
    Settings,
    SettingsError,
    load_settings,
    unknown_names,
)
from services.steps import all_steps


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("ONBOARDING_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)  # where no .env is


WRONG = {
    "KAFKA": ["kafka", "kafka:", "a:9092,b", "a:x"],
    "KAFKA_SECURITY": ["TLS", "ssl"],
    "KAFKA_SASL_MECHANISM": ["SCRAM", "GSSAPI"],
    "MONGO": ["localhost:27017", "http://mongo"],
    "PREFIX": ["With.Dots", "x" * 41, "a b"],
    "PARTITIONS": ["0", "1001", "four"],
    "REPLICATION": ["0", "16"],
    "RETENTION_HOURS": ["0", "x"],
    "DEAD_LETTER_RETENTION_HOURS": ["0"],
    "JOURNEY_VERSION": ["0", "99"],
    "EVENT_MAX_BYTES": ["0", "-1"],
    "STEP_TIMEOUT_SECONDS": ["0", "-1", "nan", "inf", "1e9"],
    "BATCH_MAX": ["0", "5001"],
    "FETCH_MAX_WAIT_MS": ["0", "30001"],
    "KAFKA_SESSION_TIMEOUT_SECONDS": ["0"],
    "KAFKA_HEARTBEAT_SECONDS": ["0", "x"],
    "KAFKA_LEAVE_IN_REBALANCE": ["sometimes"],
    "BATCH_DEADLINE_SECONDS": ["0"],
    "PROJECTION_LINGER_MS": ["-1"],
    "SWEEP_SECONDS": ["0", "nan"],
    "LOG_LEVEL": ["LOUD", "debug"],
    "LOG_FORMAT": ["xml"],
    "HEALTH_PORT": ["-1", "65536"],
    "FAIL_STOPS": ["-1", "often"],
    "STEP_GRACE_SECONDS": ["0", "-1", "inf"],
    "RETRY_BASE_SECONDS": ["0"],
    "RETRY_CAP_SECONDS": ["0", "x"],
    "UNDO_HOURS": ["0", "nan"],
    "CALLS_MAX": ["0", "1001"],
    "CALL_TIMEOUT_SECONDS": ["0"],
    "GATEWAY_PORT": ["-1", "65536"],
    "GATEWAY_BODY_MAX_BYTES": ["0", "x"],
    "GATEWAY_ANSWER_SECONDS": ["0", "nan"],
    "GATEWAY_KEY_PER_SECOND": ["0"],
    "GATEWAY_ADDRESS_PER_SECOND": ["0", "x"],
    "GATEWAY_STREAMS_MAX": ["0"],
    "GATEWAY_PROXIES": ["*", "proxy.internal", "10.0.0.0/8,x"],
    "EVENTS_LOST_SECONDS": ["0", "-1"],
    "AUTH": ["maybe", "OFF"],
    "OTLP_ENDPOINT": ["collector:4318", "grpc://collector:4317"],
}
OF_A_STEP = {
    "DOCUMENTS_TIMEOUT_SECONDS": ["0", "soon"],
    "CONTRACT_RULES": ["{", "[]", "1"],
    "DOCUMENTS_URL": [
        "platform:80",
        "ftp://platform",
        "http://",
        "http://me:pw@platform",
        "http://x?y",
    ],
    "DOCUMENTS_API_KEY": ["two words", "ñ"],
}
ANYTHING_GOES = {
    "TENANTS", "HASH_KEY", "HEALTH_HOST", "HEALTH_FILE",
    "KAFKA_USER", "KAFKA_PASSWORD", "KAFKA_CA_FILE", "KAFKA_CERT_FILE", "KAFKA_KEY_FILE",
    "GATEWAY_HOST", "GATEWAY_FILE", "GATEWAY_CERT_FILE", "GATEWAY_KEY_FILE", "GATEWAY_ORIGINS",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in (WRONG | OF_A_STEP).items() for value in values],
)
def test_a_wrong_value_is_one_line_that_names_the_setting(monkeypatch, name, value):
    monkeypatch.setenv(f"ONBOARDING_{name}", value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert str(error.value).startswith(f"ONBOARDING_{name}: ")
    assert "\n" not in str(error.value)


def test_every_setting_has_a_wrong_value_above_or_takes_any():
    kinds = {name.partition("_")[2] for name in OF_A_STEP} | {"CA_FILE"}
    of_steps = {f"{step.upper()}_{kind}" for step in names() for kind in kinds}
    fields = {name.upper() for name in AllSettings.model_fields}
    assert fields > of_steps
    assert fields - of_steps == set(WRONG) | ANYTHING_GOES


def test_every_setting_is_explained():
    assert all(field.description for field in AllSettings.model_fields.values())


def test_a_wrong_secret_is_not_repeated(monkeypatch):
    monkeypatch.setenv("ONBOARDING_MONGO", "mongo://me:hunter2@host")
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert "hunter2" not in str(error.value)


def test_secrets_are_not_shown(monkeypatch):
    monkeypatch.setenv("ONBOARDING_MONGO", "mongodb://me:hunter2@host")
    monkeypatch.setenv("ONBOARDING_HASH_KEY", "hunter2")
    assert "hunter2" not in repr(load_settings())


@pytest.mark.parametrize("name", ["HASH_KEY", "KAFKA_PASSWORD", "DOCUMENTS_API_KEY"])
def test_a_secret_may_stand_in_a_file(monkeypatch, tmp_path, name):
    (tmp_path / "secret").write_text("hunter2\n")
    monkeypatch.setenv(f"ONBOARDING_{name}_FILE", str(tmp_path / "secret"))
    assert getattr(load_settings(), name.lower()).get_secret_value() == "hunter2"
    assert not unknown_names([f"ONBOARDING_{name}_FILE"])


def test_the_file_of_a_secret_may_be_named_in_the_settings_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("hunter2")
    (tmp_path / ".env").write_text(f"ONBOARDING_HASH_KEY_FILE={tmp_path / 'secret'}\n")
    assert load_settings().hash_key.get_secret_value() == "hunter2"


def test_a_file_of_a_secret_that_is_not_there_or_not_alone_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setenv("ONBOARDING_HASH_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match=r"^ONBOARDING_HASH_KEY_FILE: cannot be read$"):
        load_settings()
    monkeypatch.setenv("ONBOARDING_HASH_KEY", "hunter2")
    with pytest.raises(SettingsError, match=r"^ONBOARDING_HASH_KEY_FILE: .* leave one out$"):
        load_settings()


def test_an_empty_value_is_as_if_it_was_not_set(monkeypatch):
    monkeypatch.setenv("ONBOARDING_PARTITIONS", "")
    assert load_settings().partitions == 4


def test_the_settings_file_is_read_and_the_environment_goes_above_it(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("ONBOARDING_PARTITIONS=7\nONBOARDING_BATCH_MAX=9\nOTHER=1\n")
    monkeypatch.setenv("ONBOARDING_BATCH_MAX", "10")
    assert (load_settings().partitions, load_settings().batch_max) == (7, 10)


def test_unknown_names_are_told_and_known_ones_are_not():
    known = [f"ONBOARDING_{name.upper()}" for name in AllSettings.model_fields]
    environ = [*known, "ONBOARDING_PARTITION", "ONBOARDING_DOCUMENT_RULES", "PATH", "onboarding_x"]
    assert unknown_names(environ) == ["ONBOARDING_DOCUMENT_RULES", "ONBOARDING_PARTITION"]


@pytest.mark.parametrize(
    ("text", "tenants"),
    [("", set()), ("acme", {"acme"}), (" acme , b.c ,, ", {"acme", "b.c"})],
)
def test_tenants_are_separated_by_commas(monkeypatch, text, tenants):
    monkeypatch.setenv("ONBOARDING_TENANTS", text)
    assert load_settings().tenants == tenants
    assert load_settings().reader().tenants == tenants


def test_what_is_read_from_topics_follows_the_settings():
    reader = load_settings(prefix="t1-", event_max_bytes=99, journey_version=1).reader()
    assert (reader.prefix, reader.body_max_bytes, reader.journey_version) == ("t1-", 99, 1)


def test_a_steps_own_time_goes_above_that_of_all_and_that_above_its_row(monkeypatch):
    assert load_settings().step_timeout("documents", 30) == 30
    monkeypatch.setenv("ONBOARDING_STEP_TIMEOUT_SECONDS", "40")
    monkeypatch.setenv("ONBOARDING_DOCUMENTS_TIMEOUT_SECONDS", "50.5")
    settings = load_settings()
    assert settings.step_timeout("documents", 30) == 50.5
    assert settings.step_timeout("contract", 30) == 40


def test_every_step_of_the_journeys_has_its_settings():
    for name in names():
        assert {f"{name}_timeout_seconds", f"{name}_rules"} <= set(AllSettings.model_fields)


def test_rules_go_above_their_defaults(monkeypatch):
    monkeypatch.setenv("ONBOARDING_REGISTRATION_RULES", '{"denied_countries": ["FR", "ES"]}')
    rules = load_settings().rules_of("registration", registration.STEP.rules)
    assert rules.denied_countries == ("FR", "ES")
    assert rules.denied_email_domains == registration.STEP.rules().denied_email_domains


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_no_rules_set_are_the_defaults(step):
    assert load_settings().rules_of(step.name, step.rules) == step.rules()


@pytest.mark.parametrize(
    ("step", "rules", "place"),
    [
        (registration.STEP, '{"denied_countrys": []}', "REGISTRATION_RULES.denied_countrys"),
        (
            registration.STEP,
            '{"denied_countries": ["France"]}',
            "REGISTRATION_RULES.denied_countries.0",
        ),
        (contract.STEP, '{"currency": 5}', "CONTRACT_RULES.currency"),
    ],
)
def test_a_wrong_rule_is_one_line_that_names_its_place(monkeypatch, step, rules, place):
    monkeypatch.setenv(f"ONBOARDING_{step.name.upper()}_RULES", rules)
    with pytest.raises(SettingsError) as error:
        load_settings().rules_of(step.name, step.rules)
    assert str(error.value).startswith(f"ONBOARDING_{place}: ")
    assert "\n" not in str(error.value)


def test_databases_have_the_prefix():
    assert load_settings(prefix="t1-").database("onboarding_contract") == "t1-onboarding_contract"


def test_settings_do_not_change_once_they_are_read():
    with pytest.raises(ValueError, match="frozen"):
        Settings().partitions = 5


def names() -> set[str]:
    return {step for journey in JOURNEYS.values() for step in journey.step_names}
