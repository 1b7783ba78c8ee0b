"""Which model checks the body of which kind. Loads one module at a time: pydantic costs a tenth of a second."""

from importlib import import_module

from pydantic import BaseModel

from haipkit.records.kinds import find_kind

_HOMES = {
    "organisation/1": "records.general:Organisation",
    "system/1": "records.general:System",
    "release/1": "records.general:Release",
    "owner/1": "records.general:Owner",
    "evidence/1": "records.general:Evidence",
    "attestation/1": "records.general:Attestation",
    "position/1": "records.general:Position",
    "decision/1": "records.general:Decision",
    "plan/1": "records.general:Plan",
    "document/1": "records.general:Document",
    "test/1": "records.general:TestResult",
    "scan/1": "records.general:ScanResult",
    "inventory/1": "records.general:Inventory",
    "redaction/1": "records.general:Redaction",
    "key-event/1": "records.general:KeyEvent",
    "risk/1": "actions.a01_risk.records:Risk",
    "evaluation/1": "actions.a01_risk.records:Evaluation",
    "evaluation-plan/1": "actions.a01_risk.records:EvaluationPlan",
    "evaluation-run/1": "actions.a01_risk.records:EvaluationRun",
    "comparison/1": "actions.a01_risk.records:Comparison",
    "trace/1": "actions.a01_risk.records:Trace",
    "incident/1": "actions.a02_incidents.records:Incident",
    "channel/1": "actions.a02_incidents.records:Channel",
    "monitoring/1": "actions.a02_incidents.records:Monitoring",
    "publication/1": "actions.a03_transparency.records:Publication",
    "sharing/1": "actions.a04_sharing.records:Sharing",
    "membership/1": "actions.a04_sharing.records:Membership",
    "policy/1": "actions.a05_governance.records:Policy",
    "approval/1": "actions.a05_governance.records:Approval",
    "commitment/1": "actions.a05_governance.records:Commitment",
    "supplier/1": "actions.a05_governance.records:Supplier",
    "control/1": "actions.a06_security.records:Control",
    "marking/1": "actions.a07_provenance.records:Marking",
    "study/1": "actions.a08_research.records:Study",
    "project/1": "actions.a09_challenges.records:Project",
    "standard/1": "actions.a10_standards.records:Standard",
    "dataset/1": "actions.a11_data.records:Dataset",
    "dataset-scan/1": "actions.a11_data.records:DatasetScan",
    "dataset-duplicates/1": "actions.a11_data.records:DatasetDuplicates",
    "dataset-contamination/1": "actions.a11_data.records:DatasetContamination",
    "dataset-rights/1": "actions.a11_data.records:DatasetRights",
    "dataset-quality/1": "actions.a11_data.records:DatasetQuality",
    "dataset-bias/1": "actions.a11_data.records:DatasetBias",
    "data-removal/1": "actions.a11_data.records:DataRemoval",
    "canaries/1": "actions.a11_data.records:Canaries",
    "leak-test/1": "actions.a11_data.records:LeakTest",
    "private-training/1": "actions.a11_data.records:PrivateTraining",
    "safeguard/1": "actions.a11_data.records:Safeguard",
    "training/1": "actions.a12_literacy.records:Training",
}


def body_model(kind: str) -> type[BaseModel]:
    """The model of a kind's body (`risk` or `risk/1`). Raises UsageError for a kind nobody defined."""
    module, _, name = _HOMES[find_kind(kind).name].partition(":")
    model: type[BaseModel] = getattr(import_module(f"haipkit.{module}"), name)
    return model
