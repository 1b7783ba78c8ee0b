"""`haip data`: what a data set holds, whom it belongs to, and what a model gives away of it. One subcommand a file."""

import click

from haipkit.cli.lazy import lazy

SUBCOMMANDS: dict[str, tuple[str, str]] = {
    "card": ("haipkit.cli.data.card", "Describe a data set as Croissant, with the digests of its files"),
    "summary": ("haipkit.cli.data.summary", "Draft the public summary of training content (EU AI Act, Article 53)"),
    "dedup": ("haipkit.cli.data.dedup", "Find copies and near copies, and write a copy without them"),
    "contamination": ("haipkit.cli.data.contamination", "Find the items of benchmarks in the data"),
    "rights": ("haipkit.cli.data.rights", "Find licences and reservations, and decide for each source"),
    "quality": ("haipkit.cli.data.quality", "Languages, damage, repetition, and who is mentioned or missing"),
    "bias": ("haipkit.cli.data.bias", "Compare groups in a table: labels, selection rates, errors"),
    "remove": ("haipkit.cli.data.remove", "Take a source or a document out of a copy, and record it"),
    "canaries": ("haipkit.cli.data.canaries", "Plant made-up codes in training data, to find them again"),
    "leak-test": ("haipkit.cli.data.leak_test", "Try to make a model give away its training data"),
    "warm": ("haipkit.cli.data.warm", "Compile the fast scanner now, so that the next scan uses it"),
}


@click.group(name="data", cls=lazy(SUBCOMMANDS))
def command() -> None:
    """Know what is in the data, protect people and rights, and prove it (action 11)."""
