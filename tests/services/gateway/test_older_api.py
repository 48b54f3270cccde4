"""The older API: its fields, and each of its nine states reached by real events."""

from typing import get_args
from uuid import uuid4

from gateway_given import Gateway

from services.gateway.creation import OldState
from services.gateway.routes.creation import MESSAGE
from tests.integration.starts import fresh_email

FIELDS = {"saga_id", "status", "partner_id", "alliance_id", "created_at", "completed_at"}


def payload(**changes) -> dict:
    """As its clients send it."""
    return {
        "nombre": "Example Partner",
        "email": fresh_email(),
        "telefono": "+1234567890",
        "direccion": "123 Main Street",
        "correlation_id": f"c-{uuid4().hex}",
        **changes,
    }


class OldClient:
    def __init__(self, gateway: Gateway, key: str) -> None:
        self.http = gateway.client(key)

    async def start(self, route: str = "partner-creation", **changes) -> dict:
        answer = await self.http.post(f"/api/v1/saga/{route}", json=payload(**changes))
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def status(self, saga_id: str, route: str = "status") -> dict:
        answer = await self.http.get(f"/api/v1/saga/{route}/{saga_id}")
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {"saga"}
        saga = answer.json()["saga"]
        assert set(saga) == FIELDS
        return saga


async def test_a_creation_is_answered_with_the_fields_its_clients_read(gateway: Gateway):
    client = OldClient(gateway, await gateway.key())
    for route in ("partner-creation", "partners"):
        begun = await client.start(route, correlation_id=f"c-{route}")
        assert set(begun) == {"mensaje", "saga_id", "correlation_id", "status"}
        assert (begun["mensaje"], begun["status"]) == (MESSAGE, "started")
        assert begun["correlation_id"] == f"c-{route}"


async def test_a_correlation_id_of_null_is_taken_and_one_is_made(gateway: Gateway):
    client = OldClient(gateway, await gateway.key())
    begun = await client.start(correlation_id=None)
    assert begun["correlation_id"]


async def test_all_nine_states_are_reached(gateway: Gateway):
    client = OldClient(gateway, await gateway.key("admin", "nine"))
    seen: set[str] = set()

    async def see(saga_id: str) -> None:
        for route in ("status", "partners/saga-status"):
            seen.add((await client.status(saga_id, route))["status"])

    done = await client.start()
    await see(done["saga_id"])
    await gateway.project()
    await see(done["saga_id"])
    gateway.world.workers["contract"].is_up = False
    await gateway.play()
    await gateway.project()
    await see(done["saga_id"])
    gateway.world.workers["contract"].is_up = True
    await gateway.play()
    await gateway.project("PartnerOnboardingCompleted")
    await see(done["saga_id"])
    await gateway.project()
    await see(done["saga_id"])
    wrong = await client.start(email="no address")
    await gateway.play()
    await gateway.project()
    await see(wrong["saga_id"])
    asked = await client.http.post(f"/sagas/{done['saga_id']}/compensate", json={"reason": "over"})
    assert asked.status_code == 202
    await gateway.project()
    await see(done["saga_id"])
    await gateway.play()
    await gateway.project()
    await see(done["saga_id"])
    assert seen == set(get_args(OldState))
    saga = await client.status(done["saga_id"])
    assert saga["alliance_id"].startswith("CT-")
    assert saga["completed_at"]


async def test_the_active_ones_are_those_that_have_not_ended(gateway: Gateway):
    client = OldClient(gateway, await gateway.key("admin", "active"))
    await client.start()
    await gateway.play()
    waiting = await client.start()
    await gateway.project()
    answer = (await client.http.get("/api/v1/saga/active")).json()
    assert answer["total"] == 1
    assert [one["saga_id"] for one in answer["sagas"]] == [waiting["saga_id"]]


async def test_a_saga_of_the_other_journey_is_not_one_of_these(gateway: Gateway):
    client = OldClient(gateway, await gateway.key())
    begun = await client.http.post(
        "/sagas/partner-onboarding",
        json={"partner_data": {**payload(), "tipo_partner": "EMPRESA"}},
    )
    answer = await client.http.get(f"/api/v1/saga/status/{begun.json()['saga_id']}")
    assert (answer.status_code, answer.json()["codigo"]) == (404, "SAGA_NOT_FOUND")


async def test_what_is_missing_is_named(gateway: Gateway):
    client = OldClient(gateway, await gateway.key())
    answer = await client.http.post("/api/v1/saga/partner-creation", json={"nombre": "A"})
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"email", "telefono"}
