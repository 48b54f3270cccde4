"""Words of the commands that help: with the tenant, the journey and the brokers that they need."""

import re
import shlex

from saga_state.document import Saga

DEFAULT_TENANT, DEFAULT_JOURNEY = "default", "partner-onboarding"
DUPLICATE = "DUPLICATE_PARTNER"
GROUPS_TOOL = "kafka-consumer-groups.sh --bootstrap-server $ONBOARDING_KAFKA"
_PLAIN = re.compile(r"[A-Za-z0-9._:][A-Za-z0-9._:-]{0,99}")


def tenant_words(saga: Saga) -> str:
    """The option that commands need to find the saga; empty in the default tenant."""
    tenant = saga["tenant_id"]
    return "" if tenant == DEFAULT_TENANT else f" --tenant {shlex.quote(tenant)}"


def id_word(saga: Saga) -> str:
    """Its id, for a shell: that of a saga without a start may be anything."""
    return shlex.quote(saga["_id"])


def after_a_no(saga: Saga, code: str) -> str:
    """What helps after a failure of that code: to see who holds the e-mail address already, else to
    onboard the partner anew with data that were mended, in the same tenant, by the same journey.

    Under another correlation id: with that of the data it would be the saga that has ended.
    """
    if code == DUPLICATE:
        return f"onboarding list --email ADDRESS{tenant_words(saga)}"
    same = saga["journey"] == DEFAULT_JOURNEY
    journey = "" if same else f" --journey {saga['journey']}"
    fresh = f"--correlation-id {_name_of(saga)}-again"
    return f"onboarding start partner.json {fresh} --wait{journey}{tenant_words(saga)}"


def _name_of(saga: Saga) -> str:
    """Its correlation id, if a shell takes it as it is."""
    own = saga["correlation_id"]
    return own if _PLAIN.fullmatch(own) else id_word(saga)
