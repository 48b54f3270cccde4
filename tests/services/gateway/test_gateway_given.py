"""The gateway that tests are given: what it takes is done, and shown."""

from gateway_given import PARTNER, Gateway


async def test_a_start_is_played_to_its_end_and_shown(gateway: Gateway):
    client = gateway.client(await gateway.key("operator"))
    told = await client.post("/sagas/partner-onboarding", json={"partner_data": PARTNER})
    assert told.status_code == 202, told.text
    await gateway.play()
    await gateway.project()
    shown = await client.get(told.headers["Location"])
    assert shown.json()["status"] == "COMPLETED"
