"""For each alert the series by which it fires, and those by which it must stay silent."""

from tests.monitoring.alert_series import (
    NOT_KNOWN,
    Case,
    ended,
    lives,
    of,
    one,
    outcomes,
    steady,
    work,
)

RARELY, OFTEN = "0+0.1x1440 145+5x60", "0+5x1500"
# Of a process that is new: what it met before it was scraped for the first time.
NEW, NEW_AND_WELL = "_x20 1+0x40", "_x20 0+0x40"
CASES = (
    Case(
        "OnboardingStepFailing",
        outcomes(RARELY, "0+10x1500"),
        [
            outcomes(OFTEN, "0+10x1500"),  # it is always so
            outcomes("0+0.1x1500", "0+10x1500"),  # few of them
            outcomes("0+0x1440 0+0.5x60", "0+100x1500"),  # hardly any of all
            {},
        ],
        {"step": "documents", "code": "DOCUMENT_EXPIRED"},
        at="24h20m",
    ),
    Case(
        "OnboardingEndsLateFast",
        ended("0+5x100", "0+10x100"),
        [ended("0+9x100", "0+10x100"), ended("0+0x100", "0+0x100")],
        at="80m",
    ),
    Case(
        "OnboardingEndsLateSlow",
        ended("0+92x500", "0+100x500"),
        [ended("0+96x500", "0+100x500"), ended("0+92x400 36800+100x100", "0+100x500")],
        at="440m",
    ),
    Case(
        "OnboardingCompensationFailing",
        one("compensations_failed_total", "0+0x20 1+0x40", journey="partner-onboarding"),
        [one("compensations_failed_total", steady(7), journey="partner-onboarding")],
        {"journey": "partner-onboarding"},
    ),
    Case(
        "OnboardingCompensationFailing",
        one("compensations_failed_total", NEW, journey="partner-onboarding"),
        [one("compensations_failed_total", NEW_AND_WELL, journey="partner-onboarding")],
        {"journey": "partner-onboarding"},
    ),
    Case(
        "OnboardingCompensationStuck",
        one("sagas_status_oldest_seconds", "0+60x60", status="COMPENSATING"),
        [
            one("sagas_status_oldest_seconds", steady(600), status="COMPENSATING"),
            one("sagas_status_oldest_seconds", "0+60x60", status="INITIATED"),
        ],
    ),
    Case(
        "OnboardingStepParked",
        one("parked_total", "0+0x20 1+0x40", service="contract", what="do"),
        [
            one("parked_total", steady(3), service="contract", what="do"),
            one("parked_total", "0+0x20 1+0x40", service="contract", what="undo"),
        ],
        {"service": "contract"},
    ),
    Case(
        "OnboardingStepParked",
        one("parked_total", NEW, service="contract", what="do"),
        [one("parked_total", NEW_AND_WELL, service="contract", what="do")],
        {"service": "contract"},
    ),
    Case(
        "OnboardingDeadLetters",
        one("dead_letters_total", "0+0x20 2+0x40", service="contract", error_class="BUG"),
        [one("dead_letters_total", steady(9), service="contract", error_class="BUG")],
        {"service": "contract", "error_class": "BUG"},
    ),
    Case(
        "OnboardingDeadLetters",
        one("dead_letters_total", NEW, service="contract", error_class="BUG"),
        [one("dead_letters_total", NEW_AND_WELL, service="contract", error_class="BUG")],
        {"service": "contract", "error_class": "BUG"},
    ),
    Case(
        "OnboardingEventsLost",
        one("events_lost", "0+0x20 1+0x40", step="contract"),
        [one("events_lost", steady(0), step="contract"), one("events_lost", NOT_KNOWN, step="x")],
        {"step": "contract"},
    ),
    Case(
        "OnboardingUnwatched",
        one("sagas_unwatched", steady(1), step="contract"),
        [one("sagas_unwatched", steady(0), step="contract")],
        {"step": "contract"},
    ),
    Case(
        "OnboardingServiceAbsent",
        one("instances", "1+0x20 0+0x40", service="contract"),
        [one("instances", steady(1), service="contract")],
        {"service": "contract"},
    ),
    Case(
        "OnboardingGatewayAbsent",
        one("ready", steady(1), service="contract"),
        [one("instances", steady(1), service="contract")],
    ),
    Case(
        "OnboardingNotReady",
        one("ready", "1+0x10 0+0x40", service="contract", instance="a"),
        [
            one("ready", "1+0x26 0+0x40", service="contract"),  # not yet for long
            {
                of("ready", service="contract", instance="a"): steady(0),
                of("ready", service="contract", instance="b"): steady(1),
            },
        ],
        {"service": "contract"},
    ),
    Case(
        "OnboardingLagging",
        one("consumer_lag_seconds", steady(70), service="contract"),
        [
            one("consumer_lag_seconds", steady(50), service="contract"),
            one("consumer_lag_seconds", steady(70), service="saga-state"),
        ],
        {"service": "contract"},
    ),
    Case(
        "OnboardingNoProgress",
        work(3, "0+5x10 50+0x100"),
        [work(3, "0+5x100"), work(0, "0+5x10 50+0x100")],
        {"service": "contract"},
    ),
    Case(
        "OnboardingProjectionBehind",
        one("consumer_lag_seconds", steady(40), service="saga-state"),
        [
            one("consumer_lag_seconds", steady(20), service="saga-state"),
            {
                of("projection_delay_seconds_bucket", le="0.25"): "0+60x60",
                of("projection_delay_seconds_bucket", le="60.0"): "0+60x60",
                of("projection_delay_seconds_bucket", le="+Inf"): "0+60x60",
            },
        ],
        {"service": "saga-state"},
    ),
    Case(
        "OnboardingProjectionBehind",
        {
            of("projection_delay_seconds_bucket", le="30.0"): "0+0x60",
            of("projection_delay_seconds_bucket", le="60.0"): "0+60x60",
            of("projection_delay_seconds_bucket", le="+Inf"): "0+60x60",
        },
        [],
        {"service": "saga-state"},
    ),
    Case(
        "OnboardingUnsent",
        one("outbox_age_seconds", "0+60x60", service="contract"),
        [one("outbox_age_seconds", steady(2), service="contract")],
        {"service": "contract"},
    ),
    Case(
        "OnboardingOutsideSystem",
        {
            of("calls_total", service="documents", what="do", answer="later"): "0+6x60",
            of("calls_total", service="documents", what="do", answer="yes"): "0+5x60",
        },
        [
            {
                of("calls_total", service="documents", what="do", answer="later"): "0+4x60",
                of("calls_total", service="documents", what="do", answer="yes"): "0+5x60",
            },
            one("calls_total", "0+5x60", service="documents", what="do", answer="no"),
        ],
        {"service": "documents"},
    ),
    Case(
        "OnboardingFailStops",
        one("fail_stops_total", "0+0x20 1+0x40", service="contract"),
        [one("fail_stops_total", steady(2), service="contract")],
        {"service": "contract"},
    ),
    Case(
        "OnboardingFailStops",
        one("start_time_seconds", "1000+60x60", service="contract"),
        [one("start_time_seconds", "1000+0x20 2000+0x40", service="contract")],
        {"service": "contract"},
    ),
    Case(
        "OnboardingFailStops",
        lives(instances=1, scraped="1000+0x10 _x40"),
        [
            lives(instances=1, scraped=steady(1000)),
            lives(instances=1, scraped="1000+0x26 _x40"),  # not for long
            lives(instances=0, scraped="1000+0x10 _x40"),
        ],
        {"service": "contract"},
    ),
    Case(
        "OnboardingGatewayErrors",
        {
            of("gateway_request_seconds_count", route="/sagas", status="503"): "0+1x60",
            of("gateway_request_seconds_count", route="/sagas", status="200"): "0+10x60",
        },
        [
            {
                of("gateway_request_seconds_count", route="/sagas", status="503"): "0+1x60",
                of("gateway_request_seconds_count", route="/sagas", status="200"): "0+30x60",
            },
            one("gateway_request_seconds_count", "0+10x60", route="/sagas", status="404"),
        ],
    ),
    Case(
        "OnboardingNotKnown",
        one("events_lost", NOT_KNOWN, step="contract"),
        [one("events_lost", steady(0), step="contract")],
        {"step": "contract"},
    ),
)
