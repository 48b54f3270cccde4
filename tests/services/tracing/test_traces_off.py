"""Without an endpoint nothing of traces is imported, made or paid for."""

import os
import subprocess
import sys

import pytest

from services.registration import STEP
from services.runtime.settings import SettingsError, load_settings
from services.runtime.traces import tracing_of

OURS = ("ONBOARDING_", "OTEL_")
SERVICES = ("services.registration", "services.runtime.service", "saga_state.worker")
GATEWAY = ("services.gateway.process", "services.gateway.serving")  # FastAPI knows the API itself
SENDING = (
    "opentelemetry.sdk",
    "opentelemetry.exporter",
    "services.runtime.tracing",
    "services.gateway.traced",
)
LOOK = """
import sys
from importlib import import_module
for name in sys.argv[1].split(","):
    import_module(name)
from services.runtime.settings import load_settings
from services.runtime.traces import tracing_of
assert tracing_of("registration", load_settings(_env_file=None), "host:1:a") is None
print([one for one in sys.modules if one.startswith(tuple(sys.argv[2].split(",")))])
"""


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path) -> None:
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("modules", "unknown"),
    [(SERVICES, ("opentelemetry", *SENDING)), (GATEWAY, SENDING)],
    ids=["services", "gateway"],
)
def test_no_process_imports_what_makes_traces(modules, unknown):
    clean = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
    done = subprocess.run(
        [sys.executable, "-c", LOOK, ",".join(modules), ",".join(unknown)],
        env={**clean, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=150,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_delivery_without_traces_hands_on_what_it_read():
    from services.runtime.delivery import Delivery

    events = [object()]
    one = Delivery(STEP, None, None, None, None, None)  # type: ignore[arg-type]
    assert one.traced(events) == events


def test_either_name_says_where_traces_go_and_ours_counts_more(monkeypatch):
    assert load_settings().otlp_endpoint is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://standard:4318/")
    assert load_settings().otlp_endpoint == "http://standard:4318"
    monkeypatch.setenv("ONBOARDING_OTLP_ENDPOINT", "http://ours:4318")
    assert load_settings().otlp_endpoint == "http://ours:4318"


def test_the_standard_name_counts_in_a_file_too(tmp_path):
    (tmp_path / ".env").write_text("OTEL_EXPORTER_OTLP_ENDPOINT=http://file:4318\n")
    assert load_settings().otlp_endpoint == "http://file:4318"


@pytest.mark.parametrize("wrong", ["collector:4317", "grpc://collector", "http://a:b@collector"])
def test_a_wrong_endpoint_is_one_line_without_its_value(monkeypatch, wrong):
    monkeypatch.setenv("ONBOARDING_OTLP_ENDPOINT", wrong)
    with pytest.raises(SettingsError, match=r"^ONBOARDING_OTLP_ENDPOINT: ") as told:
        load_settings()
    assert wrong not in str(told.value)


def test_settings_that_opentelemetry_cannot_read_are_one_line(monkeypatch):
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "many")
    settings = load_settings(otlp_endpoint="http://127.0.0.1:9")
    with pytest.raises(SettingsError, match=r"^OTEL_"):
        tracing_of("registration", settings, "host:1:a")
