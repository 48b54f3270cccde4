"""The one error of reading a record: it goes to a dead letter topic under its error class."""


class PoisonError(ValueError):
    """A record that cannot be read. `error_class` is one of the constants below.

    The text says what is wrong and where, for a person; it never repeats values of the data.
    """

    def __init__(self, error_class: str, text: str) -> None:
        super().__init__(text)
        self.error_class = error_class


NOT_CLOUDEVENTS = "NOT_CLOUDEVENTS"
UNKNOWN_TYPE = "UNKNOWN_TYPE"
WRONG_TOPIC = "WRONG_TOPIC"
EMPTY_VALUE = "EMPTY_VALUE"
TOO_LARGE = "TOO_LARGE"
INVALID_JSON = "INVALID_JSON"
INVALID_DATA = "INVALID_DATA"
UNKNOWN_JOURNEY = "UNKNOWN_JOURNEY"
UNKNOWN_STEP = "UNKNOWN_STEP"
WRONG_SOURCE = "WRONG_SOURCE"
TENANT_UNKNOWN = "TENANT_UNKNOWN"
TENANT_MISMATCH = "TENANT_MISMATCH"
ID_REUSED = "ID_REUSED"
BUG = "BUG"

ERROR_CLASSES = (
    NOT_CLOUDEVENTS,
    UNKNOWN_TYPE,
    WRONG_TOPIC,
    EMPTY_VALUE,
    TOO_LARGE,
    INVALID_JSON,
    INVALID_DATA,
    UNKNOWN_JOURNEY,
    UNKNOWN_STEP,
    WRONG_SOURCE,
    TENANT_UNKNOWN,
    TENANT_MISMATCH,
    ID_REUSED,
    BUG,
)
