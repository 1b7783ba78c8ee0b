"""Can this ledger be trusted? Verify it now, its head, and who else has seen it."""

from base64 import b64encode

from fastapi import Response

from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page, to

_WAIT = 1.5
"""Seconds after which a page shows progress instead of the verdict."""


@page("owner")
def show(desk: Desk, asked: Asked) -> Shown:
    from haipkit.ledger.checkpoint import VerifierKey, parse_checkpoint, parse_note, verify_note

    config, log = desk.workspace.config, desk.workspace.log
    note = parse_note(log.checkpoint())
    head = parse_checkpoint(note.text)
    watching = [VerifierKey.parse(text) for text in config.witnesses]
    seen = {entry.key.name for entry in verify_note(note, watching)}
    return {
        "check": desk.check,
        "running": desk.check is not None and not desk.check.ended.is_set(),
        "head": head,
        "root": b64encode(head.root).decode(),
        "note": log.checkpoint().decode("utf-8", "replace"),
        "witnesses": [(key.name, key.name in seen) for key in watching],
        "cosigned": log.cosigned_sizes()[-1:],
        "verifier_key": config.verifier_key,
        "records": len(desk.view().shelf.records),
    }


@page("owner", method="POST")
def verify(desk: Desk, asked: Asked) -> Response:
    desk.start_check(_WAIT)
    return to("/ledger#verdict")
