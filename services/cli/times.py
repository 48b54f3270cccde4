"""Times and durations as people write and read them."""

import re
from datetime import UTC, datetime, timedelta

from services.cli.errors import USAGE, CliError

_AGO = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MS_PER_MINUTE, _MS_PER_HOUR = 60_000, 3_600_000


def parse_since(text: str, now: datetime, option: str = "--since") -> datetime:
    """The time that an option names, see `parse_time`."""
    return parse_time(option, text, now)


def parse_past(option: str, text: str, now: datetime) -> datetime:
    """As `parse_time`, but CliError (2) also for what is yet to come."""
    time = parse_time(option, text, now)
    if time > now:
        line = f"{option} {text}: that is yet to come; it is {time_of_day(now)} now"
        raise CliError(line, USAGE)
    return time


def parse_time(option: str, text: str, now: datetime) -> datetime:
    """`90s`, `15m`, `2h`, `7d`, `2w` ago, or an ISO time (UTC without a zone). CliError (2)."""
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        line = f"{option} {text}: give 90s, 15m, 2h, 7d, 2w or a time such as 2026-03-02T09:30:00Z"
        raise CliError(line, USAGE) from None


def since_or_none(text: str | None) -> datetime | None:
    """The past time that `--since` names, where it may be left out; see `parse_past`."""
    return None if text is None else parse_past("--since", text, datetime.now(UTC))


def time_of_day(time: datetime | None) -> str:
    """`2026-03-02 09:30:00Z`; a dash for none."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z" if time else "-"


def moment(time: datetime) -> str:
    """`2026-03-02 09:30:00.250Z`: where a second is too coarse."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3] + "Z"


def duration(milliseconds: int | None) -> str:
    """`250 ms`, `1.25 s`, `3 min 20 s`, `5 h 3 min`; a dash for none."""
    if milliseconds is None:
        return "-"
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if milliseconds < _MS_PER_MINUTE:
        return f"{milliseconds / 1000:.2f} s"
    if milliseconds < _MS_PER_HOUR:
        return f"{milliseconds // _MS_PER_MINUTE} min {milliseconds % _MS_PER_MINUTE // 1000} s"
    minutes = milliseconds // _MS_PER_MINUTE
    return f"{minutes // 60} h {minutes % 60} min"


def since_start(start: datetime, time: datetime) -> str:
    """`+0.123 s`: how long after the first event."""
    return f"{(time - start).total_seconds():+.3f} s"
