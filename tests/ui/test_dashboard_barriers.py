"""Every page for everybody: axe finds nothing, in both themes, on a phone and on a large screen."""

from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.ui.people import WAIT_MS, House

pytestmark = [pytest.mark.servers, pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=WAIT_MS)
SIZES = {
    "phone": {"width": 320, "height": 640},
    "desk": {"width": 1280, "height": 800},
    "wall": {"width": 2560, "height": 1440},
}
UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
WHOLE, UNFOLDED = {"overview", "undo", "why", "event"}, {"why", "event"}
PICTURED = {
    "light": ("stuck", "why", "overview", "sagas", "saga", "saga-moment", "undo", "letters", "services",
              "events", "event", "audit"),
    "dark": ("saga",),
}  # fmt: skip
REFUSED = {"tipo_partner": "INDIVIDUAL", "preferred_contract_type": "ENTERPRISE"}


@pytest.fixture(scope="module")
def sagas(house: House) -> dict[str, str]:
    """One that was completed and one that was undone, both at rest."""
    house.poison()
    found = {"COMPLETED": house.start(), "COMPENSATED": house.start(**REFUSED)}
    with house.person("admin") as one:
        for status, begun in found.items():
            one.page.goto(f"/dashboard/sagas/{begun['saga_id']}")
            expect(one.page.get_by_role("heading", level=1)).to_have_text(f"Saga {status}")
    return {status: begun["saga_id"] for status, begun in found.items()}


def pages(sagas: dict[str, str]) -> dict[str, str]:
    """By name, each as it is asked for."""
    good, undone = (f"/dashboard/sagas/{one}" for one in sagas.values())
    return {
        "overview": "/dashboard",
        "sagas": "/dashboard/sagas",
        "sagas-none": "/dashboard/sagas?status=FAILED",
        "sagas-wrong": "/dashboard/sagas?status=NONE",
        "find": "/dashboard/find",
        "find-none": "/dashboard/find?id=nobody",
        "saga": undone,
        "saga-moment": f"{good}?at=3",
        "saga-asked": f"{good}?asked",
        "undo": f"{good}/undo",
        "undo-refused": f"{undone}/undo",
        "why": f"{undone}/why",
        "letters": "/dashboard/letters",
        "letters-none": "/dashboard/letters?service=contract&class=BUG",
        "letters-plan": "/dashboard/letters/act?what=redriven",
        "services": "/dashboard/services",
        "events": "/dashboard/events",
        "event": "/dashboard/events/ContractCreated",
        "audit": "/dashboard/audit",
        "nothing": "/dashboard/nothing-is-here",
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_page_has_a_barrier(house: House, sagas, size: str, theme: str):
    with house.person("admin", viewport=SIZES[size], color_scheme=theme) as one:
        for name, path in pages(sagas).items():
            one.page.goto(path)
            if name == "services":
                one.page.locator("#lag canvas").wait_for()
            one.page.evaluate(UNFOLD)
            assert one.barriers() == [], name
            assert one.too_wide() == [], name
        one.errors.clear()  # a browser tells each answer of 404 and 422


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_page_of_a_letter_has_one(house: House, sagas, size: str, theme: str):
    with house.person("admin", viewport=SIZES[size], color_scheme=theme) as one:
        page = one.page
        page.goto("/dashboard/letters")
        page.locator("[id^=letter-]").first.get_by_role("link").click()
        page.get_by_role("heading", name="Dead letter of").wait_for()
        for way in (None, "Edit…"):
            if way is not None:
                page.get_by_role("link", name=way).click()
                page.get_by_role("heading", name="Mend a record").wait_for()
            page.wait_for_load_state()
            assert one.barriers() == [], page.url
            assert one.too_wide() == [], page.url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_log_in_has_none_either(house: House, theme: str):
    with house.person(None, color_scheme=theme) as one:
        one.page.goto("/dashboard/login")
        assert one.barriers() == []
        one.page.get_by_label("API key").fill("nonsense")
        one.page.get_by_role("button", name="Log in").click()
        one.page.get_by_role("alert").wait_for()
        assert one.barriers() == []
        one.errors.clear()


def test_pictures_are_taken_of_the_pages_as_they_are(house: House, sagas, request, tmp_path: Path):
    """`make pictures` has them in docs/pictures/."""
    folder = Path(request.config.getoption("--pictures") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    stuck = f"/dashboard/sagas/{stuck_saga(house)}"
    seen = {**pages(sagas), "stuck": stuck, "why": f"{stuck}/why"}
    for theme, names in PICTURED.items():
        with house.person("admin", viewport=SIZES["desk"], color_scheme=theme) as one:
            for name in names:
                one.page.goto(seen[name])
                if name == "stuck":
                    told = one.page.locator("#why-told")
                    expect(told).to_contain_text("slow or down")
                    expect(told).not_to_contain_text("Not sure")  # it is, after some tries
                if name == "overview":
                    expect(one.page.locator("#in-letters")).to_contain_text("INVALID_JSON")
                if name == "saga":
                    expect(one.page.locator("#why-told")).to_contain_text("What helps")
                if name == "services":
                    one.page.locator("#lag canvas").wait_for()
                if name in UNFOLDED:
                    one.page.evaluate(UNFOLD)
                one.page.screenshot(path=folder / f"{name}-{theme}.png", full_page=name in WHOLE)
    with house.person("admin", viewport={"width": 390, "height": 844}) as one:
        one.page.goto(seen["saga"])
        one.page.screenshot(path=folder / "saga-phone.png")
    with house.person(None, viewport=SIZES["desk"]) as one:
        one.page.goto("/dashboard/login")
        one.page.screenshot(path=folder / "login-light.png")


def stuck_saga(house: House) -> str:
    """One whose documents wait for an outside system that answers by 500 each time."""
    partner_id = f"p-{uuid4().hex[:8]}"
    house.break_down(partner_id)
    return house.start(partner_id=partner_id)["saga_id"]
