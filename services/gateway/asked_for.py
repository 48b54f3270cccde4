"""That a request asks for nothing that is not known, and nothing twice."""

from collections.abc import Iterable

from fastapi import Request

from services.gateway.problems import Unprocessable

_PAGES = ("limit", "cursor")


def check_names(request: Request, filters: Iterable[str]) -> None:
    """Unprocessable: a misspelt filter that is passed over would list what nobody asked for. The
    name that was sent is not repeated: it may be anything."""
    known = (*filters, *_PAGES)
    told = [name for name, _ in request.query_params.multi_items()]
    if set(told) - set(known):
        line = f"an unknown parameter: there are {', '.join(known)}"
        raise Unprocessable("INVALID_REQUEST", line)
    if len(told) > len(set(told)):
        raise Unprocessable("INVALID_REQUEST", "a parameter was given twice: give it once")
