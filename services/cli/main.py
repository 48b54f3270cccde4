"""The command `onboarding`: its groups and commands (last in this file), and how they end."""

import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from services.cli.commands import (
    access,
    asking,
    checking,
    debugging,
    forgetting,
    local,
    operating,
    replaying,
    starting,
)
from services.cli.errors import FAIL_STOP, INTERRUPTED, NO, USAGE, YES, CliError, line_of
from services.cli.harmless import harmless

_INVALID = re.compile(r"(Invalid value for '[^:]*'): (.*)", re.DOTALL)


def main() -> None:
    """The console script. Exit codes: see errors.py."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command line. Whatever goes wrong is one line on stderr."""
    try:
        code = app(list(arguments) or ["--help"], prog_name="onboarding", standalone_mode=False)
        return code if isinstance(code, int) else YES
    except CliError as error:
        return _ends(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:  # who read our answer has seen enough
        sys.stderr.close()
        return NO
    except Exception as error:
        return _ends(*_unforeseen(error))


def _ends(line: str, code: int) -> int:
    sys.stderr.write(f"onboarding: {harmless(' '.join(line.split()))}\n")
    return code


def _unforeseen(error: Exception) -> tuple[str, int]:
    if hasattr(error, "format_message"):  # typer's own, whose class moved between versions
        return _usage(error), USAGE
    if _is_of_settings(error):
        return str(error), USAGE
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}", NO
    return f"{line_of(error)} (unforeseen: `onboarding doctor` may know more)", FAIL_STOP


def _is_of_settings(error: Exception) -> bool:
    from services.runtime.settings import SettingsError

    return isinstance(error, SettingsError)


def _usage(error: Any) -> str:
    from services.runtime.setting_words import plain_words

    path = getattr(getattr(error, "ctx", None), "command_path", "onboarding")
    said = str(error.format_message())
    if match := _INVALID.fullmatch(said):
        said = f"{match[1]}: {plain_words(match[2])}"
    ended = said if said.endswith("?") else f"{said.rstrip('.')}."
    return f"{ended} See: {path} --help"


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"onboarding {version('hexabuilders-onboarding')}\n")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
]


def _group(about: str) -> typer.Typer:
    return typer.Typer(help=about, add_completion=False, rich_markup_mode=None)


def _root(version: Version = False) -> None:
    """Partner onboarding: run it, start sagas, see where they stand, find out what is wrong."""


app = _group("")
app.callback()(_root)
app.command("up")(local.up)
app.command("demo")(local.demo)
app.command("env")(local.env)
app.command("start")(starting.start)
app.command("status")(asking.status)
app.command("why")(asking.why)
app.command("list")(asking.list_)
app.command("timeline")(asking.timeline)
app.command("diff")(debugging.diff)
app.command("watch")(asking.watch)
app.command("events")(asking.events)
app.command("capture")(debugging.capture)
app.command("undo-plan")(debugging.undo_plan)
app.command("compensate")(operating.compensate)
app.command("resolve")(operating.resolve)
app.command("purge")(forgetting.purge)
app.command("doctor")(checking.doctor)
app.command("config")(checking.config)
app.command("prove")(checking.prove)

dlq = _group("Dead letters and parked steps: what waits for a person.")
dlq.command("list")(operating.dlq_list)
dlq.command("show")(operating.dlq_show)
dlq.command("edit")(operating.dlq_edit)
dlq.command("redrive")(operating.dlq_redrive)
dlq.command("discard")(operating.dlq_discard)
app.add_typer(dlq, name="dlq")

replay = _group("Records of the topics once more: the projection rebuilt, a deploy rehearsed.")
replay.command("rebuild")(replaying.rebuild)
replay.command("restore")(replaying.restore)
replay.command("sandbox")(replaying.sandbox)
replay.command("export")(replaying.export)
replay.command("import")(replaying.import_)
replay.command("publish")(replaying.publish)
app.add_typer(replay, name="replay")

topics = _group("The topics on Kafka.")
topics.command("list")(checking.topics_list)
topics.command("create")(checking.topics_create)
topics.command("check")(checking.topics_check)
topics.command("grow")(checking.topics_grow)
topics.command("acls")(checking.topics_acls)
app.add_typer(topics, name="topics")

schemas = _group("The schemas of the events.")
schemas.command("list")(checking.schemas_list)
schemas.command("show")(checking.schemas_show)
schemas.command("check")(checking.schemas_check)
app.add_typer(schemas, name="schemas")

keys = _group("API keys of the gateway: who may do what, for which tenant.")
keys.command("create")(access.keys_create)
keys.command("list")(access.keys_list)
keys.command("rotate")(access.keys_rotate)
keys.command("revoke")(access.keys_revoke)
app.add_typer(keys, name="keys")

audit = _group("The audit: who did what, on which saga, when, from where, why.")
audit.command("list")(access.audit_list)
app.add_typer(audit, name="audit")

journeys = _group("The versions of the journeys, and the sagas on their way in them.")
journeys.callback(invoke_without_command=True)(checking.journeys_list)
journeys.command("check")(checking.journeys_check)
app.add_typer(journeys, name="journeys")

broker = _group("The Kafka broker of this machine.")
broker.command("install")(local.broker_install)
app.add_typer(broker, name="broker")
