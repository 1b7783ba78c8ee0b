"""The public summary of a model's training content that the EU asks for, drafted from what is on record.

The points come as data and say how far their words can be trusted. Nothing is filled in that no record says: an empty
point reads "not recorded", and the whole is a draft.
"""

from collections.abc import Callable
from itertools import chain

from haipkit.conduct.template import Band, Point, Template
from haipkit.kernel.errors import UsageError
from haipkit.records.record import Record
from haipkit.reports.document import Block, Claim, Document, Heading, Note, Paragraph
from haipkit.reports.phrases import free, phrase_of
from haipkit.reports.registry import Told, report
from haipkit.reports.sentences import namer_of
from haipkit.reports.shared import Shelf, compose, organisation, system_name
from haipkit.reports.text import count, day, join, join_phrases, quoted, sentence_case, stop

TEMPLATE = "eu-training-summary"
_TRAINING = ("training", "fine-tuning")
_MEASURES = ("copyright",)


@report("training-summary")
def training_summary(told: Told) -> Document:
    """For the system in the option `system`, or the only one whose data is on record. Raises UsageError."""
    template = told.instruments.get(TEMPLATE)
    if not isinstance(template, Template):
        raise UsageError("the template of the training summary is not at hand")
    summary = _Summary(told, Shelf(told), template, _chosen(told))
    blocks = summary.blocks()
    return compose(
        told,
        summary.shelf,
        report="training-summary",
        title=f"{template.title}, draft",
        subtitle=f"{system_name(told, summary.system)}: {template.reference}",
        blocks=blocks,
        unchecked=(
            "Whether this fits the official form, and whether the form has to be filled at all.",
            "Whether the list of data sets is complete. Only what is on record is told.",
        ),
        facts=(("Points", f"in the numbering of {day(template.published)}, our state of {day(template.as_of)}"),),
        data={"template": template.id, "system": summary.system or ""},
    )


def _chosen(told: Told) -> str | None:
    wanted = told.options.get("system")
    with_data = sorted({(record.header.system or "").partition("/")[0] for record in _training_data(told)} - {""})
    if wanted:
        key = wanted.partition("/")[0]
        known = sorted(str(record.header.key) for record in told.of_kind("system/1"))
        if key not in known:
            raise UsageError(f"there is no system {key!r}", advice=f"Known: {join(known) or 'none yet'}.")
        return wanted
    if len(with_data) > 1:
        raise UsageError("which model is the summary for?", advice=f"Say it with --option system=…: {join(with_data)}.")
    return with_data[0] if with_data else None


def _training_data(told: Told) -> list[Record]:
    return [record for record in told.of_kind("dataset/1") if record.body.get("use") in _TRAINING]


