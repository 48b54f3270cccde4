"""The settings with the rules of every step: told before anything starts, as its process would."""

from services.cli.errors import USAGE, CliError
from services.cli.running_stack import settings
from services.runtime.settings import Settings, SettingsError
from services.steps import all_steps


def checked_settings() -> Settings:
    """The settings of the environment; CliError (2) with the line that a service would say."""
    found = settings()
    check_rules(found)
    return found


def check_rules(found: Settings) -> None:
    """CliError (2) names the first `ONBOARDING_<STEP>_RULES` that its step cannot take."""
    for step in all_steps():
        try:
            found.rules_of(step.name, step.rules)
        except SettingsError as error:
            raise CliError(str(error), USAGE) from None
