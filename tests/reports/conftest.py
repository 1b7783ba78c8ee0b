"""Every report about the made-up bakery, and every claim in them."""

from collections.abc import Iterator, Mapping

import pytest

from haipkit.reports.document import Block, Bullets, Claim, Document, Facts, Figure, Table
from haipkit.reports.registry import find_report
from helpers.told import told

NAMES = ("gaps", "conformity", "transparency", "haip", "data", "evaluation", "training-summary")


@pytest.fixture(scope="session")
def documents() -> Mapping[str, Document]:
    return {name: find_report(name)(told()) for name in NAMES}


@pytest.fixture(params=NAMES)
def document(request: pytest.FixtureRequest, documents: Mapping[str, Document]) -> Document:
    return documents[request.param]


def claims_of(blocks: tuple[Block, ...]) -> Iterator[Claim]:
    for block in blocks:
        if isinstance(block, Claim):
            yield block
        elif isinstance(block, Bullets):
            yield from (item for item in block.items if isinstance(item, Claim))


def words_of(document: Document) -> str:
    """Everything that a reader sees, in one string."""
    parts = [document.title, document.subtitle, *(value for _, value in document.identity.pairs)]
    for block in document.blocks:
        if isinstance(block, Bullets):
            parts += [item if isinstance(item, str) else item.text for item in block.items]
        elif isinstance(block, Table | Figure):
            table = block.table if isinstance(block, Figure) else block
            parts += [table.caption, *(cell.text for row in table.rows for cell in row)]
        elif isinstance(block, Facts):
            parts += [f"{name}: {value}" for name, value in block.pairs]
        else:
            parts.append(block.text)
    return "\n".join(parts)
