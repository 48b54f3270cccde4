"""How a command ends that cannot do what was asked: one line and an exit code, never a traceback.

0 yes · 1 the answer is no, or a check failed · 2 usage or settings · 3 partly done or answered ·
70 stopped itself to lose nothing (or a bug) · 130 interrupted · 143 `watch` or `events` told to end
"""

YES, NO, USAGE, PARTLY, FAIL_STOP, INTERRUPTED = 0, 1, 2, 3, 70, 130


class CliError(Exception):
    """One line that says what is wrong and how to mend it; `exit_code` for the shell."""

    def __init__(self, message: str, exit_code: int = NO) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def line_of(error: BaseException) -> str:
    """The first line of an error's text, with its type: for errors that nobody foresaw."""
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
