"""How long a crashed process waits before it is started again."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Doubles from `base_seconds` to `cap_seconds`; a life of `forgiven_after_seconds` starts anew.

    A process that crashes `hopeless_after` times without ever being ready is given up.
    """

    base_seconds: float = 0.2
    cap_seconds: float = 10.0
    forgiven_after_seconds: float = 10.0
    hopeless_after: int = 3

    def delay_seconds(self, crashes: int, chance: random.Random) -> float:
        """Between half and all of the doubled time, so that siblings do not return in step."""
        full = min(self.cap_seconds, self.base_seconds * 2.0 ** min(crashes - 1, 30))
        return full * chance.uniform(0.5, 1.0)
