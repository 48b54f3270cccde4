"""The logs of a full run at their most talkative: all of it is told by ids, nothing of persons."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from running_up import START_SECONDS, Up, eventually, up_or_skip

from contracts.topics import event_topic

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
SERVERS = {"kafka", "mongo", "platform"}  # whose logs are not ours
NAMES = ("Señora Secreta", "Persona Privada", "Don Oculto", "Doña Callada", "Ana Anónima")
STREET, CITY, NUMBER, NOTE = "Calle Oculta 7", "Villa Escondida", "DNI-99887766X", "my private note"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def somebody(name: str, **more: Any) -> dict[str, Any]:
    """With a value of its own in every field that may be personal."""
    token = uuid4().hex[:8]
    return {
        "nombre": name,
        "email": f"secreta-{token}@personal.example",
        "telefono": f"+34{int(token, 16) % 10**9:09d}",
        "tipo_partner": "EMPRESA",
        "direccion": STREET,
        "ciudad": CITY,
        "pais": "ES",
        "documents": [{"type": "IDENTITY", "number": NUMBER, "expires_on": "2999-01-01"}],
        "campaign_permissions": NOTE,
        **more,
    }


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up_or_skip(tmp_path_factory.mktemp("up"), "--with-platform") as one:
        yield one


@pytest.fixture(scope="module")
def run(up: Up) -> list[dict[str, Any]]:
    """Partners of every fate, at level DEBUG; what they were started with."""
    for name, pid in up.pids().items():
        if name not in SERVERS:
            os.kill(pid, signal.SIGUSR1)
    done, unwanted, wrong, double, poison = people = [somebody(name) for name in NAMES]
    unwanted["documents"][0]["expires_on"] = "2020-01-01"
    wrong["telefono"] = "call my mother"
    double["email"] = done["email"]
    told = (
        up("start", "-", "--wait", stdin="\n".join(json.dumps(one) for one in people[:3])),
        up("start", "-", "--wait", stdin=json.dumps(double)),
        up("list", "--email", done["email"]),
        up("list", "--status", "COMPLETED", "-o", "jsonl"),
    )
    (saga,) = map(json.loads, told[-1].stdout.splitlines())
    assert up("compensate", saga["saga_id"], "--reason", "The partner left.").returncode == 0
    by_rest(up, somebody(NAMES[0]), people)
    asyncio.run(by_hand(str(up.run["kafka"]), poison))
    eventually(lambda: "COMPENSATED" in up("status", saga["saga_id"]).stdout, START_SECONDS)
    eventually(lambda: TRACE in log_of(up, "recruitment"), START_SECONDS)
    return people


def by_rest(up: Up, one: dict[str, Any], people: list[dict[str, Any]]) -> None:
    """Accepted, refused in each way, and asked for by what should stand in no path."""
    people.append(one)
    key = {"X-API-Key": (up.folder / ".onboarding/api-key").read_text().strip()}
    body = {"partner_data": one, "correlation_id": f"c-{uuid4().hex}"}
    start, email = "/sagas/partner-onboarding", one["email"]
    with httpx.Client(base_url=str(up.run["gateway"]), headers=key, timeout=30) as client:
        assert client.post(start, json=body).status_code == 202
        other = {**body, "partner_data": {**one, "nombre": NAMES[1]}}
        assert client.post(start, json=other).status_code == 409
        half = {"content": json.dumps(body)[:-3], "headers": {"Content-Type": "application/json"}}
        assert client.post(start, **half).status_code == 400
        assert client.post(start, json={"partner_data": NAMES[2]}).status_code == 422
        assert client.post(start, json=body, headers={"X-API-Key": email}).status_code == 401
        assert client.get(f"/sagas/{email}/status").is_client_error
        assert client.get("/sagas", params={"email": email, "status": NAMES[3]}).is_client_error


async def by_hand(kafka: str, one: dict[str, Any]) -> None:
    """Half a body, a whole one under a type that nobody knows, and one in a trace."""
    value = json.dumps({"partner_data": one}).encode()
    headers = [
        ("ce_type", b"com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1"),
        ("ce_id", b"by-hand"),
        ("ce_source", b"/my/app"),
    ]
    topic = event_topic("PartnerOnboardingInitiated")
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait(topic, value[:-9], headers=headers)
        await producer.send_and_wait(topic, value, headers=[("ce_type", b"x"), *headers[1:]])
        trace = ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())
        await producer.send_and_wait(topic, value, headers=[*headers, trace])


def log_of(up: Up, name: str) -> str:
    return (up.folder / f".onboarding/logs/{name}.log").read_text()


def logs(up: Up) -> dict[str, str]:
    """What our processes wrote, by process."""
    folder: Path = up.folder / ".onboarding/logs"
    found = {file.stem: file.read_text() for file in folder.glob("*.log")}
    return {name: text for name, text in found.items() if name not in SERVERS}


def lines(up: Up, name: str, event: str) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in log_of(up, name).splitlines()]
    return [line for line in told if line["event"] == event]


def values(told: object) -> Iterator[str]:
    """Every text in it that could tell who somebody is."""
    if isinstance(told, dict):
        for name, value in told.items():
            if name not in ("tipo_partner", "pais", "type", "expires_on"):
                yield from values(value)
    elif isinstance(told, list):
        for value in told:
            yield from values(value)
    else:
        yield str(told)


def test_no_personal_value_of_a_full_run_is_in_any_log(up, run):
    written = {*(text for one in run for text in values(one)), "private note", "Secreta"}
    assert len(written) > 15
    told = {name: text.casefold() for name, text in logs(up).items()}
    assert {"gateway", "saga_state", "registration", "recruitment"} <= set(told)
    found = [
        (name, value)
        for name, text in told.items()
        for value in written
        if any(form in text for form in forms(value))
    ]
    assert found == []


def forms(value: str) -> set[str]:
    """As it is, and as JSON would have it."""
    return {value.casefold(), json.dumps(value)[1:-1].casefold()}


def test_every_line_is_an_event_with_its_time_level_and_service(up, run):
    for name, text in logs(up).items():
        for line in text.splitlines():
            told = json.loads(line)
            assert {"event", "level", "service", "timestamp"} <= set(told), (name, line)


def test_what_happened_to_a_saga_is_found_in_all_logs_by_any_of_its_ids(up, run):
    (saga, *_) = {
        line["saga_id"] for line in lines(up, "recruitment", "event.handled") if "trace_id" in line
    }
    for name in ("registration", "contract", "documents", "campaigns", "recruitment"):
        (did,) = [
            line
            for line in lines(up, name, "event.handled")
            if line["saga_id"] == saga and line["cell"] == "do, absent"
        ]
        assert (did["trace_id"], did["tenant_id"], did["service"]) == (TRACE, "default", name)
        assert did["partner_id"]
        assert did["correlation_id"]
        assert did["event_id"]
        assert bool(did["causation_id"]) == (name != "registration")


def test_they_talked_because_a_signal_said_so(up, run):
    for name in logs(up):
        assert [line["level_now"] for line in lines(up, name, "log.level")] == ["DEBUG"]
