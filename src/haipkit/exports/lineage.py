"""Traces in the formats that lineage tools read: W3C PROV (PROV-JSON), OpenLineage, and in-toto (SLSA provenance).

Artefacts are named by their digest, so that the output of one step and the input of the next are the same thing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from haipkit.records.record import Record

PRODUCER = "https://haipkit.dev"
_OPENLINEAGE = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_RUN_FACET = "https://openlineage.io/spec/facets/1-0-0"


def _artefacts(record: Record, side: str) -> list[Mapping[str, Any]]:
    return [one for one in record.body.get(side) or () if isinstance(one, Mapping)]


def to_prov(traces: Sequence[Record], origin: str) -> dict[str, Any]:
    """PROV-JSON (W3C submission of 24 April 2013): an activity a trace, an entity an artefact, the office as agent."""
    document: dict[str, Any] = {
        "prefix": {"haip": f"{PRODUCER}/ns#", "sha256": "urn:sha256:"},
        "entity": {},
        "activity": {},
        "agent": {},
        "used": {},
        "wasGeneratedBy": {},
        "wasAssociatedWith": {},
    }
    for record in traces:
        activity, agent = f"haip:{record.header.id}", f"haip:office-{record.header.by.replace(' ', '-')}"
        document["activity"][activity] = {
            "prov:label": record.title,
            "prov:startTime": f"{record.body['performed_on']}T00:00:00Z",
            "haip:ledger": f"{origin}#{record.index}",
            **({"haip:commit": record.body["code_commit"]} if record.body.get("code_commit") else {}),
        }
        document["agent"][agent] = {"prov:type": "prov:Organization", "prov:label": record.header.by}
        document["wasAssociatedWith"][f"_:a{record.index}"] = {"prov:activity": activity, "prov:agent": agent}
        for side, relation in (("inputs", "used"), ("outputs", "wasGeneratedBy")):
            for place, one in enumerate(_artefacts(record, side)):
                entity = f"sha256:{one['sha256']}"
                document["entity"].setdefault(entity, {"prov:label": one["name"], "haip:size": one["size"]})
                link = {"prov:activity": activity, "prov:entity": entity}
                document[relation][f"_:{side[0]}{record.index}-{place}"] = link
    return {name: value for name, value in document.items() if value}


def to_openlineage(traces: Sequence[Record], origin: str) -> list[dict[str, Any]]:
    """One COMPLETE (or FAIL) event a trace, as OpenLineage 2.0.2 has it."""
    events = []
    for record in traces:
        failed = record.body.get("exit_code") not in (None, 0)
        facet = {"_producer": PRODUCER, "_schemaURL": f"{_RUN_FACET}/BaseFacet.json#/$defs/RunFacet"}
        events.append(
            {
                "eventType": "FAIL" if failed else "COMPLETE",
                "eventTime": f"{record.body['performed_on']}T00:00:00Z",
                "producer": PRODUCER,
                "schemaURL": _OPENLINEAGE,
                "run": {"runId": record.header.id, "facets": {"haip_ledger": {**facet, "entry": record.index}}},
                "job": {"namespace": origin, "name": record.header.key or record.title},
                "inputs": [{"namespace": "sha256", "name": one["sha256"]} for one in _artefacts(record, "inputs")],
                "outputs": [{"namespace": "sha256", "name": one["sha256"]} for one in _artefacts(record, "outputs")],
            }
        )
    return events


def to_in_toto(record: Record, origin: str) -> dict[str, Any]:
    """An in-toto Statement v1 with an SLSA provenance v1 predicate about the outputs of one trace. Unsigned: the ledger
    signs the record it is made from."""
    materials = [{"name": one["name"], "digest": {"sha256": one["sha256"]}} for one in _artefacts(record, "inputs")]
    if record.body.get("code_commit"):
        materials.append({"name": "source code", "digest": {"gitCommit": record.body["code_commit"]}})
    parameters = {str(one["name"]): str(one["value"]) for one in record.body.get("parameters") or ()}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": one["name"], "digest": {"sha256": one["sha256"]}} for one in _artefacts(record, "outputs")
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": f"{PRODUCER}/trace/v1",
                "externalParameters": {"command": record.body.get("command") or "", "parameters": parameters},
                "internalParameters": {"environment": record.body.get("environment") or ""},
                "resolvedDependencies": materials,
            },
            "runDetails": {
                "builder": {"id": f"https://{origin}"},
                "metadata": {
                    "invocationId": record.header.id,
                    "startedOn": f"{record.body['performed_on']}T00:00:00Z",
                },
            },
        },
    }
