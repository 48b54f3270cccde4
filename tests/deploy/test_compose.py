"""deploy/compose: one container per process, each shut in, everything it names is there."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.journey import JOURNEYS
from deploy.local.platform_child import urls
from deploy.local.store import uri
from services.runtime.settings import Settings, unknown_names
from services.runtime.vitals import STOP_MARGIN_SECONDS
from tests.sources import ROOT

FOLDER = ROOT / "deploy/compose"
FILE = FOLDER / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"] == "${IMAGE:-onboarding}"}
STEPS = list(dict.fromkeys(step for one in JOURNEYS.values() for step in one.step_names))
PROCESSES = {
    **{step: f"services.{step}" for step in STEPS},
    "saga-state": "saga_state",
    "gateway": "services.gateway",
}
WATCHDOG_SECONDS = Settings.model_fields["batch_deadline_seconds"].default + STOP_MARGIN_SECONDS
SCRAPED = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())


def test_it_is_what_the_specification_of_compose_allows():
    program = Path(sys.executable).with_name("check-jsonschema")
    argv = [program, "--builtin-schema", "vendor.compose-spec", FILE]
    told = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stdout


def test_each_step_of_a_journey_and_each_other_process_has_one_entry():
    modules = [one["command"][2] for one in OURS.values() if one["command"][:2] == ["python", "-m"]]
    assert sorted(set(modules) - {"deploy.local.platform", "deploy.local.replica_set"}) == sorted(
        PROCESSES.values()
    )
    assert len(modules) == len(set(modules))
    for name, module in PROCESSES.items():
        assert SERVICES[name]["command"] == ["python", "-m", module]


def test_every_setting_that_it_names_is_known():
    names = {name for one in OURS.values() for name in one["environment"]}
    assert names
    assert unknown_names(names) == []


@pytest.mark.parametrize("name", SERVICES)
def test_each_container_is_nobody_has_no_rights_and_has_limits(name):
    one = SERVICES[name]
    assert int(one["user"].partition(":")[0]) > 0
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert set(one["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert "privileged" not in one


@pytest.mark.parametrize("name", OURS)
def test_ours_run_as_the_user_of_the_image_and_write_to_nothing_in_it(name):
    assert OURS[name]["user"] == "10001:10001"
    assert OURS[name]["read_only"] is True


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_waits_for_its_jobs_says_when_it_is_ready_and_has_time_to_stop(name):
    one = SERVICES[name]
    assert {job: how["condition"] for job, how in one["depends_on"].items()} == dict.fromkeys(
        ("topics", "replica-set"), "service_completed_successfully"
    )
    assert one["healthcheck"]["test"][-1] == "readyz"
    assert int(one["stop_grace_period"].removesuffix("s")) > WATCHDOG_SECONDS


def test_whatever_goes_on_says_whether_it_is_well():
    checked = [name for name, one in SERVICES.items() if "test" in one.get("healthcheck", {})]
    jobs = [name for name, one in SERVICES.items() if one.get("healthcheck") == {"disable": True}]
    assert sorted(checked + jobs) == sorted(SERVICES)
    assert not set(checked) & {"topics", "replica-set", "cli"}


def test_what_is_published_is_for_this_machine_alone():
    ports = [port for one in SERVICES.values() for port in one.get("ports", ())]
    assert len(ports) == 6
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", PROCESSES)
def test_another_container_of_a_process_can_be_started_beside_the_first(name):
    assert not {"container_name", "hostname"} & SERVICES[name].keys()


def test_secrets_come_from_files_that_the_script_makes_and_git_does_not_know():
    script = (FOLDER / "secrets.sh").read_text()
    made = set(re.findall(r"^secret (\w+) ", script, re.MULTILINE))
    assert made == set(COMPOSE["secrets"])
    assert "deploy/compose/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    told = [one.get("environment", {}) for one in SERVICES.values()]
    named = {name: value for some in told for name, value in some.items()}
    assert [name for name in named if re.search("PASSWORD|KEY|MONGO$", name)
            and not name.endswith("_FILE")] == []  # fmt: skip


def test_the_address_of_the_database_is_the_one_that_the_local_stack_has():
    assert f'secret mongo "{uri("mongo:27017")}"' in (FOLDER / "secrets.sh").read_text()


def test_the_sandbox_runs_with_dev_alone_and_its_addresses_are_those_of_the_settings():
    assert SERVICES["platform"]["profiles"] == ["dev"]
    lines = (FOLDER / "dev.env").read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert told.pop("COMPOSE_PROFILES") == "dev"
    assert {f"ONBOARDING_{name}": url for name, url in told.items()} == urls("http://platform:8080")
    asked = {
        (name, value)
        for one in OURS.values()
        for name, value in one["environment"].items()
        if name.endswith("_URL")
    }
    assert asked == {(f"ONBOARDING_{name}", f"${{{name}:-}}") for name in told}


def test_each_file_that_is_mounted_is_there():
    volumes = [one for some in SERVICES.values() for one in some.get("volumes", ())]
    files = [one.partition(":")[0] for one in volumes if one.startswith(".")]
    assert len(files) == 5
    assert [file for file in files if not (FOLDER / file).is_file()] == []
    named = {one.partition(":")[0] for one in volumes if not one.startswith(".")}
    assert named == set(COMPOSE["volumes"])


def test_prometheus_asks_every_process_on_its_health_port():
    (found,) = SCRAPED["scrape_configs"][0]["dns_sd_configs"]
    assert sorted(found["names"]) == sorted(PROCESSES)
    dockerfile = (ROOT / "deploy/docker/Dockerfile").read_text()
    assert f"ONBOARDING_HEALTH_PORT={found['port']}\n" in dockerfile
    assert SCRAPED["rule_files"] == ["/etc/prometheus/alerts.yaml"]


@pytest.mark.promtool
def test_prometheus_understands_its_configuration():
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: apt-get install --no-install-recommends prometheus"
    argv = [promtool, "check", "config", "--syntax-only", FOLDER / "prometheus.yaml"]
    told = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_grafana_has_prometheus_for_its_source_and_the_dashboard_for_its_first_page():
    (source,) = yaml.safe_load((FOLDER / "grafana/datasources.yaml").read_text())["datasources"]
    assert (source["type"], source["isDefault"]) == ("prometheus", True)
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((FOLDER / "grafana/dashboards.yaml").read_text())["providers"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/onboarding.json"
    assert json.loads((FOLDER / "../monitoring/dashboard.json").read_text())["title"]
