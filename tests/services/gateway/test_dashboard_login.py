"""In and out of the dashboard: cookies, forms of ours alone, ways that stay inside."""

import asyncio
from uuid import uuid4

import pytest
import structlog
from dashboard_given import browser, elements, hidden, log_in, logged_in
from gateway_given import Gateway

from services.gateway.dashboard.cookies import FORMS, SESSION
from services.gateway.dashboard.login import inside
from services.gateway.dashboard.sessions import digest_of, form_token, is_form_token
from services.gateway.keys import new_secret
from services.gateway.rates import LOGINS_PER_MINUTE

OUTSIDE = (
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/dashboard\\@evil.example",
    "/dashboardevil",
    "/dashboard/\r\nX: y",
    "javascript:alert(1)",
    "/dashboard/login",
    "/dashboard/logout",
    "/dashboard/../audit",
    "/dashboard/%2e%2E/audit",
    "/dashboard/.%2e/audit?x=1",
    "/dashboard/" + "x" * 3_000,
    "",
)


@pytest.mark.parametrize("way", OUTSIDE)
def test_a_log_in_leads_to_no_other_site(way: str):
    assert inside(way) == "/dashboard"


@pytest.mark.parametrize("way", ["/dashboard", "/dashboard/sagas?status=FAILED", "/dashboard?x=.."])
def test_it_leads_back_to_where_one_wanted_to_go(way: str):
    assert inside(way) == way


def test_a_form_is_bound_to_its_cookie():
    assert is_form_token("one", form_token("one"))
    assert not is_form_token("two", form_token("one"))
    assert not is_form_token("one", "")
    assert not is_form_token("one", "ñ")


async def test_who_was_sent_to_the_log_in_comes_back(gateway: Gateway):
    who = browser(gateway)
    sent = await who.get("/dashboard/sagas?status=FAILED")
    form = hidden((await who.get(sent.headers["location"])).text)
    told = await who.post("/dashboard/login", data={**form, "key": await gateway.key("viewer")})
    assert (told.status_code, told.headers["location"]) == (303, "/dashboard/sagas?status=FAILED")
    assert (await who.get(told.headers["location"])).status_code == 200


async def test_no_script_and_no_other_site_can_use_the_cookie(gateway: Gateway):
    told = await log_in(browser(gateway), await gateway.key("viewer"))
    line = told.headers["set-cookie"].lower()
    assert line.startswith(f"{SESSION}=")
    assert all(one in line for one in ("httponly", "samesite=strict", "path=/dashboard"))
    assert "secure" not in line


async def test_over_tls_no_other_host_of_the_domain_can_set_the_cookie(gateway: Gateway):
    who = browser(gateway, "https")
    told = await log_in(who, await gateway.key("viewer"))
    line = told.headers["set-cookie"].lower()
    assert line.startswith(f"__host-{SESSION}=")
    assert all(one in line for one in ("httponly", "samesite=strict", "path=/;", "secure"))
    assert (await who.get("/dashboard")).status_code == 200
    planted = browser(gateway, "https")
    planted.headers["Cookie"] = f"{SESSION}={who.cookies[f'__Host-{SESSION}']}"
    assert (await planted.get("/dashboard")).status_code == 303


async def test_a_cookie_that_comes_twice_is_none(gateway: Gateway):
    token = (await logged_in(gateway)).cookies[SESSION]
    for sent in (f"{SESSION}={token}; {SESSION}=x", f"{SESSION}=x;{SESSION}={token}"):
        who = browser(gateway)
        who.headers["Cookie"] = sent
        assert (await who.get("/dashboard")).status_code == 303


async def test_of_a_session_nothing_is_kept_that_opens_anything(gateway: Gateway):
    who = await logged_in(gateway, "viewer")
    token = who.cookies[SESSION]
    kept = await gateway.ground.sessions.find(digest_of(token), gateway.clock())
    assert kept is not None
    assert token not in str(kept)


async def test_each_log_in_makes_a_session_of_its_own_and_ends_the_one_before(gateway: Gateway):
    who, key = browser(gateway), await gateway.key("viewer")
    await log_in(who, key)
    first = who.cookies[SESSION]
    await log_in(who, key)
    assert who.cookies[SESSION] != first
    planted = browser(gateway)
    planted.headers["Cookie"] = f"{SESSION}={first}"
    assert (await planted.get("/dashboard")).status_code == 303


