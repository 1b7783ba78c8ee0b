"""What does this record say, and how is it proved? Fields, files, place in the tree, signer, history."""

from haipkit.kernel.errors import NotFound
from haipkit.records.kinds import KINDS
from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page
from haipkit.web.parts.form import MADE_ELSEWHERE
from haipkit.web.words import say
from haipkit.workspace.ask import record_at


@page("owner", tail="{index}")
def show(desk: Desk, asked: Asked) -> Shown:
    if not (asked.tail.isascii() and asked.tail.isdigit() and len(asked.tail) < 12):
        raise NotFound(
            say("there is no ledger entry {name}", name=asked.tail[:20]), advice=say("Entries have numbers.")
        )
    index = int(asked.tail)
    record = record_at(desk.workspace, index)
    log, header = desk.workspace.log, record.header
    row = log.row(index)
    history = log.rows(kinds={header.kind}, key=header.key, system=header.system) if header.key else []
    kind = KINDS.get(header.kind)
    view = desk.view()
    return {
        "record": record,
        "header": header,
        "kind": kind.title if kind else header.kind,
        "fields": [(name.replace("_", " "), value) for name, value in record.body.items()],
        "counts_today": index in view.by_index,
        "history": [other for other in history if other.idx != index and other.system == header.system][-12:],
        "signer": row.signer if row else "",
        "erased": row.erased if row else 0,
        "path": [step.hex() for step in log.inclusion_proof(index, view.size)],
        "size": view.size,
        "amendable": kind is not None and kind.short not in MADE_ELSEWHERE and bool(header.key),
        "short": kind.short if kind else "",
        "rests": [finding for finding in view.found.findings if any(basis.index == index for basis in finding.basis)],
        "titles": desk.workspace.conduct.requirements,
        "new": asked.one("new") == "yes",
        "same": asked.one("new") == "same",
    }
