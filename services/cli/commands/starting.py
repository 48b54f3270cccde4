"""`start`: asks for partners to be onboarded."""

from typing import Annotated

import typer

from services.cli.options import Data, DryRun, Out, Output, Tenant

File = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE]",
        help="JSON: one object, or one per line; - reads stdin. An object is partner data, "
        'or {"partner_data": {...}, "correlation_id": "..."}.',
    ),
]
Journey = Annotated[str, typer.Option(help="partner-onboarding or partner-creation.")]
CorrelationId = Annotated[
    str | None,
    typer.Option("--correlation-id", metavar="ID", help="Asking again with it is the same saga."),
]
Wait = Annotated[bool, typer.Option("--wait", help="Until ended; exit 1 unless COMPLETED.")]
Seconds = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="How long to wait.")]
Text = Annotated[str | None, typer.Option(help="Of partner_data, when there is no FILE.")]
Kind = Annotated[
    str | None,
    typer.Option("--tipo", "--tipo-partner", metavar="KIND", help="INDIVIDUAL, EMPRESA, STARTUP."),
]
Contract = Annotated[
    str | None,
    typer.Option(
        "--contract", "--preferred-contract-type", metavar="TYPE", help="BASIC ... CUSTOM."
    ),
]


def start(
    file: File = None,
    nombre: Text = None,
    email: Text = None,
    telefono: Text = None,
    tipo: Kind = None,
    contract: Contract = None,
    direccion: Text = None,
    ciudad: Text = None,
    pais: Text = None,
    partner_id: Text = None,
    journey: Journey = "partner-onboarding",
    correlation_id: CorrelationId = None,
    wait: Wait = False,
    timeout: Seconds = 120.0,
    dry_run: DryRun = False,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """Ask for partners to be onboarded.

    Publishes PartnerOnboardingInitiated to Kafka.

    Of a FILE either all is sent or, if a line is bad, nothing. Stdin is sent as it comes: a bad
    line is told and left out (exit 3). What is wrong inside partner data is for the steps to say.
    """
    from services.cli.start import start_partners
    from services.cli.start_messages import Order

    flags = {
        "nombre": nombre,
        "email": email,
        "telefono": telefono,
        "tipo_partner": tipo,
        "preferred_contract_type": contract,
        "direccion": direccion,
        "ciudad": ciudad,
        "pais": pais,
        "partner_id": partner_id,
    }
    given = {name: text for name, text in flags.items() if text is not None}
    seconds = timeout if wait else None
    order = Order(file, given, journey, tenant, correlation_id, output, dry_run, seconds)
    start_partners(order, data)
