"""Groups of commands that load a command's module only when it is asked for."""

from collections.abc import Mapping
from importlib import import_module

import click


class LazyGroup(click.Group):
    """A group whose subcommands are named in a table: name → (module with `command`, one line of help)."""

    table: Mapping[str, tuple[str, str]]

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(entry[0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])


def lazy(table: Mapping[str, tuple[str, str]]) -> type[LazyGroup]:
    """The class of a group with these subcommands, for `click.group(cls=…)`."""
    return type("LazyGroupOf", (LazyGroup,), {"table": table})
