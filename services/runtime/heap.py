"""How a process holds memory: how often Python looks for garbage, how much glibc keeps."""

import ctypes
import gc

COLLECT_AT_OBJECTS = 10_000
_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1  # of malloc.h
_OPTIONS = {_ARENA_MAX: 1, _MMAP_THRESHOLD: 131_072, _TRIM_THRESHOLD: 131_072}


def keep_little() -> list[int]:
    """One arena for all threads, and what is freed goes back. By default each thread that makes
    objects, such as one that looks up a name, has an arena that keeps the most it ever took.

    To be called before there are threads. Returns what mallopt(3) said to each option: 1 is yes.
    Where the C library has no such thing nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return [mallopt(option, value) for option, value in _OPTIONS.items()] if mallopt else []


def collect_rarely() -> None:
    """What the start made stays for good and is not looked at again. A batch makes objects by the
    ten thousand, which die with it and hardly ever stand in cycles: at Python's own threshold of
    700 the search for those took a tenth of a burst (docs/performance.md)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AT_OBJECTS)