class _Summary:
    """The answers for one system."""

    def __init__(self, told: Told, shelf: Shelf, template: Template, system: str | None) -> None:
        self.told, self.shelf, self.template, self.system = told, shelf, template, system
        self._key, _, self._version = (system or "").partition("/")
        self._data = sorted(filter(self._about, _training_data(told)), key=lambda record: record.index)
        self._name = namer_of(told)
        self._general: dict[str, Callable[[], list[Claim]]] = {
            "1.1": self._provider,
            "1.2": self._model,
            "1.3": self._content,
            "3.1": self._rights,
            "3.2": self._illegal,
            "3.3": self._other,
        }

    def _about(self, record: Record) -> bool:
        return record.header.system is None or record.header.system.partition("/")[0] == self._key

    def blocks(self) -> list[Block]:
        answered = [(point, self._answer(point)) for section in self.template.sections for point in section.points]
        empty = sum(all(claim.strength is None for claim in claims) for _, claims in answered)
        blocks: list[Block] = [
            Paragraph(self._lead(empty, len(answered)), lead=True),
            Note("draft", "A draft, and not the official form", f"{self.template.source} {self.template.note}"),
        ]
        answers = {point.id: claims for point, claims in answered}
        for section in self.template.sections:
            blocks.append(Heading(2, f"{section.number} {section.title}", f"section-{section.number}"))
            for point in section.points:
                blocks.append(Heading(3, f"{point.id} {point.topic}", f"point-{point.id.replace('.', '-')}"))
                blocks += answers[point.id]
        return blocks

    def _lead(self, empty: int, points: int) -> str:
        sets = count(len(self._data), "data set")
        rest = f"{count(empty, 'point')} of {points} still {'has' if empty == 1 else 'have'} nothing on record."
        return f"The draft rests on {sets} used for training or tuning. " + (
            rest if empty else "Every point has something on record."
        )

    def _answer(self, point: Point) -> list[Claim]:
        if point.source is not None:
            return self._sources(point.source)
        return self._general[point.id]() or [Claim("Not recorded.", None)]

    def _provider(self) -> list[Claim]:
        who = organisation(self.told)
        if who is None:
            return []
        contact = who.body.get("contact")
        reach = f" Contact: {stop(str(contact))}" if contact else " No contact is recorded."
        return [
            self.shelf.claim(f"The provider is {stop(who.title)}{reach}", who),
            Claim("An authorised representative in the Union is not recorded; providers outside it need one.", None),
        ]

    def _model(self) -> list[Claim]:
        systems = [record for record in self.told.of_kind("system/1") if record.header.key == self._key]
        releases = [
            record
            for record in self.told.of_kind("release/1")
            if (record.header.system or "").partition("/")[0] == self._key
            and self._version in ("", record.body.get("version"))
        ]
        claims = [self.shelf.claim(f"The model is {stop(quoted(record.title))}", record) for record in systems]
        for record in releases[:1]:
            base = f" It builds on {stop(str(record.body['model']))}" if record.body.get("model") else ""
            text = f"Version {record.body.get('version')}, released on {day(record.body.get('released_on'))}.{base}"
            claims.append(self.shelf.claim(text, record))
        if releases:
            claims.append(Claim("The day it came onto the Union market is not recorded apart from its release.", None))
        return claims

    def _content(self) -> list[Claim]:
        if not self._data:
            return []
        claims = [self._amounts(band) for band in self.template.bands]
        texts = [str(record.body["description"]) for record in self._data if record.body.get("description")]
        found = [claim for claim in claims if claim is not None]
        found += [self._joint(f"Kinds of content: {join_phrases(texts)}.", "description")] if texts else []
        latest = max((str(r.body["collected_until"]) for r in self._data if r.body.get("collected_until")), default="")
        found += [self._joint(f"The latest data was acquired on {day(latest)}.", "collected_until")] if latest else []
        tongues = sorted(set(chain.from_iterable(record.body.get("languages") or () for record in self._data)))
        found += [self._joint(f"Languages (BCP 47): {join(tongues)}.", "languages")] if tongues else []
        return found

    def _joint(self, text: str, field: str) -> Claim:
        return self.shelf.joint_claim(text, [record for record in self._data if record.body.get(field)])

    def _amounts(self, band: Band) -> Claim | None:
        within = [record for record in self._data if self._holds(record, band.modality)]
        if not within:
            return None
        word = sentence_case(band.modality)
        counted = [record for record in within if record.body.get(band.field) is not None]
        if not counted:
            return self.shelf.joint_claim(f"{word} is part of the data; its amount is not recorded.", within)
        total = sum(int(record.body[band.field]) for record in counted)
        rest = len(within) - len(counted)
        more = f" The amount in {count(rest, 'further data set')} is not recorded." if rest else ""
        return self.shelf.joint_claim(f"{word}: {band.of(total)} ({total:,} counted).{more}", counted)

    @staticmethod
    def _holds(record: Record, modality: str) -> bool:
        named = record.body.get("modalities") or ()
        return modality in named or (modality == "text" and bool({"code"} & set(named)))

    def _sources(self, source: str) -> list[Claim]:
        found = [record for record in self._data if record.body.get("source") == source]
        if source == "other":
            found += [record for record in self._data if record.body.get("source") is None]
        return [self.shelf.claim(_source_words(record), record) for record in found] or [
            Claim("No data set of this source is on record for the model.", None)
        ]

    def _rights(self) -> list[Claim]:
        signed = [r for r in self.told.of_kind("commitment/1") if "code-of-practice" in str(r.body.get("to"))]
        claims = [self.shelf.claim(phrase_of(record, self._name), record) for record in signed]
        if not signed:
            claims.append(Claim("Whether the provider signed the EU’s Code of Practice is not recorded.", None))
        for kind in ("safeguard/1", "dataset-rights/1"):
            for record in filter(self._about, self.told.of_kind(kind)):
                if kind != "safeguard/1" or record.body.get("topic") in _MEASURES:
                    claims.append(self.shelf.claim(phrase_of(record, self._name), record))
        heeded = [record for record in self._data if record.body.get("opt_outs_respected") is not None]
        for said, words in ((True, "Opt-outs are respected in"), (False, "Opt-outs are not respected in")):
            such = [record for record in heeded if record.body.get("opt_outs_respected") is said]
            if such:
                names = join([quoted(record.title) for record in such])
                claims.append(self.shelf.joint_claim(f"{words} {names}.", such))
        return claims

    def _illegal(self) -> list[Claim]:
        done = [record for kind in ("dataset-scan/1", "data-removal/1") for record in self.told.of_kind(kind)]
        claims = [self.shelf.claim(phrase_of(record, self._name), record) for record in filter(self._about, done)]
        return [*claims, Claim("A measure against illegal content in the data is not recorded apart from these.", None)]

    def _other(self) -> list[Claim]:
        keys = {record.header.key for record in self._data}
        kinds = ("dataset-duplicates/1", "dataset-quality/1", "dataset-contamination/1")
        done = [record for kind in kinds for record in self.told.of_kind(kind) if record.header.key in keys]
        return [self.shelf.claim(phrase_of(record, self._name), record) for record in done]


def _source_words(record: Record) -> str:
    """What a data set's own record says of its source, in one paragraph."""
    body = record.body
    parts = [f"{quoted(record.title)}: {free(body.get('origin'))}"]
    lists = (
        ("modalities", "Modalities"),
        ("crawlers", "Crawlers"),
        ("domains", "Main domain names"),
        ("services", "Services"),
        ("generated_by", "Made by"),
    )
    parts += [f"{title}: {join(body[name])}." for name, title in lists if body.get(name)]
    if body.get("crawler_conduct"):
        parts.append(f"Conduct of the crawlers: {free(body['crawler_conduct'])}")
    if body.get("collected_from") and body.get("collected_until"):
        parts.append(f"Collected from {day(body['collected_from'])} to {day(body['collected_until'])}.")
    parts.append(f"Ground for using it: {stop(str(body.get('rights')))}")
    parts += [f"See {body['url']}."] if body.get("url") else []
    if body.get("source") is None:
        parts.append("Which kind of source it is, is not recorded.")
    return " ".join(parts)
