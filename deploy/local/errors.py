"""What can keep the local stack from running, each with the exit code of the command that meets it.

LocalError           1  whatever else went wrong
├── Unavailable      2  this machine lacks what was asked for (platform, wheel, Java, Maven)
├── FolderRefused    2  the state folder belongs to someone, or something, else
├── ChildFailed    1/2  a process did not become ready; 2 when it calls its own settings wrong
└── StackDied       70  everything was stopped: a process that must not be replaced has died, or
                        run.json could not be written, so nobody could tell what runs
"""

# ruff: noqa: N818 (the names say what happened; the tree above says that they are errors)


class LocalError(Exception):
    """One line for a person; `exit_code` for the shell."""

    exit_code = 1


class Unavailable(LocalError):
    exit_code = 2


class FolderRefused(LocalError):
    exit_code = 2


class ChildFailed(LocalError):
    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class StackDied(LocalError):
    exit_code = 70
