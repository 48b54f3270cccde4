"""How Kafka is reached, as the settings have it; against real brokers: tests/integration."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from services.runtime.kafka_access import check, client_options, credentials
from services.runtime.settings import Settings, SettingsError, load_settings

LOGIN = {"kafka_user": "me", "kafka_password": "hunter2"}


def settings(**told: Any) -> Settings:
    return load_settings(_env_file=None, **told)


def test_in_the_clear_and_as_nobody_unless_it_is_set():
    options = client_options(settings(kafka="a:9092"))
    assert options == {"bootstrap_servers": "a:9092", "security_protocol": "PLAINTEXT"}
    assert credentials(settings()) is None


def test_under_tls_faust_is_told_the_same_as_every_other_client():
    told = credentials(settings(kafka_security="SSL"))
    assert told is not None
    assert told.protocol.value == "SSL"
    assert (
        client_options(settings(kafka_security="SSL"))["ssl_context"].verify_mode
        == ssl.CERT_REQUIRED
    )


@pytest.mark.parametrize("security", ["SASL_SSL", "SASL_PLAINTEXT"])
def test_a_password_never_goes_in_the_clear_where_tls_was_asked_for(security: str):
    told = credentials(settings(kafka_security=security, **LOGIN))
    assert told is not None
    assert told.protocol.value == security
    options = client_options(settings(kafka_security=security, **LOGIN))
    assert ("ssl_context" in options) == (security == "SASL_SSL")
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"


def test_half_a_login_is_one_line():
    with pytest.raises(
        SettingsError, match="KAFKA_USER, ONBOARDING_KAFKA_PASSWORD: SASL_SSL needs"
    ):
        client_options(settings(kafka_security="SASL_SSL", kafka_user="me"))


@pytest.mark.parametrize("name", ["kafka_ca_file", "kafka_cert_file"])
def test_a_file_that_holds_no_certificate_is_one_line(name: str, tmp_path: Path):
    (tmp_path / "x.pem").write_text("nothing")
    with pytest.raises(SettingsError, match=f"^ONBOARDING_{name.upper()}"):
        client_options(settings(kafka_security="SSL", **{name: tmp_path / "x.pem"}))


async def test_a_broker_that_is_away_is_no_matter_of_the_settings():
    await check(settings(kafka="127.0.0.1:1"))
