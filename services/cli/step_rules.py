"""The settings with what every step takes of them: told before anything starts."""

from pydantic import BaseModel

from services.cli.errors import USAGE, CliError
from services.cli.running_stack import settings
from services.runtime.outside_access import access_of
from services.runtime.settings import Settings, SettingsError
from services.steps import all_steps


def checked_settings() -> Settings:
    """The settings of the environment; CliError (2) with the line that a service would say."""
    found = settings()
    check_steps(found)
    return found


def check_steps(found: Settings) -> None:
    """CliError (2) names the first setting of a step that it cannot take: rules, outside system."""
    for step in all_steps():
        try:
            found.rules_of(step.name, step.rules)
            access_of(step, found)
        except SettingsError as error:
            raise CliError(str(error), USAGE) from None


def rules_of(found: Settings) -> dict[str, BaseModel]:
    """The rules of every step, as the settings have them. SettingsError names a wrong one."""
    return {step.name: found.rules_of(step.name, step.rules) for step in all_steps()}
