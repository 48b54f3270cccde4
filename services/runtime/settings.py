"""All settings, from the environment or `.env`. `onboarding config` shows them.

A wrong value stops the process at start with one line that names the setting (exit code 2).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError, create_model, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import PydanticBaseSettingsSource as Source
from pydantic_settings.exceptions import SettingsError as SettingsParseError

from contracts.journey import JOURNEYS
from contracts.reading import Reader
from services.runtime.gateway_settings import GatewaySettings
from services.runtime.setting_files import (
    SecretFileError,
    SecretFiles,
    StandardNames,
    names_of_files,
)
from services.runtime.setting_values import (
    Brokers,
    Bytes,
    HttpUrl,
    MongoUri,
    Names,
    Seconds,
    Token,
)
from services.runtime.setting_words import plain_words

PREFIX = "ONBOARDING_"


class SettingsError(Exception):
    """A setting is wrong: one line that names it and says how to mend it."""


class Settings(GatewaySettings):
    """The settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    kafka: Brokers = Field(
        "127.0.0.1:9092", description="Kafka brokers, host:port, comma separated"
    )
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How the brokers are reached"
    )
    kafka_ca_file: Path | None = Field(
        None,
        description="PEM file of authorities to trust; absent: the machine's",
    )
    kafka_cert_file: Path | None = Field(None, description="PEM file: our own certificate")
    kafka_key_file: Path | None = Field(None, description="PEM file: its key")
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="How the password is proven"
    )
    kafka_user: str | None = Field(None, description="Name at the brokers")
    kafka_password: SecretStr | None = Field(None, description="Password at the brokers")
    mongo: MongoUri = Field(
        SecretStr("mongodb://127.0.0.1:27017/?replicaSet=rs0"),
        description="MongoDB URI of a replica set",
    )
    prefix: str = Field(
        "",
        pattern=r"^[a-z0-9_-]{0,40}$",
        description="Before every database, topic and group name, so that systems keep apart",
    )
    partitions: int = Field(4, ge=1, le=1000, description="Partitions of each event topic")
    replication: int = Field(3, ge=1, le=15, description="Copies of each topic (1: one broker)")
    retention_hours: int = Field(168, ge=1, description="How long event topics keep records")
    dead_letter_retention_hours: int = Field(720, ge=1, description="The same, dead letters")
    journey_version: int = Field(1, ge=1, description="The version that new sagas start on")
    tenants: Names = Field(frozenset(), description="Known tenants, comma separated; empty: any")
    event_max_bytes: Bytes = Field(256 * 1024, description="A larger event body is poison")
    step_timeout_seconds: Seconds | None = Field(
        None, description="How long a step has to answer; absent: its row in journey.py (30)"
    )
    step_grace_seconds: Seconds = Field(
        5, description="How much longer the step before it waits, before it fails a silent step"
    )
    retry_base_seconds: Seconds = Field(
        0.2, description="Pause before an outside system is asked again; doubles each time"
    )
    retry_cap_seconds: Seconds = Field(30, description="The longest such pause")
    undo_hours: Seconds = Field(24, description="How long an undo is tried before it is parked")
    calls_max: int = Field(16, ge=1, le=1000, description="Calls to an outside system at once")
    call_timeout_seconds: Seconds = Field(
        10, description="How long a call may take; no request lives longer"
    )
    hash_key: SecretStr = Field(
        SecretStr("onboarding"), description="Key of partner_hash, the hash of the e-mail"
    )
    batch_max: int = Field(500, ge=1, le=5000, description="Most records handled in one batch")
    fetch_max_wait_ms: int = Field(
        500, ge=1, le=30_000, description="How long the broker holds an empty fetch open"
    )
    kafka_session_timeout_seconds: Seconds = Field(
        10, description="How long a silent worker keeps its partitions"
    )
    kafka_heartbeat_seconds: Seconds = Field(3, description="A worker's sign of life")
    kafka_leave_in_rebalance: bool = Field(
        True, description="Off: who stops in a rebalance is missed, and does not say so (Tansu)"
    )
    batch_deadline_seconds: Seconds = Field(
        120, description="A batch that neither ends nor waits for a server: the process stops"
    )
    projection_linger_ms: int = Field(
        50, ge=0, le=10_000, description="How long the projection gathers events into one write"
    )
    sweep_seconds: Seconds = Field(1.0, description="Pause between two sweeps")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level that is logged"
    )
    log_format: Literal["json", "console", "auto"] = Field(
        "auto", description="auto: console on a terminal, else json"
    )
    otlp_endpoint: HttpUrl | None = Field(
        None, description="Where traces go, an OTLP collector over HTTP (4318); absent: none"
    )
    health_host: str = Field("127.0.0.1", description="Where /livez, /readyz, /metrics listen")
    health_port: int = Field(0, ge=0, le=65_535, description="Their port; 0: a free one")
    health_file: Path | None = Field(None, description="File to write the health URL to")
    fail_stops: int = Field(
        0, ge=0, description="How often it ended with 70 before; set by who starts it again"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Source,
        env_settings: Source,
        dotenv_settings: Source,
        file_secret_settings: Source,
    ) -> tuple[Source, ...]:
        """The environment, `.env`, and secrets in files."""
        told = (env_settings, dotenv_settings)
        files, standard = SecretFiles(settings_cls, *told), StandardNames(settings_cls, *told)
        return init_settings, files, *told, standard, file_secret_settings

    @field_validator("journey_version")
    @classmethod
    def _known_version(cls, value: int) -> int:
        if value not in {version for _, version in JOURNEYS}:
            raise ValueError("is no version of contracts/journey.py")
        return value

    def reader(self) -> Reader:
        """What this process knows and accepts on topics."""
        return Reader(
            tenants=self.tenants,
            body_max_bytes=self.event_max_bytes,
            prefix=self.prefix,
            journey_version=self.journey_version,
        )

    def database(self, name: str) -> str:
        """The database of a process: `<prefix>onboarding_registration`, `<prefix>saga_state`."""
        return f"{self.prefix}{name}"

    def step_timeout(self, step: str, default: int) -> float:
        """Seconds a step has: its own setting, else the setting of all, else its journey's row."""
        own: float | None = getattr(self, f"{step}_timeout_seconds", None)
        return own or self.step_timeout_seconds or default

    def url_of(self, step: str) -> str | None:
        """Where a step's outside system is; None: it has none."""
        url: str | None = getattr(self, f"{step}_url", None)
        return url

    def api_key_of(self, step: str) -> str | None:
        """The key of a step's outside system."""
        key: SecretStr | None = getattr(self, f"{step}_api_key", None)
        return key.get_secret_value() if key else None

    def ca_file_of(self, step: str) -> Path | None:
        """The authorities that its certificate is checked by; None: those of this machine."""
        file: Path | None = getattr(self, f"{step}_ca_file", None)
        return file

    def rules_of(self, step: str, model: type[BaseModel]) -> BaseModel:
        """A step's rules: the defaults of its model with ONBOARDING_<STEP>_RULES over them."""
        try:
            return model.model_validate(getattr(self, f"{step}_rules", {}))
        except ValidationError as error:
            raise SettingsError(_first_error(f"{step}_rules", error)) from None


