"""`haip evaluate suites`: what can be asked."""

import click

from haipkit.cli.output import echo_json, line, table


@click.command(name="suites")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True)
def command(name: str | None, as_json: bool) -> None:
    """List the suites that come with haip, or describe the suite NAME with all its probes.

    Their probes hold no hazardous detail: they find out what a system does with harmless stand-ins.
    """
    from haipkit.actions.a01_risk.shipped import shipped_suite, suite_names

    suites = [shipped_suite(one) for one in ([name] if name else suite_names())]
    if as_json:
        echo_json([_as_json(suite, whole=bool(name)) for suite in suites])
        return
    if name is None:
        rows = [
            (suite.id, f"{len(suite.probes)}", ", ".join(suite.languages), " ".join(suite.targets), suite.title)
            for suite in suites
        ]
        table(rows, ("Suite", "Probes", "Languages", "Asks", "Question"))
        return
    (suite,) = suites
    line(f"{suite.title} ({suite.id} {suite.version})")
    line(suite.shows)
    for text in suite.does_not_show:
        line(f"Does not show: {text}", indent=2)
    line(f"Kinds of risk: {', '.join(suite.domains)}. Licence: {suite.licence}. {suite.source}")
    table(
        [(probe.id, probe.lang, probe.technique, _first(probe.turns or probe.pair)) for probe in suite.probes],
        ("Probe", "Language", "Technique", "What is said first"),
    )


def _first(texts: tuple[str, ...]) -> str:
    text = " ".join(texts[0].split())
    return text if len(text) <= 70 else text[:69] + "…"


def _as_json(suite, *, whole: bool) -> dict[str, object]:  # type: ignore[no-untyped-def]
    said: dict[str, object] = {
        "id": suite.id,
        "version": suite.version,
        "title": suite.title,
        "domains": list(suite.domains),
        "probes": len(suite.probes),
        "languages": list(suite.languages),
        "targets": list(suite.targets),
        "needs": list(suite.needs),
        "shows": suite.shows,
        "does_not_show": list(suite.does_not_show),
        "licence": suite.licence,
        "digest": suite.digest,
    }
    if whole:
        said["items"] = [
            {
                "id": one.id,
                "lang": one.lang,
                "technique": one.technique,
                "turns": list(one.turns),
                "pair": list(one.pair),
            }
            for one in suite.probes
        ]
    return said
