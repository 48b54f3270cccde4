"""What is said in a saga may be large: its page is not, and says where the rest is."""

from typing import Any

from dashboard_given import logged_in, started
from gateway_given import Gateway

from services.gateway.dashboard.event_data import ALL_MAX, ONE_MAX, texts_of

TOO_LARGE = "too large to be shown here"
LARGE = {"contract_terms": {"months": "x" * ONE_MAX}}


def start(**partner: Any) -> Any:
    return {"type": "PartnerOnboardingInitiated", "data": {"partner_data": partner}}


async def test_the_data_of_a_large_event_is_not_on_the_page_but_the_command_that_shows_it_is(
    gateway: Gateway,
):
    large, small = await started(gateway, "acme", **LARGE), await started(gateway, "acme")
    await gateway.play()
    await gateway.project()
    who = await logged_in(gateway, "viewer", "acme")
    told = [(await who.get(f"/dashboard/sagas/{one['saga_id']}")).text for one in (large, small)]
    command = f"onboarding timeline {large['saga_id']} --tenant acme --with-data -o json"
    assert (TOO_LARGE in told[0], command in told[0], TOO_LARGE in told[1]) == (True, True, False)


def test_what_is_small_as_it_came_and_large_as_it_is_shown_is_too_large():
    deep: Any = [1] * 1_000
    for _ in range(30):
        deep = [deep]
    assert list(texts_of([start(documents=deep), start()])) == [
        None,
        '{\n  "partner_data": {}\n}',
    ]


def test_all_events_of_a_page_together_are_bounded():
    one = start(documents=[{"number": "x" * 10}] * 200)
    told = list(texts_of([one] * 1_000))
    shown = [text for text in told if text is not None]
    assert 0 < len(shown) < 1_000
    assert ALL_MAX - ONE_MAX < sum(map(len, shown)) <= ALL_MAX
