"""docs/alerts-fired.md tells of every alert that there is."""

import json
from datetime import UTC, datetime

from tests.monitoring.alert_rules import alerts
from tests.monitoring.fired.__main__ import gone_on_with
from tests.monitoring.fired.causes_in_sagas import HALF_UNDONE, IN_SAGAS
from tests.monitoring.fired.causes_in_services import IN_SERVICES
from tests.monitoring.fired.firing import Fired, summary_of
from tests.monitoring.fired.healthy import Healthy
from tests.monitoring.fired.page import PAGE, alerts_on, missing, page


def test_the_page_has_a_row_for_every_alert_and_no_other():
    assert alerts_on(PAGE.read_text()) == list(alerts())


def test_every_alert_has_one_cause_that_fires_it():
    causes = (HALF_UNDONE, *IN_SAGAS, *IN_SERVICES)
    assert sorted(name for one in causes for name in one.alerts) == sorted(alerts())


def test_the_page_tells_what_was_seen_in_the_order_of_the_rules():
    fired = [Fired(name, "a cause", 3.6, "It is so", "", 0.0) for name in reversed(alerts())]
    text = page(Healthy(600, 600, 600), fired, datetime(2026, 3, 1, tzinfo=UTC))
    assert alerts_on(text) == list(alerts())
    assert "| OnboardingUnsent | a cause | 4 s | It is so | by itself | before |" in text
    assert (
        "600 starts in 600 s, one each second; 600 sagas were COMPLETED,\nno alert fired and"
        in text
    )


def test_an_alert_that_did_not_fire_or_a_saga_that_did_not_complete_is_told():
    assert missing({name: {} for name in list(alerts())[1:]}) == list(alerts())[:1]
    assert not Healthy(600, 600, 599).is_well
    assert not Healthy(600, 600, 600, fired=["OnboardingUnsent"]).is_well


def test_one_that_was_interrupted_goes_on_but_a_healthy_run_that_was_not_well_is_run_again():
    well, ill = Healthy(600, 600, 600), Healthy(600, 600, 599)
    for one, kept in ((well, well.as_json()), (ill, None)):
        told = {"healthy": one.as_json(), "fired": {"OnboardingUnsent": {}}}
        assert gone_on_with(json.dumps(told)) == {**told, "healthy": kept}


def test_of_several_alerts_of_a_name_the_first_is_shown_and_the_others_are_counted():
    told = [{"annotations": {"summary": text}} for text in ("b", "a", "b")]
    assert summary_of(told) == "a (and 1 more)"
