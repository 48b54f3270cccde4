"""Nothing personal is on a page, in whatever field and shape a producer sends it."""

from typing import Any
from uuid import uuid4

import pytest
from dashboard_given import logged_in, pages, started
from gateway_given import Gateway

from contracts.facts import PartnerData

SECRET = "Secreta"
IDS = {"partner_id", "correlation_id"}  # shown everywhere, for they are no personal data
FIELDS = [name for name in PartnerData.model_fields if name not in IDS]
PARTS: list[dict[str, Any]] = [
    {"contract_terms": {"commission": SECRET, "months": SECRET}},
    {"documents": [{"type": "IDENTITY", "number": SECRET, "expires_on": "2020-01-01"}]},
    {"documents": [{"type": SECRET, "number": SECRET, "issued_on": SECRET}]},
    {"campaign_permissions": {"channels": [SECRET], "monthly_budget": "1"}},
    {"recruitment_preferences": {"seats": 1, "job_kinds": [SECRET]}},
]


async def test_personal_data_is_not_on_any_page(gateway: Gateway):
    email = f"ana-{uuid4().hex}@example.com"
    begun = await started(gateway, email=email, nombre=f"Ana {SECRET}")
    await gateway.play()
    await gateway.project()
    admin = await logged_in(gateway)
    for path in pages(begun["saga_id"]):
        told = (await admin.get(path)).text
        assert email not in told
        assert SECRET not in told


@pytest.mark.parametrize("value", [f"Ana {SECRET}", {"name": SECRET}, [SECRET]], ids=type)
async def test_it_is_not_on_the_page_of_a_saga_in_any_field(gateway: Gateway, value: Any):
    await seen_nowhere(gateway, [{name: value} for name in FIELDS])


async def test_it_is_not_there_in_the_parts_of_a_field(gateway: Gateway):
    await seen_nowhere(gateway, PARTS)


async def seen_nowhere(gateway: Gateway, sent: list[dict[str, Any]]) -> None:
    begun = [await started(gateway, **one) for one in sent]
    await gateway.play()
    await gateway.project()
    admin = await logged_in(gateway)
    for one, fields in zip(begun, sent, strict=True):
        for path in ("", "?at=1", "/undo", "/why"):
            told = await admin.get(f"/dashboard/sagas/{one['saga_id']}{path}")
            assert told.status_code == 200
            assert SECRET not in told.text, (fields, path)
