"""`onboarding broker install`: fetches Apache Kafka before it is needed."""

import asyncio
import os

from deploy.local.apache_install import KAFKA_VERSION, install, jars_folder
from deploy.local.errors import LocalError
from services.cli.errors import CliError
from services.cli.printing import write_line
from services.cli.until_stopped import one_line


def install_broker(dry_run: bool) -> None:
    """Says where the jars are, fetched now or before."""
    folder = jars_folder(os.environ)
    if folder.is_dir():
        write_line(f"Apache Kafka {KAFKA_VERSION} is in {folder}")
        return
    if dry_run:
        write_line(f"Apache Kafka {KAFKA_VERSION} would be fetched by Maven into {folder}")
        return
    write_line(f"fetching Apache Kafka {KAFKA_VERSION} into {folder} ...")
    try:
        asyncio.run(install(os.environ))
    except LocalError as error:
        raise CliError(one_line(error), error.exit_code) from None
    write_line("done")
