"""The cookies of the dashboard: the session, and where there is none, what forms are bound to."""

from fastapi import Request, Response

from services.gateway.dashboard.sessions import LASTS, LONGEST

SESSION, FORMS = "onboarding_session", "onboarding_forms"
THEME = "onboarding_theme"  # set by app.js: a page is drawn in it from the first
PATH = "/dashboard"


def cookie(request: Request, name: str) -> str | None:
    """None also for what cannot be ours: a name that comes twice was set by somebody else too."""
    name = _name(request, name)
    sent = ";".join(request.headers.getlist("cookie")).split(";")
    if sum(one.partition("=")[0].strip() == name for one in sent) > 1:
        return None
    told = request.cookies.get(name)
    return told if told and len(told) <= LONGEST and told.isascii() else None


def set_session(request: Request, response: Response, token: str) -> None:
    """Kept as long as the session counts."""
    _set(request, response, SESSION, token, int(LASTS.total_seconds()))


def set_forms(request: Request, response: Response, token: str) -> None:
    """Kept until the browser is closed."""
    _set(request, response, FORMS, token, None)


def drop_session(request: Request, response: Response) -> None:
    """The browser forgets it."""
    _set(request, response, SESSION, "", 0)


def _set(request: Request, response: Response, name: str, value: str, seconds: int | None) -> None:
    secure = _is_secure(request)
    response.set_cookie(
        _name(request, name),
        value,
        max_age=seconds,
        path="/" if secure else PATH,  # what is of this host alone is of all its paths
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def _name(request: Request, name: str) -> str:
    """Over TLS one that no other host of a domain can set (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if name in (SESSION, FORMS) and _is_secure(request) else name


def _is_secure(request: Request) -> bool:
    """Of a proxy that is believed, what it says."""
    return request.url.scheme == "https"
