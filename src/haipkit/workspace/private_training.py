"""Records a training run with differential privacy. Called from the program that trains, after training:

from haipkit.workspace.private_training import record_private_training

record_private_training(engine, delta=1e-6, optimizer=optimizer, title="Tuning on letters", system="helpdesk")
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from haipkit.adapters.private_training import PrivateRun, read_engine

if TYPE_CHECKING:
    from haipkit.workspace.do import Written


def record_private_training(
    engine: Any,
    *,
    delta: float,
    title: str,
    system: str | None = None,
    optimizer: Any = None,
    unit: str = "example",
    dataset: str | None = None,
    workspace: Path | None = None,
    office: str | None = None,
) -> "Written":
    """Keep (ε, δ) and the accountant's history as an imported record; the figures are the library's, not ours.

    `unit` is what one unit more or less in the data means: example, person, document, other. Raises BadInput for an
    engine that counted nothing, and what writing a record raises.
    """
    from haipkit.kernel.clock import today
    from haipkit.kernel.words import Origin
    from haipkit.records.kinds import find_kind
    from haipkit.records.record import Tool
    from haipkit.workspace.do import add
    from haipkit.workspace.forms import Form
    from haipkit.workspace.open import open_workspace

    run = read_engine(engine, delta, optimizer=optimizer)
    body = _body(run, title, today().isoformat(), unit, dataset)
    with TemporaryDirectory(prefix="haip-private-") as folder, open_workspace(workspace) as opened:
        history = Path(folder) / "accountant.json"
        stretches = [dict(zip(("noise_multiplier", "sample_rate", "steps"), one, strict=True)) for one in run.history]
        history.write_text(json.dumps({"accountant": run.accountant, "history": stretches}, indent=1) + "\n", "utf-8")
        form = Form(find_kind("private-training"), body, {"system": system, "files": [str(history)]}, where=title)
        tool = Tool(run.library, run.library_version)
        return add(opened, [form], origin=Origin.IMPORTED, tool=tool, office=office)[0]


def _body(run: PrivateRun, title: str, day: str, unit: str, dataset: str | None) -> dict[str, Any]:
    body = {
        "title": title,
        "trained_on": day,
        "requirements": ["11.2a", "11.2c"],
        "dataset": dataset,
        "unit": unit,
        "epsilon": run.epsilon,
        "delta": run.delta,
        "accountant": run.accountant,
        "noise_multiplier": run.noise_multiplier,
        "clipping_norm": run.clipping_norm,
        "sample_rate": run.sample_rate,
        "steps": run.steps,
        "secure_randomness": run.secure_randomness,
        "library": run.library,
        "library_version": run.library_version,
    }
    return {name: value for name, value in body.items() if value is not None}
