"""What alerts are played with: a case, and series in short words.

Series are in promtool's notation, a value each minute: `0+2x30` begins with 0 and adds 2 thirty
times.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Series = Mapping[str, str]
NOT_KNOWN = " ".join(["NaN"] * 40)


@dataclass(frozen=True)
class Case:
    """`at`: when it is looked at; `labels`: what is told of whom, besides the severity."""

    alert: str
    fires: Series
    silent: Sequence[Series]
    labels: Mapping[str, str] = field(default_factory=dict)
    at: str = "30m"


def steady(value: float) -> str:
    return f"{value:g}+0x2000"


def of(name: str, **labels: str) -> str:
    told = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"onboarding_{name}{{{told}}}"


def outcomes(rejected: str, done: str) -> Series:
    who = {"service": "documents", "step": "documents"}
    return {
        of("step_outcomes_total", **who, outcome="rejected", code="DOCUMENT_EXPIRED"): rejected,
        of("step_outcomes_total", **who, outcome="done", code=""): done,
    }


def ended(in_time: str, all_of_them: str) -> Series:
    who = {"journey": "partner-onboarding", "status": "COMPLETED"}
    return {
        of("saga_duration_seconds_bucket", **who, le="60.0"): in_time,
        of("saga_duration_seconds_count", **who): all_of_them,
    }


def work(records: float, batches: str) -> Series:
    return {
        of("consumer_lag_records", service="contract"): steady(records),
        of("batch_records_count", service="contract"): batches,
    }


def lives(instances: float, scraped: str) -> Series:
    return {
        of("instances", service="contract"): steady(instances),
        of("start_time_seconds", service="contract"): scraped,
    }


def one(name: str, value: str, **labels: str) -> Series:
    return {of(name, **labels): value}
