"""The dashboard in a real browser, on a real stack: what people do with it."""

import re
from uuid import uuid4

import psutil
import pytest
from playwright.sync_api import Page, Route, expect

from tests.ui.people import WAIT_MS, House

pytestmark = [pytest.mark.servers, pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=WAIT_MS)
MARK = "window.isTheSamePage = true"
IS_SAME = "window.isTheSamePage === true"


def status_on(page: Page, status: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Saga {status}")


def completed(house: House, page: Page) -> str:
    saga_id = house.start()["saga_id"]
    page.goto(f"/dashboard/sagas/{saga_id}")
    status_on(page, "COMPLETED")
    return saga_id


def test_a_saga_is_watched_to_its_end_and_the_page_is_never_loaded_anew(house: House):
    partner_id = f"p-{uuid4().hex[:8]}"
    house.slow_down(partner_id, 5)
    with house.person("operator") as one:
        page = one.page
        page.goto("/dashboard/sagas")
        page.evaluate(MARK)
        saga_id = house.start(partner_id=partner_id)["saga_id"]
        row = page.locator(f"#saga-{saga_id}")
        expect(row).to_contain_text("CONTRACT_CREATED")
        row.get_by_role("link").click()
        status_on(page, "DOCUMENTS_VERIFIED")
        page.evaluate(MARK)
        expect(page.locator(".journey.wide .now .name")).to_have_text("campaigns")
        status_on(page, "COMPLETED")
        expect(page.locator(".timeline > li")).to_have_count(7)
        expect(page.locator(".journey.wide .good")).to_have_count(5)
        assert page.evaluate(IS_SAME)


def test_what_was_unfolded_stays_so_while_the_page_changes(house: House):
    partner_id = f"p-{uuid4().hex[:8]}"
    house.slow_down(partner_id, 5)
    with house.person("viewer") as one:
        page = one.page
        page.goto(f"/dashboard/sagas/{house.start(partner_id=partner_id)['saga_id']}")
        expect(page.locator("#event-2")).to_be_attached()  # those before it have their places
        first = page.locator(".timeline > li", has_text="PartnerOnboardingInitiated")
        first.locator("summary").click()
        expect(first.locator("pre")).to_be_visible()
        expect(first.locator("pre")).to_contain_text('"nombre": "***"')
        status_on(page, "COMPLETED")
        expect(first.locator("pre")).to_be_visible()
        expect(first.locator("summary")).to_be_focused()


def test_a_pasted_id_finds_its_saga(house: House):
    begun = house.start()
    with house.person("viewer") as one:
        for name in ("saga_id", "partner_id", "correlation_id"):
            one.page.keyboard.press("Control+k")
            one.page.keyboard.type(begun[name])
            one.page.keyboard.press("Enter")
            one.page.wait_for_url(f"**/dashboard/sagas/{begun['saga_id']}")
            one.page.goto("/dashboard")


def test_a_failure_is_seen_undone_and_why(house: House):
    refused = {"tipo_partner": "INDIVIDUAL", "preferred_contract_type": "ENTERPRISE"}
    with house.person("viewer") as one:
        page = one.page
        page.goto(f"/dashboard/sagas/{house.start(**refused)['saga_id']}")
        status_on(page, "COMPENSATED")
        expect(page.locator(".journey.wide .undone .name").first).to_have_text("registration")
        expect(page.locator("#failure")).to_contain_text("contract: ")
        expect(page.locator("#why-told")).to_contain_text("What helps")


def test_an_operator_has_a_saga_undone_and_the_audit_tells_why(house: House):
    with house.person("operator") as one:
        page = one.page
        saga_id = completed(house, page)
        page.get_by_role("link", name="Undo…").click()
        expect(page.locator("tbody tr")).to_have_count(5)
        page.get_by_label("Why?").fill("the partner withdrew")
        page.get_by_label("Type the saga's id").fill("something else")
        page.get_by_role("button", name="Undo all of it").click()
        expect(page.get_by_role("alert")).to_contain_text("exactly as it is shown")
        page.get_by_label("Type the saga's id").fill(saga_id)
        one.errors.clear()  # a browser tells each answer of 422
        page.get_by_role("button", name="Undo all of it").click()
        status_on(page, "COMPENSATED")
    with house.person("admin") as one:
        one.page.goto(f"/dashboard/audit?saga_id={saga_id}")
        expect(one.page.get_by_role("row").nth(1)).to_contain_text("the partner withdrew")


def test_a_viewer_is_offered_no_undo_and_refused_one(house: House):
    with house.person("viewer") as one:
        page = one.page
        saga_id = completed(house, page)
        page.get_by_role("link", name="What would undoing do?").click()
        expect(page.get_by_role("button", name="Undo all of it")).to_have_count(0)
        answer = page.request.post(f"/dashboard/sagas/{saga_id}/undo", form={"reason": "x"})
        assert answer.status == 403


def test_the_slider_shows_the_saga_as_it_stood(house: House):
    with house.person("viewer") as one:
        page = one.page
        completed(house, page)
        slider = page.get_by_label(re.compile("as it stood after event"))
        slider.fill("2")
        status_on(page, "PARTNER_REGISTERED")
        expect(page.locator("#live")).to_contain_text("As it stood after event 2 of 7")
        slider.fill("3")
        status_on(page, "CONTRACT_CREATED")
        page.get_by_role("link", name="Show it now").click()
        status_on(page, "COMPLETED")


def test_a_lost_connection_is_said_and_found_again(house: House):
    with house.person("viewer") as one:
        banner = one.page.locator("#banner")
        one.context.set_offline(True)
        expect(banner).to_contain_text("The connection is lost")
        one.context.set_offline(False)
        expect(banner).to_be_hidden()
        one.errors.clear()  # each request that failed


def test_a_database_that_is_away_is_said_and_its_return_seen(house: House):
    mongo = psutil.Process(house.up.pids()["mongo"])
    with house.person("viewer") as one:
        banner = one.page.locator("#banner")
        mongo.suspend()
        try:
            expect(banner).to_contain_text("A server does not answer")
            expect(one.page.get_by_role("heading", name="Overview")).to_be_visible()
        finally:
            mongo.resume()
        expect(banner).to_be_hidden()
        one.errors.clear()  # each request that failed


def test_a_session_that_has_ended_is_said_with_the_way_back(house: House):
    with house.person("viewer") as one:
        page = one.page
        page.goto("/dashboard/sagas?status=COMPLETED")
        one.context.clear_cookies()
        page.get_by_role("link", name="Log in again").click()
        page.get_by_label("API key").fill(house.keys["viewer"])
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/dashboard/sagas?status=COMPLETED")
        one.errors.clear()


def test_day_and_night_are_chosen_and_kept(house: House):
    with house.person("viewer", color_scheme="light") as one:
        page = one.page
        page.get_by_role("button", name="Night: dark colours").click()
        page.goto("/dashboard/services")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        page.get_by_role("button", name="Day: light colours").click()
        assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_everything_is_reached_with_the_keyboard(house: House):
    with house.person("viewer") as one:
        one.page.goto("/dashboard")
        one.page.keyboard.press("Tab")
        expect(one.page.get_by_role("link", name="Skip to the content")).to_be_focused()
        one.page.keyboard.press("Enter")
        expect(one.page.locator("main")).to_be_focused()
        one.page.keyboard.press("Tab")
        expect(one.page.locator("main a").first).to_be_focused()


@pytest.mark.parametrize(
    ("on", "part", "asked", "told"),
    [
        ("", "#in-letters", "**/dashboard/letters", "As of"),
        ("/sagas/{saga_id}", "#why", "**/dashboard/sagas/*/why", "What helps"),
    ],
    ids=["letters", "why"],
)
def test_the_keyboard_stays_where_it_is_when_a_part_comes_later(
    house: House, on: str, part: str, asked: str, told: str
):
    with house.person("viewer") as one:
        page = one.page
        saga_id = completed(house, page)
        page.goto("/dashboard/events")  # what is asked next is of the page that is meant
        link = page.locator(part).get_by_role("link")

        def focus_first(request: Route) -> None:
            link.focus()
            request.continue_()

        page.route(asked, focus_first, times=1)
        page.goto(f"/dashboard{on.format(saga_id=saga_id)}")
        expect(page.locator(part)).to_contain_text(told)
        expect(link).to_be_focused()
