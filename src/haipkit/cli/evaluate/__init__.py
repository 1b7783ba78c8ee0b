"""`haip evaluate`: plan, run and compare tests of how a system behaves. One subcommand a file."""

import click

from haipkit.cli.lazy import lazy

SUBCOMMANDS: dict[str, tuple[str, str]] = {
    "suites": ("haipkit.cli.evaluate.suites", "What can be asked: the suites that come with haip"),
    "plan": ("haipkit.cli.evaluate.plan", "Register what will be asked and what decides, before the first call"),
    "run": ("haipkit.cli.evaluate.run", "Run a registered plan, or go on with it"),
    "review": ("haipkit.cli.evaluate.review", "People's second look at answers whose grade is not sure"),
    "calibrate": ("haipkit.cli.evaluate.calibrate", "How well a judge grades answers that people have graded"),
    "list": ("haipkit.cli.evaluate.plans", "The plans and what came of them"),
    "compare": ("haipkit.cli.evaluate.compare", "Two runs of the same probes side by side"),
    "import": ("haipkit.cli.imports", "Take over results of another tool, as haip import does"),
    "export": ("haipkit.cli.evaluate.export", "A run as a log of Inspect, for its viewer"),
    "inspect": ("haipkit.cli.evaluate.inspect_task", "Run a task of Inspect and take over its log"),
    "classifier": ("haipkit.cli.evaluate.classifier", "A classifier, from files of its predictions"),
}


@click.group(name="evaluate", cls=lazy(SUBCOMMANDS))
def command() -> None:
    """Find out how a system behaves, with a rule that was registered first (action 1)."""
