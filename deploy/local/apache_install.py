"""Fetches the jars of Apache Kafka from Maven Central, once, and finds the Java to run them."""

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploy.local.apache import Runtime
from deploy.local.child import run
from deploy.local.errors import LocalError, Unavailable

KAFKA_VERSION = "4.3.1"
OLDEST_JAVA = 17
CACHE = "ONBOARDING_CACHE"
# slf4j-simple: without a binding Kafka's log goes nowhere; the version is its slf4j-api's.
DEPENDENCIES = (
    ("org.apache.kafka", "kafka_2.13", KAFKA_VERSION),
    ("org.slf4j", "slf4j-simple", "1.7.36"),
)
DEPENDENCY = (
    "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
)
POM = (
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    "<groupId>onboarding</groupId><artifactId>broker</artifactId><version>1</version>"
    "<packaging>pom</packaging><dependencies>{}</dependencies></project>"
)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """$ONBOARDING_CACHE, or ~/.cache/onboarding."""
    cache = environ.get(CACHE)
    return (Path(cache) if cache else Path.home() / ".cache" / "onboarding").absolute()


def jars_folder(environ: Mapping[str, str]) -> Path:
    """Where the jars of this version are kept."""
    return cache_folder(environ) / f"kafka-{KAFKA_VERSION}"


async def install(environ: Mapping[str, str]) -> Runtime:
    """Fetch what is missing; Unavailable if Java 17 or Maven is, LocalError with Maven's words."""
    java = _command("java", "Java 17 or newer (Debian: default-jre-headless)", environ)
    await _check_java(java, environ)
    jars = jars_folder(environ)
    if not jars.is_dir():
        await _fetch(jars, environ)
    return Runtime(java, jars, environ)


async def _fetch(jars: Path, environ: Mapping[str, str]) -> None:
    """Into a folder beside it first, so that a half-fetched one is never taken for whole."""
    maven = _command("mvn", "Maven (Debian: maven), to fetch Apache Kafka", environ)
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars.parent, prefix=".fetch-") as scratch:
        pom = Path(scratch) / "pom.xml"
        pom.write_text(POM.format("".join(DEPENDENCY.format(*one) for one in DEPENDENCIES)))
        to = f"-DoutputDirectory={scratch}/jars"
        goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", to)
        code, words = await run((maven, "-q", "-B", "-C", "-f", str(pom), *goal), environ)
        if code != 0:
            raise LocalError(f"Maven could not fetch Apache Kafka {KAFKA_VERSION}:\n{words}")
        _move(Path(scratch) / "jars", jars)


def _move(made: Path, jars: Path) -> None:
    try:
        made.rename(jars)
    except OSError:
        if not jars.is_dir():  # else another process was faster, with the same jars
            raise


async def _check_java(java: str, environ: Mapping[str, str]) -> None:
    _, words = await run((java, "-version"), environ)
    found = re.search(r'version "(?:1\.)?(\d+)', words)
    if found is None or int(found[1]) < OLDEST_JAVA:
        first = words.strip().partition("\n")[0]
        raise Unavailable(f"Apache Kafka needs Java {OLDEST_JAVA} or newer; {java} says: {first}")


def _command(name: str, what: str, environ: Mapping[str, str]) -> str:
    path = environ.get("PATH", "")
    if home := environ.get("JAVA_HOME"):
        path = f"{home}/bin:{path}"
    if found := shutil.which(name, path=path):
        return found
    raise Unavailable(f"{name} is not installed: --broker apache needs {what}")
