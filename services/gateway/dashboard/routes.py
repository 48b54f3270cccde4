"""All routes of the dashboard."""

from services.gateway.dashboard import (
    audit_page,
    catalogue,
    changes,
    files,
    fleet,
    letter_acts,
    letter_edit,
    letters,
    lists,
    login,
    overview,
    saga,
    undo,
)

ROUTERS = (
    login.router,
    overview.router,
    lists.router,
    saga.router,
    changes.router,
    undo.router,
    letter_acts.router,
    letters.router,
    letter_edit.router,
    fleet.router,
    catalogue.router,
    audit_page.router,
    files.router,
)
