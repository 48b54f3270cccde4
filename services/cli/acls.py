"""`onboarding topics acls`: the rights on Kafka of each process, as kafka-acls.sh has them."""

from services.cli.options import Output
from services.cli.printing import answer, write_line
from services.cli.running_stack import settings
from services.runtime.rights import Right, rights


def show_acls(user_prefix: str, output: Output) -> None:
    """A command a right, ready to be run; as JSON: one object a right."""
    prefix = settings().prefix
    found = [
        (f"{user_prefix}{name}", right)
        for name, some in rights(prefix=prefix).items()
        for right in some
    ]
    if output is Output.TABLE:
        for user, right in found:
            write_line(_command(user, right))
        return
    answer([_row(user, right) for user, right in found], output)


def _command(user: str, right: Right) -> str:
    names = " ".join(f"--{right.kind} {name}" for name in right.names)
    who = f"--add --allow-principal User:{user}"
    return f"kafka-acls.sh $KAFKA {who} --operation {right.operation} {names}"


def _row(user: str, right: Right) -> dict[str, object]:
    return {
        "user": user,
        "operation": right.operation,
        "kind": right.kind,
        "names": list(right.names),
    }
