"""A Prometheus of this machine as a child of the local stack: it scrapes all processes, and alerts.

Debian's package `prometheus` has it. Nothing of what it keeps outlives the run.
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from deploy.local.child import Child
from deploy.local.errors import Unavailable
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.readiness import answers

RULES = Path(__file__).parents[1] / "monitoring" / "alerts.yaml"
SCRAPE_SECONDS = 5
ENV = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
INSTALL = "apt-get install --no-install-recommends prometheus"


def prometheus(
    folder: Path, targets: Path, rules: Path = RULES, scrape_seconds: float = SCRAPE_SECONDS
) -> tuple[Child, str]:
    """It and its address; it keeps its data in `folder`. Unavailable if it is not installed."""
    found = shutil.which("prometheus")
    if found is None:
        raise Unavailable(f"prometheus is not installed: {INSTALL}; or leave out --monitoring")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = folder / "prometheus.json"  # JSON is YAML too
    config.write_text(json.dumps(_config(targets, rules, scrape_seconds), indent=2))
    address = f"{LOOPBACK}:{free_ports(1)[0]}"
    argv = (
        found,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--log.level=warn",
    )
    ready = partial(answers, f"http://{address}/-/ready")
    return Child("prometheus", argv, ENV, ready, cwd=folder), f"http://{address}"


def targets_of(health_urls: Mapping[str, str | None]) -> str:
    """What Prometheus is to scrape, as its `file_sd_configs` read it: each process by its name, so
    that its series go on after a restart on another port."""
    return json.dumps([_target(name, url) for name, url in _known(health_urls)], indent=2)


def _target(name: str, url: str) -> Mapping[str, object]:
    return {"targets": [url.partition("://")[2]], "labels": {"instance": name}}


def _known(health_urls: Mapping[str, str | None]) -> Iterable[tuple[str, str]]:
    return [(name, url) for name, url in health_urls.items() if url]


def _config(targets: Path, rules: Path, scrape_seconds: float) -> Mapping[str, object]:
    pause = f"{round(scrape_seconds * 1000)}ms"
    found = [{"files": [str(targets)], "refresh_interval": "1s"}]
    return {
        "global": {"scrape_interval": pause, "evaluation_interval": pause, "scrape_timeout": pause},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "onboarding", "file_sd_configs": found}],
    }