def _per_step() -> dict[str, Any]:
    steps = {step for journey in JOURNEYS.values() for step in journey.step_names}
    timeout: Any = Field(None, description="How long this step has to answer")
    rules: Any = Field({}, description="JSON object over the defaults of the step's rules.py")
    url: Any = Field(None, description="Its outside system; absent: the step decides by itself")
    api_key: Any = Field(None, description="Key of that system, sent as a bearer token")
    ca_file: Any = Field(
        None, description="PEM file of authorities to trust; absent: the machine's"
    )
    fields: dict[str, Any] = {}
    for step in sorted(steps):
        fields[f"{step}_timeout_seconds"] = (Seconds | None, timeout)
        fields[f"{step}_rules"] = (dict[str, Any], rules)
        fields[f"{step}_url"] = (HttpUrl | None, url)
        fields[f"{step}_api_key"] = (Token | None, api_key)
        fields[f"{step}_ca_file"] = (Path | None, ca_file)
    return fields


AllSettings: type[Settings] = create_model("AllSettings", __base__=Settings, **_per_step())


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process. Raises SettingsError, one line, for the first wrong one."""
    try:
        return AllSettings(**overrides)
    except ValidationError as error:
        raise SettingsError(_first_error("", error)) from None
    except SecretFileError as error:
        raise SettingsError(str(error)) from None
    except SettingsParseError as error:
        name = str(error).split('"')[1].upper() if '"' in str(error) else ""
        raise SettingsError(f"{PREFIX}{name}: must be JSON") from None


def _first_error(prefix: str, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = [prefix.upper()] if prefix else [str(first["loc"][0]).upper()]
    place += [str(part) for part in first["loc"][0 if prefix else 1 :]]
    return f"{PREFIX}{'.'.join(place)}: {plain_words(first['msg'])}"


def unknown_names(environ: Iterable[str]) -> list[str]:
    """ONBOARDING_* names that no setting has: probably misspelt, worth a warning."""
    known = {PREFIX + name.upper() for name in AllSettings.model_fields} | _NOT_OF_A_PROCESS
    known |= {*names_of_files(AllSettings)}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


_NOT_OF_A_PROCESS = {f"{PREFIX}{name}" for name in ("CACHE", "GATEWAY", "PLATFORM", "API_KEY")}
