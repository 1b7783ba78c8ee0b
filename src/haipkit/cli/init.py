"""`haip init`: start a workspace."""

import sys
from pathlib import Path

import click

from haipkit.cli.output import line
from haipkit.kernel.errors import UsageError
from haipkit.kernel.words import Role

_STARTS = {"deployer": "sme", "application-developer": "application-developer", "model-developer": "model-developer"}


@click.command(name="init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--role", "roles", multiple=True, type=click.Choice([str(role) for role in Role]), help="Your role (repeatable)."
)
@click.option("--name", help="The organisation's name, as people know it.")
@click.option(
    "--size", type=click.Choice(["micro", "small", "medium", "large"]), help="Up to 9, 49, 249 people, or more."
)
@click.option(
    "--country", "countries", multiple=True, metavar="XX", help="Where you work, as a two-letter code (repeatable)."
)
@click.option("--sector", help="What you do: food, health, software …")
@click.option("--origin", metavar="NAME", help="The ledger's public name, e.g. example.org/haip (no https://).")
@click.option("--office", default="owner", show_default=True, help="The office that signs.")
@click.option("--unprotected-keys", is_flag=True, help="Keep the keys without a passphrase. For trials only.")
def command(
    folder: Path,
    roles: tuple[str, ...],
    name: str | None,
    size: str | None,
    countries: tuple[str, ...],
    sector: str | None,
    origin: str | None,
    office: str,
    unprotected_keys: bool,
) -> None:
    """Start a workspace in FOLDER: settings, keys, a ledger, and your organisation as its first record.

    What is not given as a flag is asked on a terminal.
    """
    from haipkit.assessment.commands import shell
    from haipkit.kernel.errors import NotAllowed
    from haipkit.workspace.config import CONFIG_NAME
    from haipkit.workspace.create import create_workspace, refuse_unwritable

    refuse_unwritable(folder)
    if (folder / CONFIG_NAME).exists():
        raise NotAllowed(
            "there is a workspace here already", where=str(folder), advice="Use it, or choose another folder."
        )
    roles = roles or _asked_roles()
    organisation = {
        "name": name or _asked("The organisation's name", folder.name),
        "roles": list(roles),
        "size": size or _asked("How large is it? micro (up to 9 people), small, medium, large", "micro"),
        "countries": list(countries) or _asked_countries(),
    }
    if sector:
        organisation["sector"] = sector
    passphrase = new_passphrase(unprotected_keys)
    with create_workspace(
        folder,
        passphrase=lambda: passphrase,
        origin=origin,
        office=office,
        start=_STARTS[roles[0]],
        organisation=organisation,
    ) as workspace:
        config = workspace.config
        line(f"Workspace ready in {folder}.")
        line(f"Ledger: {config.origin}. Its public key, for everyone who wants to check you:")
        print(f"  {config.verifier_key}")
        if unprotected_keys:
            line(
                "The keys have no passphrase: whoever copies the folder can sign in your name. Do not use it for real."
            )
        if origin is None:
            line("The ledger is named *.example for now; start again with your own domain (--origin) to publish.")
        line(f"Next: cd {shell(str(folder))} && haip next")


def new_passphrase(unprotected: bool):  # type: ignore[no-untyped-def]
    """A passphrase for new keys: asked twice, or from HAIP_PASSPHRASE(_FILE); UNPROTECTED only when asked for."""
    import os

    from haipkit.ledger.keys import UNPROTECTED
    from haipkit.workspace.people import PASSPHRASE, PASSPHRASE_FILE, passphrase_from_surroundings

    if unprotected:
        return UNPROTECTED
    if sys.stdin.isatty() and not (os.environ.get(PASSPHRASE) or os.environ.get(PASSPHRASE_FILE)):
        return click.prompt("A passphrase for the keys", hide_input=True, confirmation_prompt="Once more")
    return passphrase_from_surroundings("Passphrase: ")


def _asked(question: str, default: str) -> str:
    return click.prompt(question, default=default) if sys.stdin.isatty() else default


def _asked_roles() -> tuple[str, ...]:
    if not sys.stdin.isatty():
        raise UsageError(
            "which role do you have?", advice="Add --role deployer, application-developer or model-developer."
        )
    line("What do you do with AI?")
    line(
        "deployer: you use AI that others made. application-developer: you build products on others' models.", indent=2
    )
    line("model-developer: you train or fine-tune models yourselves.", indent=2)
    return (click.prompt("Your role", type=click.Choice([str(role) for role in Role]), default="deployer"),)


def _asked_countries() -> list[str]:
    if not sys.stdin.isatty():
        raise UsageError(
            "in which country do you work?", advice="Add --country with a two-letter code, e.g. --country CA."
        )
    reply: str = click.prompt("In which countries do you work? Two-letter codes, separated by commas")
    return [part.strip().upper() for part in reply.split(",") if part.strip()]
