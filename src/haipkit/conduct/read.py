"""Read all data files of a folder and check them: each value, each reference, no id twice. Used by `load` alone."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from haipkit.conduct.model import (
    Applies,
    Clause,
    Conduct,
    Duty,
    LegalDate,
    Need,
    OfficialDocument,
    Profile,
    Programme,
    Requirement,
    Resource,
)
from haipkit.conduct.table import Table
from haipkit.kernel.errors import BadInput
from haipkit.kernel.words import Origin, Role

DATES, RESOURCES = "jurisdictions/dates.toml", "instruments/resources.toml"
LEVELS = ("expected", "relevant", "not expected")
SCOPES = ("organisation", "system", "release")
STATUSES = ("binding", "voluntary", "bill", "pending")
CONFIDENCES = ("primary", "secondary", "recalled")
_ROLES = tuple(role.value for role in Role)
_ID = r"(1[0-2]|[1-9])\.([1-9]\d?)([a-z])"


def read_conduct(root: Path, files: Iterable[Path]) -> Conduct:
    """The Conduct in `files` under `root`. Raises BadInput that names the file, the entry and the field."""
    return _Reader(root, files).conduct()


class _Reader:
    """One reading of all files. Its order matters: requirements cite clauses, everything else names requirements."""

    def __init__(self, root: Path, files: Iterable[Path]) -> None:
        self._root = root
        self._bytes = {path.relative_to(root).as_posix(): self._read(path) for path in files}
        self._home: dict[str, str] = {}
        self._clauses: dict[str, Clause] = {}
        self._requirements: dict[str, Requirement] = {}
        self._roles: dict[str, dict[str, Applies]] = {role: {} for role in _ROLES}

    def conduct(self) -> Conduct:
        documents = self._documents()
        if not documents:
            raise BadInput("there is no clauses/documents.toml here", where=str(self._root))
        order = [document.prefix for document in documents]
        clauses = sorted(
            self._read_clauses(documents),
            key=lambda clause: (order.index(clause.document), clause.place.startswith("XII.")),
        )
        self._clauses = {clause.at: clause for clause in clauses}
        self._read_requirements()
        return Conduct(
            digest=self._digest(),
            clauses=self._clauses,
            requirements=self._requirements,
            profiles={profile.id: profile for profile in self._profiles()},
            programmes={programme.id: programme for programme in self._programmes()},
            dates=tuple(self._dates()),
            resources=tuple(self._resources()),
            documents={document.id: document for document in documents},
        )

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as fault:
            raise BadInput(f"this file cannot be read: {fault.strerror}", where=str(path)) from fault

    def _digest(self) -> str:
        lines = (f"{hashlib.sha256(data).hexdigest()} {name}\n" for name, data in sorted(self._bytes.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _tables(self, folder: str) -> Iterator[tuple[str, Table]]:
        """Each file directly in `folder` with its contents, in the order of their names."""
        for name in sorted(self._bytes):
            if name.rpartition("/")[0] == folder:
                yield name, self._parse(name)

    def _parse(self, name: str) -> Table:
        import tomllib

        try:
            return Table(tomllib.loads(self._bytes[name].decode()), name)
        except UnicodeDecodeError as fault:
            raise BadInput("this file is not UTF-8 text", where=name) from fault
        except tomllib.TOMLDecodeError as fault:
            raise BadInput(f"this is not valid TOML: {fault}", where=name) from fault

    def _claim(self, table: Table, name: str, identifier: str, what: str) -> Table:
        """Give an entry its place under its own id, and refuse the id when it is taken."""
        key = f"{what} {identifier}"
        if key in self._home:
            raise table.fault(f"the {what} {identifier!r} stands twice: also in {self._home[key]}")
        self._home[key] = name
        return table.at(f"{name}, {identifier}")

    # Clauses

    def _documents(self) -> list[OfficialDocument]:
        name = "clauses/documents.toml"
        if name not in self._bytes:
            return []
        file = self._parse(name)
        documents = []
        for entry in file.tables("document"):
            identifier = entry.pattern("id", r"[a-z0-9-]+", "a short name in lower-case letters, digits and dashes")
            table = self._claim(entry, name, identifier, "document")
            documents.append(
                OfficialDocument(
                    id=identifier,
                    prefix=table.pattern("prefix", r"[a-z]+", "a prefix in lower-case letters"),
                    title=table.text("title"),
                    publisher=table.text("publisher"),
                    issued=table.pattern("issued", r"\d{4}(-\d\d(-\d\d)?)?", "a year, a month or a day"),
                    standing=table.text("standing", sentence=True),
                )
            )
            table.done()
        file.done()
        return documents

    def _read_clauses(self, documents: list[OfficialDocument]) -> Iterator[Clause]:
        """In the order of the files: there the twelfth principle comes before the eleven it follows."""
        prefixes = {document.id: document.prefix for document in documents}
        for name, file in self._tables("clauses"):
            if name == "clauses/documents.toml":
                continue
            prefix = prefixes[file.one_of("document", prefixes)]
            for entry in file.tables("clause"):
                at = entry.pattern("at", rf"{prefix}:[A-Za-z0-9]+(\.[a-z]?\d+)+", f"a place like {prefix}:1.2")
                table = self._claim(entry, name, at, "clause")
                yield Clause(
                    at=at,
                    length=table.count("length"),
                    sha256=table.pattern("sha256", r"[0-9a-f]{64}", "a SHA-256 in 64 lower-case hex digits"),
                    summary=table.text("summary", longest=140, sentence=True),
                    unchecked=table.text_or_none("unchecked"),
                )
                table.done()
            file.done()

    # Requirements

    def _read_requirements(self) -> None:
        read: list[tuple[Requirement, dict[str, Applies]]] = []
        for name, file in self._tables("requirements"):
            number = re.match(r"(0[1-9]|1[0-2])-[a-z]+\.toml$", name.rpartition("/")[2])
            if number is None:
                raise BadInput("the name of this file has to begin with its action, like 06-security.toml", where=name)
            read += [self._requirement(entry, name, int(number[1])) for entry in file.tables("requirement")]
            file.done()
        read.sort(key=lambda pair: _order(pair[0].id))
        self._requirements = {requirement.id: requirement for requirement, _ in read}
        for requirement, roles in read:
            self._check_letter(requirement)
            for role, applies in roles.items():
                self._roles[role][requirement.id] = applies

    def _requirement(self, entry: Table, name: str, action: int) -> tuple[Requirement, dict[str, Applies]]:
        identifier = entry.pattern("id", _ID, "the id of a requirement, like 6.2a")
        table = self._claim(entry, name, identifier, "requirement")
        own_action, _, paragraph = identifier[:-1].partition(".")
        if int(own_action) != action:
            raise table.fault(f"the id belongs to action {own_action}, the file to action {action}", field="id")
        home = f"gpa:XII.{paragraph}." if action == 12 else f"coc:{action}.{paragraph}."
        if not any(at.startswith(home) for at in self._clauses):
            raise table.fault(f"action {action} has no paragraph {paragraph}", field="id")
        clauses = table.texts("clauses", needed=True)
        for at in clauses:
            if at not in self._clauses:
                raise table.fault(f"there is no clause {at!r}", field="clauses")
        scope = table.one_of("scope", SCOPES)
        when = table.conditions("when")
        if when and scope == "organisation":
            raise table.fault("only a requirement for a system or a release can depend on the system", field="when")
        needs = tuple(self._need(need) for need in table.tables("need"))
        if not needs:
            raise table.fault("this requirement has no need, so nothing could ever meet it", field="need")
        roles = self._levels(table.table("roles"), identifier)
        requirement = Requirement(
            id=identifier,
            action=action,
            title=table.text("title", longest=70),
            reading=table.text("reading", sentence=True),
            step=table.text("step", sentence=True),
            clauses=clauses,
            scope=scope,
            needs=needs,
            when=when,
            attested_only=table.flag("attested_only"),
        )
        table.done()
        return requirement, roles

    def _check_letter(self, requirement: Requirement) -> None:
        letter = requirement.id[-1]
        if letter != "a" and requirement.paragraph + chr(ord(letter) - 1) not in self._requirements:
            where = f"{self._home[f'requirement {requirement.id}']}, {requirement.id}, id"
            raise BadInput(
                f"the letters of paragraph {requirement.paragraph} leave one out before {letter!r}", where=where
            )

    def _levels(self, table: Table, requirement: str) -> dict[str, Applies]:
        levels = {}
        for role in _ROLES:
            entry = table.table(role)
            levels[role] = Applies(requirement, entry.one_of("level", LEVELS), entry.text("why", sentence=True))
            entry.done()
        table.done()
        return levels

    def _need(self, table: Table) -> Need:
        need = Need(
            kind=table.pattern("kind", r"[a-z][a-z-]*/[1-9]\d*", "a kind of record, like control/1"),
            missing=table.text("missing", sentence=True),
            where=table.conditions("where"),
            at_least=table.count_or_none("at_least") or 1,
            max_age_days=table.count_or_none("max_age_days"),
            origins=table.texts("origins", allowed=tuple(origin.value for origin in Origin)),
            test=table.pattern("test", r"[a-z]+(-[a-z]+)*", "the name of a rule") if table.has("test") else None,
            also=table.texts("also"),
        )
        table.done()
        return need

    # What refers to requirements

    def _named(self, table: Table, field: str) -> tuple[str, ...]:
        """Ids of requirements. A paragraph (`6.2`) or an action (`6`) in the data stands for each one under it."""
        named: list[str] = []
        for reference in table.texts(field):
            under = [
                one.id for one in self._requirements.values() if reference in (one.id, one.paragraph, str(one.action))
            ]
            if not under:
                raise table.fault(f"there is no requirement {reference!r}", field=field)
            named += [identifier for identifier in under if identifier not in named]
        return tuple(named)

    def _profiles(self) -> Iterator[Profile]:
        """The profile `sme` is the deployer's with another order to start in."""
        for name, table in self._tables("profiles"):
            identifier = table.one_of("id", (*_ROLES, "sme"))
            table = self._claim(table, name, identifier, "profile")
            yield Profile(
                id=identifier,
                title=table.text("title"),
                basis=table.text("basis", sentence=True),
                as_of=table.day("as_of"),
                items=self._roles[Role.DEPLOYER.value if identifier == "sme" else identifier],
                first=self._named(table, "first"),
            )
            table.done()

    def _programmes(self) -> Iterator[Programme]:
        for name, file in self._tables("profiles/programmes"):
            identifier = file.pattern("id", r"[a-z0-9-]+", "a short name in lower-case letters, digits and dashes")
            table = self._claim(file, name, identifier, "programme")
            duties = tuple(self._duty(entry, name) for entry in table.tables("duty"))
            if not duties:
                raise table.fault("this programme has no duty")
            yield Programme(
                id=identifier,
                title=table.text("title"),
                standing=table.text("standing", sentence=True),
                source=table.text("source"),
                as_of=table.day("as_of"),
                duties=duties,
            )
            table.done()

    def _duty(self, entry: Table, name: str) -> Duty:
        identifier = entry.pattern("id", r"[a-z0-9-]+", "a short name in lower-case letters, digits and dashes")
        table = self._claim(entry, name, identifier, "duty")
        duty = Duty(
            id=identifier,
            title=table.text("title"),
            text=table.text("text", sentence=True),
            within_days=table.count_or_none("within_days"),
            repeats_days=table.count_or_none("repeats_days"),
            need=self._need(table.table("need")),
            owner_hint=table.text("owner_hint"),
            requirements=self._named(table, "requirements"),
        )
        table.done()
        return duty

    def _dates(self) -> Iterator[LegalDate]:
        name = DATES
        if name not in self._bytes:
            return
        file = self._parse(name)
        for entry in file.tables("date"):
            identifier = entry.pattern("id", r"[a-z0-9-]+", "a short name in lower-case letters, digits and dashes")
            table = self._claim(entry, name, identifier, "date")
            countries = table.texts("countries", needed=True)
            if not all(re.fullmatch(r"[A-Z]{2}", country) for country in countries):
                raise table.fault("countries are written as two capital letters (ISO 3166-1)", field="countries")
            yield LegalDate(
                id=identifier,
                title=table.text("title"),
                date=table.day("date"),
                citation=table.text("citation"),
                status=table.one_of("status", STATUSES),
                confidence=table.one_of("confidence", CONFIDENCES),
                source=table.text("source"),
                as_of=table.day("as_of"),
                countries=countries,
                when=table.conditions("when"),
                requirements=self._named(table, "requirements"),
                placed_before=table.day("placed_before") if table.has("placed_before") else None,
            )
            table.done()
        file.done()

    def _resources(self) -> Iterator[Resource]:
        name = RESOURCES
        if name not in self._bytes:
            return
        file = self._parse(name)
        for entry in file.tables("resource"):
            table = self._claim(entry, name, entry.text("title"), "resource")
            clause = table.text("clause")
            if clause not in self._clauses:
                raise table.fault(f"there is no clause {clause!r}", field="clause")
            has_url = table.has("url")
            yield Resource(
                clause=clause,
                title=table.text("title"),
                publisher=table.text("publisher"),
                state=table.text("state", sentence=True),
                as_of=table.day("as_of"),
                url=table.pattern("url", r"https://\S+", "an address that begins with https://") if has_url else None,
                helps=self._named(table, "helps"),
                confidence=table.one_of("confidence", CONFIDENCES),
            )
            table.done()
        file.done()


def _order(identifier: str) -> tuple[int, int, str]:
    action, _, rest = identifier.partition(".")
    return int(action), int(rest[:-1]), rest[-1]
