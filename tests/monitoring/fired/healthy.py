"""A healthy run: starts one after the other, and no alert that fires."""

from dataclasses import asdict, dataclass, field
from typing import Any

from tests.integration.starts import start
from tests.monitoring.fired.firing import say
from tests.monitoring.fired.stage import Stage


@dataclass(frozen=True)
class Healthy:
    """How many starts in how many seconds, how many sagas were COMPLETED, which alerts fired and
    which were about to (`pending`), by the series ALERTS that Prometheus keeps."""

    seconds: float
    starts: int
    completed: int
    fired: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        return not self.fired and self.completed == self.starts

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def healthy(stage: Stage, seconds: float) -> Healthy:
    """Begins when the gateway has looked for the first time and no alert is active."""
    await stage.watched.starts(start("corr-first"))
    await stage.system.ended("corr-first")
    await stage.quiet()
    say(f"healthy: a start each second for {seconds:.0f} s")
    starts = await stage.trickle(seconds)
    fired, pending = await _seen(stage, "firing", seconds), await _seen(stage, "pending", seconds)
    await stage.at_rest()
    completed = await stage.system.count(status="COMPLETED", correlation_id={"$ne": "corr-first"})
    told = Healthy(seconds, starts, completed, fired, pending)
    say(f"healthy: {told}")
    return told


async def _seen(stage: Stage, state: str, seconds: float) -> list[str]:
    """The alerts that were in that state in these last seconds."""
    window = f"{max(1, round(seconds))}s"
    query = f'count by (alertname) (last_over_time(ALERTS{{alertstate="{state}"}}[{window}]))'
    return sorted(one["metric"]["alertname"] for one in await stage.watched.result(query))
