"""The words that causes and evidence share: times, durations, what a step has to do."""

from datetime import datetime, timedelta

from saga_state.why.view import View

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def lasting(time: timedelta) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `5 h 3 min`, `2 d 4 h`."""
    seconds = max(time.total_seconds(), 0)
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def moment(time: datetime, now: datetime) -> str:
    """`17:06:15Z, in 12 s`; of what is over `17:06:15Z, 12 s ago`; with its date on another day."""
    day = "" if time.date() == now.date() else f"{time:%Y-%m-%d} "
    told = f"{day}{time:%H:%M:%S}Z"
    return (
        f"{told}, in {lasting(time - now)}" if time > now else f"{told}, {lasting(now - time)} ago"
    )


def counted(count: int, one: str, many: str) -> str:
    """`1 record`, or `2 records`."""
    return f"{count:,} {one if count == 1 else many}"


def work(view: View) -> str:
    """What the step has to do, in a sentence."""
    return "undo its work" if view.undoing else "do its work"