async def test_what_is_no_key_is_said_on_the_form(gateway: Gateway):
    for wrong in ("nonsense", "obk_1_2", "x" * 10_000, ""):
        told = await log_in(browser(gateway), wrong)
        assert told.status_code == 401
        assert "not a valid API key" in told.text
        assert SESSION not in told.headers.get("set-cookie", "")


async def test_after_some_wrong_keys_an_address_waits_also_with_a_right_one(gateway: Gateway):
    address, key = "198.51.100.7", await gateway.key("viewer")
    for _ in range(LOGINS_PER_MINUTE):
        assert (await log_in(browser(gateway, address=address), "nonsense")).status_code == 401
    told = await log_in(browser(gateway, address=address), key)
    assert told.status_code == 429
    assert int(told.headers["retry-after"]) <= 60
    assert (await log_in(browser(gateway, address="198.51.100.8"), key)).status_code == 303


async def test_of_many_log_ins_at_once_no_more_are_tried_than_may_fail(gateway: Gateway):
    people = [browser(gateway, address="198.51.100.9") for _ in range(40)]
    told = await asyncio.gather(*(log_in(who, new_secret()[0]) for who in people))
    statuses = [one.status_code for one in told]
    assert statuses.count(401) == LOGINS_PER_MINUTE
    assert statuses.count(429) == 40 - LOGINS_PER_MINUTE


async def test_log_ins_that_did_not_fail_do_not_count(gateway: Gateway):
    key, address = await gateway.key("viewer"), "198.51.100.10"
    for _ in range(LOGINS_PER_MINUTE + 2):
        assert (await log_in(browser(gateway, address=address), key)).status_code == 303


async def test_the_log_tells_from_where_a_log_in_failed(gateway: Gateway):
    with structlog.testing.capture_logs() as logged:
        await log_in(browser(gateway, address="198.51.100.11"), "nonsense")
    assert [one["address"] for one in logged if one["event"] == "login.failed"] == ["198.51.100.11"]


async def test_a_form_of_another_page_logs_nobody_in(gateway: Gateway):
    key = await gateway.key("viewer")
    form = hidden((await browser(gateway).get("/dashboard/login")).text)
    told = await browser(gateway).post("/dashboard/login", data={**form, "key": key})
    assert (told.status_code, SESSION in told.headers.get("set-cookie", "")) == (403, False)


async def test_a_form_of_another_site_is_refused_whatever_it_brings(gateway: Gateway):
    who, key = browser(gateway), await gateway.key("viewer")
    form = hidden((await who.get("/dashboard/login")).text)
    for name, told, status in (
        ("Sec-Fetch-Site", "cross-site", 403),
        ("Origin", "https://evil.example", 403),
        ("Origin", "null", 403),
        ("Origin", "http://gateway", 303),
    ):
        sent = {**form, "key": key}
        answer = await who.post("/dashboard/login", data=sent, headers={name: told})
        assert answer.status_code == status


async def test_a_page_lets_the_browser_tell_its_origin_and_others_nothing(gateway: Gateway):
    told = await browser(gateway).get("/dashboard/login")
    assert told.headers.get_list("referrer-policy") == ["same-origin"]


async def test_what_is_no_form_is_refused(gateway: Gateway):
    who = await logged_in(gateway)
    for body, kind in (
        (b"{}", "application/json"),
        (b"a=1&" * 50, "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
    ):
        told = await who.post("/dashboard/logout", content=body, headers={"Content-Type": kind})
        assert told.status_code == 400


async def test_a_log_out_ends_the_session_for_whoever_has_the_cookie(gateway: Gateway):
    who = await logged_in(gateway)
    token = who.cookies[SESSION]
    other = browser(gateway)
    other.headers["Cookie"] = f"{SESSION}={token}"
    assert (await other.get("/dashboard")).status_code == 200
    form = hidden((await who.get("/dashboard")).text)
    assert (await who.post("/dashboard/logout", data=form)).headers["location"].endswith("login")
    assert (await other.get("/dashboard")).status_code == 303


async def test_nobody_is_logged_out_by_another_page(gateway: Gateway):
    who = await logged_in(gateway)
    assert (await who.post("/dashboard/logout", data={"form_token": "x"})).status_code == 403
    assert (await who.get("/dashboard")).status_code == 200


async def test_the_form_shows_no_key_that_was_typed(gateway: Gateway):
    typed = f"obk_{uuid4().hex}"
    told = await log_in(browser(gateway), typed)
    assert typed not in told.text
    assert [one for one in elements(told.text, "input") if one.get("name") == "key"]
    assert FORMS in told.headers["set-cookie"]
