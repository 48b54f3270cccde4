"""The rules of registration: whose data is valid, and who may become a partner."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.facts import PartnerData, PartnerKind
from contracts.ids import is_partner_id
from contracts.partner_email import normalised_email
from contracts.reading import wrong_fields
from services.runtime.step import Rejected

INVALID = "INVALID_PARTNER_DATA"
NOT_ALLOWED = "PARTNER_NOT_ALLOWED"

_COUNTRY_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""  # ISO 3166-1 alpha-2: the 249 officially assigned
COUNTRIES = frozenset(_COUNTRY_CODES.split())

_PHONE = re.compile(r"\+[0-9]{7,15}")
_PHONE_PUNCTUATION = re.compile(r"[\s.()\-\u2010-\u2015]")  # spaces, dots, all kinds of dashes

CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
DomainName = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$")]


class RegistrationRules(BaseModel):
    """The lists of registration (docs/rules.md, "Tables"); a misspelt one stops the process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    denied_countries: tuple[CountryCode, ...] = Field(
        default=("KP",), description="Countries (ISO 3166-1 alpha-2) no partner may be from."
    )
    denied_email_domains: tuple[DomainName, ...] = Field(
        default=("blocked.example",),
        description="Denied with all their subdomains; lower case, in IDNA's ASCII form.",
    )
    default_kinds: Mapping[str, PartnerKind] = Field(
        default={"partner-creation": "INDIVIDUAL"},
        description="Per journey the kind of a partner whose tipo_partner is not given.",
    )


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asks to be a partner, checked and normalised. `email_key` is what must be unique."""

    name: str
    email_key: str
    phone: str
    kind: PartnerKind
    country: str | None


def read_partner_data(body: Mapping[str, Any]) -> PartnerData | Rejected:
    """`partner_data` of a start's JSON object. A null reads as absent: many producers send it so.

    Never poison (docs/integrate.md): whatever is wrong is a "no" its producer can hear.
    """
    sent = body.get("partner_data")
    if not isinstance(sent, dict):
        return Rejected(INVALID, "partner_data is missing or no object.")
    present = {name: value for name, value in sent.items() if value is not None}
    try:
        return PartnerData.model_validate(present)
    except ValidationError as error:
        return Rejected(INVALID, f"partner_data is not valid: {wrong_fields(error)}.")


def check(data: PartnerData, journey: str, rules: RegistrationRules) -> Applicant | Rejected:
    """The applicant, or INVALID_PARTNER_DATA with everything that is wrong, not the first alone."""
    name = data.nombre.strip()
    email_key = normalised_email(data.email)
    phone = normalised_phone(data.telefono)
    kind = data.tipo_partner or rules.default_kinds.get(journey)
    country = None if data.pais is None else normalised_country(data.pais)
    wrong = _wrong_ids(data, country)
    if name and email_key and phone and kind and not wrong:
        return Applicant(name, email_key, phone, kind, country)
    needed = {
        "nombre is empty": name,
        "email is no e-mail address": email_key,
        "telefono is not a plus and 7 to 15 digits": phone,
        f"tipo_partner is required for {journey}": kind,
    }
    wrong = [text for text, value in needed.items() if not value] + wrong
    return Rejected(INVALID, f"partner_data is not valid: {'; '.join(wrong)}.")


def _wrong_ids(data: PartnerData, country: str | None) -> list[str]:
    wrong = []
    if data.pais is not None and country is None:
        wrong.append("pais is no ISO 3166-1 alpha-2 code")
    if data.partner_id is not None and not is_partner_id(data.partner_id):
        wrong.append("partner_id is not 1 to 64 of A-Z a-z 0-9 . _ -, or a reserved word")
    return wrong


def denied(applicant: Applicant, rules: RegistrationRules) -> Rejected | None:
    """PARTNER_NOT_ALLOWED for a country or an e-mail domain of the deny lists, else None."""
    if applicant.country in rules.denied_countries:
        return Rejected(NOT_ALLOWED, f"Partners from {applicant.country} are not accepted.")
    domain = applicant.email_key.rpartition("@")[2]
    if any(f".{domain}".endswith(f".{name}") for name in rules.denied_email_domains):
        return Rejected(NOT_ALLOWED, "E-mail addresses of this domain are not accepted.")
    return None


def normalised_phone(text: str) -> str | None:
    """E.164: `0034 (91) 123-45.67` -> `+34911234567`. None: not a plus and 7 to 15 digits."""
    bare = _PHONE_PUNCTUATION.sub("", text)
    number = f"+{bare[2:]}" if bare.startswith("00") else bare
    return number if _PHONE.fullmatch(number) else None


def normalised_country(text: str) -> str | None:
    """The code in capitals; None if it is none. (ASCII only: the capital of `ß` reads SS.)"""
    code = text.strip().upper() if text.isascii() else ""
    return code if code in COUNTRIES else None
