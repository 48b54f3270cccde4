"""TLS to an outside system: who is trusted, and who is not."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services import documents, registration
from services.runtime.outside import Later
from services.runtime.outside_access import access_of
from services.runtime.outside_http import HttpOutside, http_client
from services.runtime.settings import SettingsError, load_settings
from tests.certificates import made_certificate
from tests.services.outside.odd_platform import answer, odd_platform


@dataclass(frozen=True)
class Authority:
    """A certificate for 127.0.0.1 that vouches for itself, and a server that shows it."""

    certificate: Path
    server: ssl.SSLContext


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    certificate = made_certificate(tmp_path_factory.mktemp("tls"))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate.with_key)
    return Authority(certificate.alone, server)


async def asked(authority: Authority, ca_file: Path | None) -> object:
    """What a do comes to at a server that shows this certificate."""
    async with odd_platform(answer(200), tls=authority.server) as odd:
        settings = load_settings(_env_file=None, documents_url=odd.url, documents_ca_file=ca_file)
        access = access_of(documents.STEP, settings)
        assert access
        async with http_client(access, 5, 1) as client:
            outside = HttpOutside(client, access.url, "documents", documents.STEP.outside_no, 5)
            return await outside.do("s-1", {})


async def test_an_authority_of_the_settings_is_trusted(authority: Authority):
    assert await asked(authority, authority.certificate) == "yes"


async def test_one_that_nobody_named_is_not_and_the_log_says_so(authority: Authority):
    with capture_logs() as told:
        assert await asked(authority, None) == Later()
    assert [one["error"] for one in told] == ["ConnectError"]


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nx"])
def test_a_file_that_holds_no_certificates_is_one_line(tmp_path: Path, content: str | None):
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    settings = load_settings(
        _env_file=None, documents_url="https://a.example", documents_ca_file=tmp_path / "ca.pem"
    )
    with pytest.raises(SettingsError, match=r"^ONBOARDING_DOCUMENTS_CA_FILE: is no file of certif"):
        access_of(documents.STEP, settings)


def test_a_step_without_an_address_decides_by_itself():
    assert access_of(documents.STEP, load_settings(_env_file=None)) is None


def test_an_address_for_a_step_that_calls_nobody_is_refused():
    settings = load_settings(_env_file=None, registration_url="http://a.example")
    with pytest.raises(SettingsError) as refused:
        access_of(registration.STEP, settings)
    assert str(refused.value).startswith("ONBOARDING_REGISTRATION_URL: registration has no outside")
    assert "\n" not in str(refused.value)


def test_a_key_is_not_shown():
    settings = load_settings(
        _env_file=None, documents_url="http://a.example", documents_api_key="hunter2"
    )
    access = access_of(documents.STEP, settings)
    assert access
    assert access.api_key == "hunter2"
    assert "hunter2" not in repr(access) + repr(settings)
