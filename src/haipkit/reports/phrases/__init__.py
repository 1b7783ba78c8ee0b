"""One short paragraph for each kind of record, in the first person plural, composed from the record's own fields.

Words that people wrote are quoted or follow a colon, so that their case and punctuation cannot break a sentence. A
kind without a function here gets the plain sentence of `other`.
"""

from haipkit.records.record import Record
from haipkit.reports.phrases import data, evaluations, general
from haipkit.reports.phrases.evaluations import metric_words, percent, verdict_words
from haipkit.reports.phrases.register import PHRASES, Body, Namer, free, other, the

__all__ = [
    "Namer",
    "data",
    "evaluations",
    "free",
    "general",
    "metric_words",
    "other",
    "percent",
    "phrase_of",
    "the",
    "verdict_words",
]


def phrase_of(record: Record, namer: Namer) -> str:
    """The paragraph of one record. Fields whose disclosures are gone read `(erased)`."""
    write = PHRASES.get(record.header.kind, other)
    return " ".join(sentence for sentence in write(Body(record.body), record, namer) if sentence)
