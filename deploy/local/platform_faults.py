"""Faults that the sandbox platform is told over HTTP: which, for whom, how often."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

SYSTEMS = ("documents", "campaigns", "recruitment")
MOST_FAULTS = 100
Kind = Literal["slow", "error", "bug", "lose", "refuse", "ignore_keys"]
Method = Literal["PUT", "DELETE"]
ONLY_PUT = ("refuse", "ignore_keys")


class FaultRefusedError(Exception):
    """One line that says what is wrong with a fault."""


class Fault(BaseModel):
    """A fault, and whom it strikes; what is left out is any.

    slow: wait `seconds`, then do the work; error: answer 500, do nothing; bug: answer 418, which
    is no "no", do nothing; lose: do the work, then close the connection; refuse: say no, if
    nothing was said before; ignore_keys: create anew.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    fault: Kind
    seconds: float = Field(0, ge=0, le=3600, allow_inf_nan=False)
    step: Literal["documents", "campaigns", "recruitment"] | None = None
    partner_id: str | None = Field(None, min_length=1, max_length=256)
    saga_id: str | None = Field(None, min_length=1, max_length=256)
    method: Method | None = None
    share: float = Field(1, ge=0, le=1, allow_inf_nan=False)
    times: int | None = Field(None, ge=1)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a fault may strike. `partner_id`: None if nobody knows it."""

    method: Method
    step: str
    saga: str
    partner_id: str | None


@dataclass(slots=True)
class Told:
    """A fault that was told, and how often it struck."""

    fault: Fault
    chance: random.Random
    struck: int = 0

    def strikes(self, call: Call) -> bool:
        """Counts it if it does. The chance is drawn for calls that it could strike only."""
        one = self.fault
        wanted = (one.step, one.partner_id, one.saga_id, one.method)
        given = (call.step, call.partner_id, call.saga, call.method)
        if any(want not in (None, got) for want, got in zip(wanted, given, strict=True)):
            return False
        if call.method != "PUT" and one.fault in ONLY_PUT:
            return False
        if one.times is not None and self.struck >= one.times:
            return False
        struck = one.share > self.chance.random()
        self.struck += struck
        return struck


@dataclass(slots=True)
class Faults:
    """All that were told, in their order. A restart forgets them."""

    told: list[Told] = field(default_factory=list)

    def tell(self, content: object) -> Told:
        """Add one. FaultRefusedError says what is wrong with it."""
        if len(self.told) >= MOST_FAULTS:
            raise FaultRefusedError(f"{MOST_FAULTS} faults are enough: DELETE /faults first")
        try:
            fault = Fault.model_validate(content)
        except ValidationError as error:
            raise FaultRefusedError(_first(error)) from None
        self.told.append(Told(fault, random.Random(fault.seed)))  # noqa: S311 (so it repeats)
        return self.told[-1]

    def striking(self, call: Call) -> dict[Kind, float]:
        """Which faults strike this call, and for slow for how many seconds in all."""
        struck: dict[Kind, float] = {}
        for fault in self._that_strike(call):
            struck[fault.fault] = struck.get(fault.fault, 0) + fault.seconds
        return struck

    def shown(self) -> list[dict[str, Any]]:
        """Each with `struck`, how often it did."""
        return [shown(one) for one in self.told]

    def _that_strike(self, call: Call) -> Iterable[Fault]:
        return [one.fault for one in self.told if one.strikes(call)]


def shown(told: Told) -> dict[str, Any]:
    """As it was told, with `struck`."""
    return {**told.fault.model_dump(exclude_none=True), "struck": told.struck}


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "the body"
    return f"{place}: {first['msg']}"
