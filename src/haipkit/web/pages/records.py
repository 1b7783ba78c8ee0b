"""What is in the ledger? The records that count today, newest first, by kind, system and words."""

from haipkit.records.kinds import KINDS
from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page
from haipkit.web.parts.form import MADE_ELSEWHERE

_PER_PAGE = 40


@page("owner")
def show(desk: Desk, asked: Asked) -> Shown:
    view = desk.view()
    kind, system, words = asked.one("kind"), asked.one("system"), asked.one("words")
    chosen = view.of_kind(kind) if kind else view.shelf.records[::-1]
    if system:
        chosen = [record for record in chosen if (record.header.system or "").partition("/")[0] == system]
    if words:
        wanted = words.casefold()
        chosen = [
            record for record in chosen if wanted in f"{record.title} {record.header.key} {record.header.id}".casefold()
        ]
    start = asked.number("from", 0)
    return {
        "records": chosen[start : start + _PER_PAGE],
        "total": len(chosen),
        "start": start,
        "step": _PER_PAGE,
        "kind": kind,
        "system": system,
        "words": words,
        "kinds": [(name, KINDS[name].title, len(found)) for name, found in view.by_kind.items() if name in KINDS],
        "systems": view.shelf.systems(),
        "addable": [one for one in KINDS.values() if one.short not in MADE_ELSEWHERE],
    }
