"""Verifiers that share no code with ours judge what we make: Go's sumdb packages, and the `sd-jwt` package.

The Go verifier needs Debian's golang-go and golang-golang-x-mod-dev and builds without a network. Where `go` is not
installed these tests are skipped, unless HAIP_REQUIRE_GO=1 says that they must run.
"""

import hashlib
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haipkit.kernel.errors import HaipError
from haipkit.ledger.bundle import Contents, collect_records, write_bundle
from haipkit.ledger.checkpoint import VerifierKey
from haipkit.ledger.disclosure import open_sealed, seal, withhold, write_presentation
from haipkit.ledger.export import export_tree
from haipkit.ledger.keys import SigningKey
from haipkit.ledger.log import Log
from haipkit.ledger.open import create_ledger, open_ledger
from haipkit.ledger.projection import Entry, make_entry
from haipkit.ledger.verify import verify_bundle, verify_export
from helpers.forge import sealed, unpack
from vectors import make_vectors

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests/vectors"
SOURCE = ROOT / "docs/spec/verifier-go"
GO_PACKAGES = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb")
CASES = {case["name"]: case for case in json.loads((VECTORS / "vectors.json").read_bytes())["cases"]}
WORDS = {0: "valid", 1: "invalid", 2: "unknown"}

Judge = Callable[..., str]


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Builds docs/spec/verifier-go as its README says; the answer is the word of its exit code."""
    if shutil.which("go") is None or not GO_PACKAGES.is_dir():
        if os.environ.get("HAIP_REQUIRE_GO") == "1":
            pytest.fail("HAIP_REQUIRE_GO=1, but golang-go or golang-golang-x-mod-dev is not installed")
        pytest.skip("golang-go or golang-golang-x-mod-dev is not installed")
    program = tmp_path_factory.mktemp("go") / "verifier"
    offline = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "GOPROXY": "off"}
    built = subprocess.run(
        ["go", "build", "-o", str(program), "."], cwd=SOURCE, env=os.environ | offline, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr

    def judge(path: Path, key: str | None, head: Path | None = None) -> str:
        command = [str(program), *(["tree"] if path.is_dir() else []), str(path), key or "-"]
        done = subprocess.run([*command, *([str(head)] if head else [])], capture_output=True, text=True, timeout=60)
        assert done.stdout.startswith(WORDS[done.returncode]), done
        return WORDS[done.returncode]

    return judge


@pytest.mark.parametrize("name", CASES)
def test_go_reaches_the_verdict_of_the_vector(name: str, go: Judge) -> None:
    case = CASES[name]
    head = VECTORS / case["known_head"] if case["known_head"] else None
    verdict = go(VECTORS / case["path"], case["key"], head)
    assert verdict == ("invalid" if case["verdict"] == "error" else case["verdict"])


def test_the_vectors_are_what_the_generator_writes(tmp_path: Path) -> None:
    make_vectors.make(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    # How a compressor packs bytes differs between its versions; no honest bundle is compressed.
    packed = {"compressed", "zip-bomb", "longer-than-said", "packed-and-more"}
    kept = {path for path in made if path.stem not in packed}
    assert {path for path in kept if made[path] != (VECTORS / path).read_bytes()} == set()
    stored = {path.relative_to(VECTORS) for path in VECTORS.rglob("*") if path.is_file()}
    assert {path for path in stored if path.suffix not in (".py", ".pyc", ".md")} == set(made)


# ── fresh ledgers ────────────────────────────────────────────────────────────────────────────────────────────────────


def filled(path: Path, key: SigningKey, size: int, **claims: Any) -> Log:
    header = {
        "v": 1,
        "kind": "risk/1",
        "by": "owner",
        "origin": "declared",
        "occurred_at": "2026-11-20T09:30:00Z",
        "recorded_at": "2026-11-20T09:30:00Z",
    }
    log = create_ledger(path, key)
    entries: list[Entry] = [
        make_entry(header | claims | {"id": f"id-{number}"}, {"n": number, "é": "ü"}, issuer=key.name, signer=key)
        for number in range(size)
    ]
    for start in range(0, size, 100):
        log.append(entries[start : start + 100])
    return log


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 513, 700])
def test_go_accepts_our_bundles_and_trees_of_every_shape(size: int, go: Judge, tmp_path: Path) -> None:
    key = SigningKey.ephemeral("bakery.example/haip")
    vkey = str(key.verifier())
    with filled(tmp_path / "ledger.db", key, size) as log:
        indexes = sorted({0, size // 2, size - 1, min(255, size - 1), min(256, size - 1)})
        sizes = log.checkpoint_sizes()[1:]
        made = Contents(
            log.checkpoint(),
            collect_records(log, indexes, size),
            [log.key],
            consistency={old: log.consistency_proof(old, size) for old in sizes if old < size},
        )
        write_bundle(tmp_path / "bundle.zip", made, key)
        export_tree(log, tmp_path / "tree")
        for old in sizes:
            head = tmp_path / f"{old}.checkpoint"
            head.write_bytes(log.checkpoint(old))
            assert go(tmp_path / "bundle.zip", vkey, head) == "valid"
            assert go(tmp_path / "tree", vkey, head) == "valid"


def test_go_follows_a_log_from_one_key_to_the_next(go: Judge, tmp_path: Path) -> None:
    old, new = (SigningKey.ephemeral("bakery.example/haip") for _ in range(2))
    path = tmp_path / "ledger.db"
    with filled(path, old, 3) as log:
        before, handover = tmp_path / "before", tmp_path / "handover"
        before.write_bytes(log.checkpoint())
        handover.write_bytes(log.hand_over(new))
    with open_ledger(path, expected=new.verifier(), signer=new) as log:
        claims = {"v": 1, "id": "id-late", "kind": "note/1", "by": "owner", "origin": "declared"}
        claims |= {"occurred_at": "2026-11-20T09:30:00Z", "recorded_at": "2026-11-20T09:30:00Z"}
        log.append([make_entry(claims, {"n": 1}, issuer=new.name, signer=old)])
        made = Contents(
            log.checkpoint(),
            collect_records(log, [0, 3], 4),
            [old.verifier()],
            consistency={3: log.consistency_proof(3, 4)},
        )
        write_bundle(tmp_path / "bundle.zip", made, new)
    assert go(tmp_path / "bundle.zip", str(new.verifier()), handover) == "valid"
    assert go(tmp_path / "bundle.zip", str(new.verifier()), before) == "invalid", "that key did not sign it"
    assert go(tmp_path / "bundle.zip", str(old.verifier()), handover) == "invalid"
    verdict = verify_bundle(
        tmp_path / "bundle.zip", [new.verifier()], retired=[old.verifier()], known_heads=[before.read_bytes()]
    )
    assert verdict.word == "valid"


def test_go_reads_a_large_attachment(go: Judge, tmp_path: Path) -> None:
    data = bytes(1_234_567)
    digest = hashlib.sha256(data).hexdigest()
    attached = {"sha256": digest, "size": len(data), "media_type": "application/octet-stream", "name": "weights"}
    key = SigningKey.ephemeral("bakery.example/haip")
    with filled(tmp_path / "ledger.db", key, 1, attachments=[attached]) as log:
        made = Contents(log.checkpoint(), collect_records(log, [0], 1), [log.key], attachments={digest: data})
        write_bundle(tmp_path / "bundle.zip", made, key)
    assert go(tmp_path / "bundle.zip", str(key.verifier())) == "valid"


FREE = ("README.txt", "report.html", "consistency/6.add-checkpoint")
"""What the owner of the key may write at will: words, and a proof for a head that this reader does not hold."""


def test_go_and_we_agree_on_random_tampering(go: Judge, tmp_path: Path) -> None:
    """Bytes are changed, removed and added in bundles, half of them sealed again by a dishonest owner."""
    plain = unpack((VECTORS / "bundles/continues-4.zip").read_bytes())
    vkey, head = CASES["plain"]["key"], VECTORS / CASES["continues-4"]["known_head"]
    chance = random.Random(20261120)
    path = tmp_path / "bundle.zip"
    for number in range(150):
        name = chance.choice(sorted(set(plain) - {"manifest"} if number % 2 else set(plain)))
        content = bytearray(plain[name])
        place = chance.randrange(len(content))
        content[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        changed = {**plain, name: bytes(content)}
        if changed == plain:
            continue
        path.write_bytes(sealed(changed, make_vectors.LOG) if number % 2 else rezip(changed))
        ours = verify_bundle(path, [vkey], known_heads=[head.read_bytes()]).word
        assert ours == go(path, vkey, head), (number, name, place)
        assert ours != "valid" or (number % 2 and name in FREE), (number, name)


def rezip(members: dict[str, bytes]) -> bytes:
    from helpers.forge import write_zip, zip_members

    return write_zip(zip_members(members))


def test_go_and_we_agree_on_tampered_trees(go: Judge, tmp_path: Path) -> None:
    key = SigningKey.ephemeral("bakery.example/haip")
    with filled(tmp_path / "ledger.db", key, 300) as log:
        export_tree(log, tmp_path / "tree")
    chance = random.Random(20261120)
    files = sorted(path for path in (tmp_path / "tree").rglob("*") if path.is_file())
    for _ in range(30):
        path = chance.choice(files)
        kept = path.read_bytes()
        place = chance.randrange(len(kept))
        path.write_bytes(kept[:place] + bytes([kept[place] ^ chance.randrange(1, 256)]) + kept[place + 1 :])
        assert verify_export(tmp_path / "tree", [key.verifier()]).word == "invalid"
        assert go(tmp_path / "tree", str(key.verifier())) == "invalid"
        path.write_bytes(kept)
    assert go(tmp_path / "tree", str(key.verifier())) == "valid"


# ── records ──────────────────────────────────────────────────────────────────────────────────────────────────────────

BODY = {"title": "Wrong allergy advice", "severity": "high", "passed": 399, "nested": {"a": [1, None, {"b": True}]}}
CLAIMS = {"v": 1, "id": "x", "kind": "risk/1", "recorded_at": "2026-11-20T09:30:00Z"}


def read_by_sd_jwt(presentation: bytes, key: VerifierKey) -> dict[str, Any]:
    from base64 import urlsafe_b64encode

    from jwcrypto.jwk import JWK
    from sd_jwt.verifier import SDJWTVerifier

    public = urlsafe_b64encode(key.public_key).rstrip(b"=").decode()
    jwk = JWK(kty="OKP", crv="Ed25519", x=public)
    verifier = SDJWTVerifier(presentation.decode(), lambda issuer, header: jwk)
    payload: dict[str, Any] = verifier.get_verified_payload()
    return payload


@pytest.mark.parametrize("count", range(len(BODY) + 1))
def test_the_sd_jwt_package_reads_a_record_with_any_fields_withheld(count: int) -> None:
    signer = SigningKey.ephemeral("bakery.example/haip")
    made = seal(CLAIMS, BODY, issuer=signer.name, signer=signer)
    for hidden in itertools.combinations(BODY, count):
        shown = withhold(made.disclosures, hidden)
        payload = read_by_sd_jwt(write_presentation(made.jwt, shown), signer.verifier())
        ours = open_sealed(made.jwt, shown, signer.verifier(), issuer=signer.name)
        assert payload["iss"] == signer.name
        assert payload["haip"] == CLAIMS == ours.claims
        assert payload["body"] == {name: BODY[name] for name in BODY if name not in hidden} == ours.body
        assert ours.withheld == count


def test_the_sd_jwt_package_refuses_what_we_refuse() -> None:
    from jwcrypto.common import JWException

    signer, stranger = SigningKey.ephemeral("bakery.example/haip"), SigningKey.ephemeral("bakery.example/haip")
    made = seal(CLAIMS, BODY, issuer=signer.name, signer=signer)
    other = seal(CLAIMS, BODY, issuer=signer.name, signer=signer)
    broken = made.jwt[:-8] + b"AAAAAAAA"
    for jwt, disclosures, key in (
        (broken, made.disclosures, signer),
        (made.jwt, made.disclosures, stranger),
        (made.jwt, (made.disclosures[0], made.disclosures[0]), signer),
    ):
        with pytest.raises((JWException, ValueError)):
            read_by_sd_jwt(write_presentation(jwt, disclosures), key.verifier())
        with pytest.raises(HaipError):
            open_sealed(jwt, disclosures, key.verifier(), issuer=signer.name)
    # The package leaves out a disclosure of another record; we refuse the whole presentation.
    foreign = read_by_sd_jwt(write_presentation(made.jwt, other.disclosures), signer.verifier())
    assert foreign["body"] == {}
    with pytest.raises(HaipError, match="does not belong to this record"):
        open_sealed(made.jwt, other.disclosures, signer.verifier(), issuer=signer.name)


def test_the_records_of_the_vectors_are_read_by_the_sd_jwt_package() -> None:
    members = unpack((VECTORS / "bundles/withheld.zip").read_bytes())
    keys = {
        key.key_id.hex(): key
        for key in (VerifierKey.parse(data.decode()) for name, data in members.items() if name.startswith("keys/"))
    }
    read = 0
    for name, data in members.items():
        if name.startswith("records/"):
            kid = json.loads(_decode(data.split(b".")[0]))["kid"]
            payload = read_by_sd_jwt(data, keys[re.sub(r".*\+", "", kid)])
            assert payload["haip"]["kind"] in ("evaluation/1", "decision/1", "policy/1")
            assert not {"score", "reason", "title"} & set(payload["body"])
            read += 1
    assert read == 3


def _decode(text: bytes) -> bytes:
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def test_a_hundred_records_of_many_are_checked_within_a_second_of_cpu(tmp_path: Path) -> None:
    key = SigningKey.ephemeral("bakery.example/haip")
    with filled(tmp_path / "ledger.db", key, 3_000) as log:
        made = Contents(log.checkpoint(), collect_records(log, range(0, 3_000, 30), 3_000), [log.key])
        write_bundle(tmp_path / "bundle.zip", made, key)
    before = time.process_time()
    verdict = verify_bundle(tmp_path / "bundle.zip", [key.verifier()])
    assert (verdict.word, verdict.counts["records"]) == ("valid", 100)
    assert time.process_time() - before < 1
