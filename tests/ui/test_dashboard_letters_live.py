"""Dead letters in a real browser, on a real stack: found, redriven, mended, discarded."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.integration.starts import partner_data
from tests.ui.people import WAIT_MS, House

pytestmark = [pytest.mark.servers, pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=WAIT_MS)
THEIRS = "service=registration&class=INVALID_JSON"


def the_letter(house: House, page: Page) -> None:
    """A new one, as it is found: in its group."""
    house.poison()
    page.goto(f"/dashboard/letters?{THEIRS}")
    row = page.locator("tr", has_text="the value is not JSON").first
    expect(row).to_be_visible()  # the page asks anew until it is there
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dead letter of registration")
    expect(page.get_by_role("link", name="saga-state")).to_be_visible()  # its letter is there too


def test_a_dead_letter_is_redriven_comes_back_and_is_discarded(house: House):
    with house.person("operator") as one:
        page = one.page
        the_letter(house, page)
        page.get_by_role("link", name="Redrive…").click()
        expect(page.locator("main")).to_contain_text("1 record")
        page.get_by_label("Why?").fill("the producer was mended")
        page.get_by_role("button", name="Redrive 1").click()
        expect(page.get_by_role("status").last).to_contain_text("All 1 were redriven")
        page.goto(f"/dashboard/letters?{THEIRS}")
        expect(page.locator("main")).to_contain_text("the value is not JSON")  # it came back
        page.get_by_role("link", name="Redrive…").click()
        expect(page.locator("main")).to_contain_text("left out: redriven before, and came back")
        page.goto(f"/dashboard/letters?{THEIRS}")
        page.get_by_role("link", name="Discard…").click()
        page.get_by_label("Why?").fill("of no use to anybody")
        page.get_by_role("button", name="Discard").click()
        expect(page.get_by_role("status").last).to_contain_text("were discarded")


def test_a_mended_letter_starts_its_saga(house: House):
    with house.person("admin") as one:
        page = one.page
        the_letter(house, page)
        page.get_by_role("link", name="Edit…").click()
        mended = json.dumps({"partner_data": partner_data()}, indent=2)
        page.get_by_label("Value", exact=True).fill(mended)
        page.get_by_role("button", name="Would it be read?").click()
        told = page.get_by_role("status").last
        expect(told).to_contain_text("It can be read now: PartnerOnboardingInitiated")
        saga_id = told.locator(".id").inner_text()
        page.get_by_label("Why?").fill("half a body: written by hand")
        page.get_by_role("button", name="Send it").click()
        expect(page.locator("#live")).to_contain_text("redriven")
        page.goto("/dashboard/sagas")
        expect(page.locator(f"#saga-{saga_id}")).to_be_visible()  # the projection knows it
        page.goto("/dashboard")
        page.locator("#find").fill(saga_id)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Saga COMPLETED")
