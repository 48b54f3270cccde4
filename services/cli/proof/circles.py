"""Whether one can come back to a state without any disturbance: then a saga need not end."""

from array import array


def in_a_circle(targets: "array[int]", until: "array[int]") -> int | None:
    """A state to which one can come back; None: there is none (Kahn's algorithm).

    The moves of state n lead to `targets[until[n - 1]:until[n]]`. A move that changes nothing is
    no circle.
    """
    into, ready = _ways_into(targets, until), list[int]()
    ready += (number for number, ways in enumerate(into) if ways == 0)
    left = len(until)
    while ready:
        number = ready.pop()
        left -= 1
        for after in targets[until[number - 1] if number else 0 : until[number]]:
            if after != number:
                into[after] -= 1
                if into[after] == 0:
                    ready.append(after)
    return _back_into_it(targets, until, into) if left else None


def _ways_into(targets: "array[int]", until: "array[int]") -> "array[int]":
    into, start = array("i", bytes(4 * len(until))), 0
    for number, end in enumerate(until):
        for after in targets[start:end]:
            into[after] += after != number
        start = end
    return into


def _back_into_it(targets: "array[int]", until: "array[int]", into: "array[int]") -> int:
    """What is left is in a circle or after one: its ways backwards end in a circle."""
    before: dict[int, int] = {}
    for number in (one for one, ways in enumerate(into) if ways):
        for after in targets[until[number - 1] if number else 0 : until[number]]:
            if after != number:
                before.setdefault(after, number)
    number, met = next(one for one, ways in enumerate(into) if ways), set[int]()
    while number not in met:
        met.add(number)
        number = before[number]
    return number
