"""A data set's description in Croissant 1.1 (MLCommons), with the terms of its Responsible AI vocabulary 1.0.

Writes what it is told and leaves out what nobody knows: no licence, date or size is made up. Personal data does not
get in: of scans it takes counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
_TERMS = (
    "arrayShape citeAs column containedIn equivalentProperty extract field fileProperty fileObject fileSet format "
    "includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace "
    "samplingRate separator source subField transform"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS.split()},
}
MEDIA_TYPES = {
    "jsonl": "application/jsonlines",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "html": "text/html",
    "text": "text/plain",
}
_PACKED = {"gz": "application/gzip", "zst": "application/zstd", "bz2": "application/x-bzip2"}
_COLLECTION = {
    "public": "Secondary data collection: public data sets",
    "licensed": "Secondary data collection: licensed by contract",
    "third-party": "Secondary data collection: private data of third parties",
    "crawled": "Web crawling",
    "user-data": "Data of users of our services",
    "synthetic": "Synthetic data generation",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a table: `type` is a schema.org type such as `sc:Text`."""

    name: str
    type: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """`name` relative to the data set; `format` one of MEDIA_TYPES; `packing` "", "gz", "zst" or "bz2"."""

    name: str
    size: int
    sha256: str
    format: str
    packing: str = ""
    columns: tuple[Column, ...] = ()


def croissant(
    dataset: Mapping[str, Any],
    files: Sequence[File],
    *,
    creator: str,
    measured: Sequence[Mapping[str, Any]] = (),
    notes: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """The JSON-LD of one data set.

    `dataset` is the body of a dataset/1 record, `measured` bodies of its dataset-scan/1 records, and `notes` sentences
    under RAI terms without their prefix (`dataBiases`, `dataLimitations`, …).
    """
    card: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS_TO),
        "name": dataset["name"],
        "description": dataset.get("description") or dataset["origin"],
        "license": dataset["rights"],
        "creator": {"@type": "sc:Organization", "name": creator},
        "dateModified": dataset["updated_on"],
        "version": dataset["updated_on"].replace("-", "."),
        "url": dataset.get("url"),
        "inLanguage": list(dataset.get("languages") or ()),
        **_responsible(dataset, measured, notes or {}),
        "distribution": [_file_object(file) for file in files],
        "recordSet": [_record_set(file) for file in files if file.columns],
    }
    return {name: value for name, value in card.items() if value not in (None, [], "")}


def _responsible(
    dataset: Mapping[str, Any], measured: Sequence[Mapping[str, Any]], notes: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    said: dict[str, list[str]] = {
        "dataCollection": [dataset["origin"]],
        "dataCollectionType": [_COLLECTION[dataset["source"]]] if dataset.get("source") in _COLLECTION else [],
        "dataCollectionTimeframe": [dataset[n] for n in ("collected_from", "collected_until") if dataset.get(n)],
        "dataPreprocessingProtocol": list(dataset.get("quality_checks") or ()),
        "dataBiases": list(dataset.get("bias_checks") or ()),
        "dataUseCases": [f"{dataset['use'].capitalize()} of an AI system"],
        "personalSensitiveInformation": [_personal(dataset), *(_scan_words(body) for body in measured)],
    }
    for name, sentences in notes.items():
        said.setdefault(name, []).extend(sentences)
    return {f"rai:{name}": sentences for name, sentences in said.items() if sentences}


def _personal(dataset: Mapping[str, Any]) -> str:
    return {
        "none": "By its owner’s word it holds no personal data.",
        "incidental": "By its owner’s word it may hold some personal data by chance.",
        "present": "By its owner’s word it holds personal data.",
    }.get(str(dataset["personal_data"]), "Whether it holds personal data is not known to its owner.")


def _scan_words(body: Mapping[str, Any]) -> str:
    """One sentence on a scan: counts by kind, what was done, which rules; never a value."""
    counted = ", ".join(
        f"{one['kind']}{' (' + one['country'] + ')' if one.get('country') else ''}: {one['confirmed']} confirmed and "
        f"{one['probable']} probable"
        for one in body.get("found") or ()
    )
    done = {"redacted": " All were replaced in the copy.", "dropped": " The copy leaves those documents out."}
    return (
        f"Scanned on {body['scanned_on']} ({body['documents']} documents): {counted or 'no value found'}."
        f"{done.get(str(body['treatment']), '')} Rules {body['rules_sha256'][:16]}, inputs {body['inputs_sha256']}."
    )


def _file_object(file: File) -> dict[str, Any]:
    media = MEDIA_TYPES.get(file.format, "application/octet-stream")
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "contentSize": f"{file.size} B",
        "encodingFormat": [_PACKED[file.packing], media] if file.packing else media,
        "sha256": file.sha256,
    }


def _record_set(file: File) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": f"{file.name}#records",
        "name": f"{file.name}: records",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{file.name}#records/{column.name}",
                "name": column.name,
                "dataType": column.type,
                **({"repeated": True} if column.repeated else {}),
                "source": {"fileObject": {"@id": file.name}, "extract": {"column": column.name}},
            }
            for column in file.columns
        ],
    }
