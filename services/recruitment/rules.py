"""The rules of recruitment: seats and job kinds within the contract, not in every country."""

from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field

from contracts.facts import Contract, JobKind, Partner, RecruitmentPreferences, Workspace
from services.runtime.step import Rejected

JOB_KINDS: tuple[JobKind, ...] = get_args(JobKind)
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class RecruitmentRules(BaseModel):
    """Where there is no recruitment; seats and job kinds come with the contract."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unavailable_countries: tuple[CountryCode, ...] = Field(
        default=("AQ",), description="Countries (ISO 3166-1 alpha-2) without recruitment."
    )


def unavailable(partner: Partner, rules: RecruitmentRules) -> Rejected | None:
    """NOT_AVAILABLE_IN_COUNTRY, or None; a partner without a country is welcome."""
    if partner.country not in rules.unavailable_countries:
        return None
    reason = f"Recruitment is not available in {partner.country}."
    return Rejected("NOT_AVAILABLE_IN_COUNTRY", reason)


def preferences_asked(wish: str | RecruitmentPreferences | None) -> RecruitmentPreferences:
    """A text that names a job kind asks for it; any other text, like none, for everything."""
    if isinstance(wish, RecruitmentPreferences):
        return wish
    if wish in JOB_KINDS:
        return RecruitmentPreferences(job_kinds=(wish,))
    return RecruitmentPreferences()


def note_of(wish: str | RecruitmentPreferences | None) -> dict[str, str]:
    """The text that names no job kind (producers send `job_posting_enabled`), to be kept."""
    return {"note": wish} if isinstance(wish, str) and wish not in JOB_KINDS else {}


def workspace_for(
    asked: RecruitmentPreferences, contract: Contract, number: str
) -> Workspace | Rejected:
    """The workspace: what is asked for, no more; an empty list of job kinds gives none.

    A job kind outside the contract is SEATS_EXCEEDED: a contract gives seats for its own job
    kinds, and for every other kind none, so one is already too many. The other published code
    would send a person to look for the fault in the country.
    """
    seats, kinds = asked.seats, asked.job_kinds
    beyond = _kinds_beyond(kinds or (), contract)
    if beyond:
        return Rejected("SEATS_EXCEEDED", beyond)
    if seats is not None and seats > contract.seats:
        reason = (
            f"{seats} seats are more than the {contract.seats} of the {contract.type} contract."
        )
        return Rejected("SEATS_EXCEEDED", reason)
    return Workspace(
        number=number,
        seats=contract.seats if seats is None else seats,
        job_kinds=tuple(one for one in contract.job_kinds if kinds is None or one in kinds),
    )


def _kinds_beyond(asked: tuple[str, ...], contract: Contract) -> str | None:
    """Job kinds we do not know are counted, not named: their text is the producer's own."""
    beyond = set(asked) - set(contract.job_kinds)
    known = [kind for kind in JOB_KINDS if kind in beyond]
    if not beyond:
        return None
    unknown = len(beyond) - len(known)
    named = ", ".join([*known, *([f"{unknown} of unknown name"] if unknown else [])])
    gives = ", ".join(contract.job_kinds) or "none"
    return f"The {contract.type} contract gives no seats for jobs of {named}; it gives {gives}."
