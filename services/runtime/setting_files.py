"""Values that stand elsewhere: secrets in files (`ONBOARDING_<NAME>_FILE`), names of a standard."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

FILE = "_FILE"
STANDARD: Mapping[str, str] = {"otlp_endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT"}
"""By setting the name that programs of all makers read; ours counts more."""


class SecretFileError(Exception):
    """One line that names the variable and what is wrong with its file."""


def names_of_files(model: type[BaseSettings]) -> list[str]:
    """The names that may stand in the environment, of the secrets of a model."""
    prefix = model.model_config.get("env_prefix", "")
    return [f"{prefix}{name.upper()}{FILE}" for name in _secrets(model)]


class SecretFiles(PydanticBaseSettingsSource):
    """What these files hold, without the newline at its end. SecretFileError says what is wrong."""

    def __init__(self, model: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        """`sources` are the environment and `.env`, what counts more first."""
        super().__init__(model)
        self._told = _variables(sources)

    def __call__(self) -> dict[str, Any]:
        return {name: text for name in _secrets(self.settings_cls) if (text := self._text(name))}

    def get_field_value(self, _: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Part of the interface."""
        return self._text(field_name), field_name, False

    def _text(self, name: str) -> str | None:
        variable = f"{self.config.get('env_prefix', '')}{name.upper()}"
        path = self._told.get(f"{variable}{FILE}".lower())
        if not path:
            return None
        if self._told.get(variable.lower()):
            raise SecretFileError(f"{variable}{FILE}: {variable} is set too; leave one out")
        try:
            return Path(path).read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise SecretFileError(f"{variable}{FILE}: cannot be read") from None


class StandardNames(PydanticBaseSettingsSource):
    """What is set under a name of STANDARD."""

    def __init__(self, model: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        """As of SecretFiles."""
        super().__init__(model)
        self._told = _variables(sources)

    def __call__(self) -> dict[str, Any]:
        return {name: text for name, text in map(self._pair, STANDARD) if text}

    def get_field_value(self, _: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Part of the interface."""
        return self._pair(field_name)[1], field_name, False

    def _pair(self, name: str) -> tuple[str, str | None]:
        return name, self._told.get(STANDARD.get(name, name).lower())


def _variables(sources: Sequence[PydanticBaseSettingsSource]) -> dict[str, str | None]:
    """Their names in small letters; what stands in an earlier source counts."""
    told: dict[str, str | None] = {}
    for source in reversed(sources):
        if isinstance(source, EnvSettingsSource):
            told |= source.env_vars
    return told


def _secrets(model: type[BaseSettings]) -> list[str]:
    return [name for name, field in model.model_fields.items() if _is_secret(field.annotation)]


def _is_secret(annotation: Any) -> bool:
    if annotation is SecretStr:
        return True
    return any(map(_is_secret, getattr(annotation, "__args__", ())))
