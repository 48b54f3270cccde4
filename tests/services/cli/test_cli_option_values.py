"""A wrong value, of an option or a setting, is one line that says what may stand there."""

import pytest

from contracts.envelope import Record
from contracts.poison import PoisonError
from contracts.reading import Reader
from contracts.schema_files import example_record

PYDANTIC = (
    "Value error",
    "Input should",
    "String should",
    "Extra inputs",
    "_error",
    "parse string",
)


@pytest.fixture(autouse=True)
def nothing_set(bare) -> None:
    """Each test starts without settings."""


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("list", "--tenant", "a b"), "--tenant a b: write 1 to 64 of A-Z a-z 0-9 . _ -"),
        (("watch", "--tenant", ""), "--tenant : write 1 to 64 of A-Z a-z 0-9 . _ -"),
        (("status", "x", "--tenant", "a/b"), "--tenant a/b: write 1 to 64"),
        (("start", "--nombre", "A", "--tenant", "a b", "--dry-run"), "--tenant a b: write 1 to 64"),
        (
            ("start", "--nombre", "A", "--tipo", "empresa"),
            "--tipo empresa: it is one of INDIVIDUAL,",
        ),
        (("start", "--nombre", "A", "--contract", "X"), "--contract X: it is one of BASIC, STAND"),
        (("start", "--nombre", "A", "--correlation-id", ""), "--correlation-id: write an id that"),
        (("start", "--nombre", "A", "--timeout", "long"), "'--timeout': must be a number. See"),
        (("list", "--limit", "none"), "'--limit': must be a whole number. See: onboarding list"),
        (("list", "--limit", "0"), "'--limit': must be 1 or more. See: onboarding list --help"),
        (
            ("list", "-o", "yaml"),
            "'-o' / '--output': 'yaml' is not one of 'table', 'json', 'jsonl'",
        ),
        (("up", "--broker", "x"), "'x' is not one of 'embedded', 'apache', 'external'. See"),
        (("schemas", "show", "X", "--event-version", "0"), "'--event-version': must be 1 or more"),
    ],
)
def test_of_an_option(onboarding, arguments, line):
    ended = onboarding(*arguments)
    assert ended.code == 2
    assert line in ended.error
    assert not any(word in ended.error for word in PYDANTIC)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--status", "ended"), "--status ENDED: it is one of INITIATED, PARTNER_REGISTERED"),
        (("--step", "x"), "--step x: it is one of registration, contract, documents"),
        (("--journey", "x"), "--journey x: it is one of partner-onboarding, partner-creation"),
        (("--code", "a b"), "--code A B: write a code such as DOCUMENT_EXPIRED"),
        (("--email", "x"), "--email: write an e-mail address, such as me@mine.com"),
        (("--since", "x"), "--since x: give 90s, 15m, 2h, 7d, 2w or a time such as 2026-"),
    ],
)
def test_of_a_filter(onboarding, monkeypatch, arguments, line):
    monkeypatch.setenv("ONBOARDING_MONGO", "mongodb://127.0.0.1:1")
    ended = onboarding("list", *arguments)
    assert ended.code == 2
    assert line in ended.error


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PARTITIONS", "many", "ONBOARDING_PARTITIONS: must be a whole number"),
        ("BATCH_MAX", "0", "ONBOARDING_BATCH_MAX: must be 1 or more"),
        ("HEALTH_PORT", "65536", "ONBOARDING_HEALTH_PORT: must be 65535 or less"),
        ("SWEEP_SECONDS", "0", "ONBOARDING_SWEEP_SECONDS: must be greater than 0"),
        (
            "LOG_LEVEL",
            "debug",
            "ONBOARDING_LOG_LEVEL: must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'",
        ),
        ("PREFIX", "a b", "ONBOARDING_PREFIX: must match the pattern '^[a-z0-9_-]{0,40}$'"),
        ("KAFKA", "kafka:99999", "ONBOARDING_KAFKA: must be host:port, comma separated"),
        ("CONTRACT_RULES", "[]", "ONBOARDING_CONTRACT_RULES: must be a JSON object"),
        ("CONTRACT_RULES", '{"currency": 5}', "ONBOARDING_CONTRACT_RULES.currency: must be text"),
        ("CONTRACT_RULES", '{"x": 5}', "ONBOARDING_CONTRACT_RULES.x: is not known"),
    ],
)
def test_of_a_setting(onboarding, monkeypatch, name, value, line):
    monkeypatch.setenv(f"ONBOARDING_{name}", value)
    ended = onboarding("config")
    assert (ended.code, ended.error) == (2, f"onboarding: {line}")


def test_a_tenant_that_the_settings_do_not_know_is_told_which_they_do(onboarding, monkeypatch):
    monkeypatch.setenv("ONBOARDING_TENANTS", "zeta,acme")
    ended = onboarding("start", "--nombre", "A", "--tenant", "other", "--dry-run")
    assert (ended.code, ended.error) == (2, "onboarding: --tenant other: it is one of acme, zeta")


@pytest.mark.parametrize(
    "tenant", ["a", "A.b_c-9", "x" * 64, "x" * 65, "", "a b", "a/b", "é", "a\n"]
)
def test_a_tenant_is_taken_just_when_a_service_takes_it(onboarding, tenant):
    ended = onboarding("start", "--nombre", "A", "--tenant", tenant, "--dry-run")
    assert (ended.code == 0) == is_read(tenant)


def is_read(tenant: str) -> bool:
    example = example_record("PartnerOnboardingInitiated", 1)
    others = [header for header in example.headers if header[0] != "ce_tenantid"]
    headers = (*others, ("ce_tenantid", tenant.encode()))
    given = Record(**{**fields_of(example), "headers": headers})
    try:
        Reader().read(given)
    except PoisonError:
        return False
    return True


def fields_of(record: Record) -> dict[str, object]:
    return {name: getattr(record, name) for name in Record.__dataclass_fields__}
