import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haipkit.kernel.errors import BadInput
from haipkit.ledger.checkpoint import (
    COSIGNATURE_V1,
    MAX_SIGNATURES,
    RESERVED_ORIGINS,
    Checkpoint,
    Note,
    NoteSignature,
    Proof,
    VerifierKey,
    check_origin,
    checkpoint_text,
    cosign,
    head_signer,
    parse_checkpoint,
    parse_note,
    parse_proof,
    parse_signature_line,
    sign_note,
    verify_note,
    write_proof,
)
from haipkit.ledger.keys import SigningKey
from haipkit.ledger.merkle import EMPTY_ROOT

ROOT = bytes(range(32))
ROOT64 = base64.b64encode(ROOT).decode()
TEXT = f"bakery.example/haip\n7\n{ROOT64}\n"

# From the documentation of Go's sumdb/note package: a key, and a note that it signed.
FOREIGN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
FOREIGN_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


@pytest.fixture
def signed(key: SigningKey) -> bytes:
    return sign_note(TEXT, key)


def test_a_head_signer_writes_what_sign_note_does(key: SigningKey) -> None:
    signed = head_signer("bakery.example/haip", key)
    for size, root in ((0, EMPTY_ROOT), (1, bytes(32)), (10**18, bytes(range(32)))):
        assert signed(size, root) == sign_note(checkpoint_text("bakery.example/haip", size, root), key)
    with pytest.raises(BadInput):
        head_signer("two words", key)


def test_a_note_signed_by_another_program_verifies() -> None:
    found = verify_note(parse_note(FOREIGN_NOTE), [VerifierKey.parse(FOREIGN_KEY)])
    assert [(item.key.name, item.timestamp) for item in found] == [("PeterNeumann", None)]


def test_foreign_bytes_survive_reading_and_writing() -> None:
    assert parse_note(FOREIGN_NOTE).to_bytes() == FOREIGN_NOTE
    assert str(VerifierKey.parse(FOREIGN_KEY + "\n")) == FOREIGN_KEY


def test_a_note_verifies_with_its_key_alone(key: SigningKey, signed: bytes) -> None:
    note = parse_note(signed)
    assert note.text == TEXT
    assert [item.key for item in verify_note(note, [key.verifier()])] == [key.verifier()]
    stranger = SigningKey.ephemeral(key.name)
    assert verify_note(note, [stranger.verifier()]) == ()
    assert verify_note(note, []) == ()
    assert verify_note(note, [SigningKey.ephemeral("another.example").verifier()]) == ()


def test_a_false_signature_of_a_given_key_is_an_error_not_an_absence(key: SigningKey, signed: bytes) -> None:
    changed = signed.replace(b"\n7\n", b"\n8\n", 1)
    with pytest.raises(BadInput, match="does not belong to this text"):
        verify_note(parse_note(changed), [key.verifier()])
    short = Note(TEXT, (NoteSignature(key.name, key.verifier().key_id, b"x" * 63),))
    with pytest.raises(BadInput, match="does not belong"):
        verify_note(short, [key.verifier()])


def test_lines_of_unknown_keys_are_ignored(key: SigningKey, signed: bytes) -> None:
    stranger = SigningKey.ephemeral("stranger.example")
    both = sign_note(TEXT, stranger, key)
    rubbish = str(NoteSignature(key.name, b"\x00\x01\x02\x03", b"of some other kind")).encode()
    for data in (both, signed + rubbish):
        assert [item.key.name for item in verify_note(parse_note(data), [key.verifier()])] == [key.name]


def test_sixteen_signatures_are_accepted(key: SigningKey) -> None:
    others = [SigningKey.ephemeral(f"w{number}.example") for number in range(15)]
    note = parse_note(sign_note(TEXT, *others, key))
    assert len(verify_note(note, [key.verifier(), *(other.verifier() for other in others)])) == 16


def line_of(name: str = "a.example", value: bytes = b"k" * 68) -> str:
    return f"— {name} {base64.b64encode(value).decode()}\n"


BAD_NOTES: dict[str, bytes] = {
    "empty": b"",
    "no signatures": TEXT.encode(),
    "no empty line": (TEXT + line_of()).encode(),
    "no text": ("\n" + line_of()).encode(),
    "only newlines": b"\n\n\n",
    "last newline missing": (TEXT + "\n" + line_of()[:-1]).encode(),
    "rubbish after": (TEXT + "\n" + line_of() + "x\n").encode(),
    "hyphen for dash": (TEXT + "\n" + line_of().replace("—", "-")).encode(),
    "two spaces": (TEXT + "\n" + line_of().replace("— ", "—  ")).encode(),
    "no name": (TEXT + "\n" + line_of("")).encode(),
    "plus in name": (TEXT + "\n" + line_of("a+b")).encode(),
    "no-break space in name": (TEXT + "\n" + line_of("a\u00a0b")).encode(),
    "no signature bytes": (TEXT + "\n" + line_of(value=b"kkkk")).encode(),
    "not base64": (TEXT + "\n— a.example !!!!\n").encode(),
    "base64 without padding": (TEXT + "\n" + line_of(value=b"k" * 67).replace("=", "")).encode(),
    "base64url": (TEXT + "\n— a.example _____w==\n").encode(),
    "loose bits in base64": (TEXT + "\n— a.example a2tra2tra2trax==\n").encode(),
    "carriage return": (TEXT.replace("\n", "\r\n") + "\n" + line_of()).encode(),
    "tab": (TEXT.replace("7", "7\t") + "\n" + line_of()).encode(),
    "null byte": (TEXT.replace("7", "7\x00") + "\n" + line_of()).encode(),
    "latin-1": (TEXT + "\n" + line_of()).encode().replace(b"bakery", b"b\xe4ckerei"),
    "one key twice": (TEXT + "\n" + line_of() + line_of()).encode(),
    "one key twice, another signature": (TEXT + "\n" + line_of() + line_of(value=b"kkkk" + b"z" * 64)).encode(),
    "too many signatures": (TEXT + "\n" + "".join(line_of(f"k{n}") for n in range(MAX_SIGNATURES + 1))).encode(),
    "too long": b"x" * 1_000_001,
}


@pytest.mark.parametrize("name", BAD_NOTES)
def test_malformed_notes_are_refused(name: str) -> None:
    with pytest.raises(BadInput):
        parse_note(BAD_NOTES[name])


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for parse in (parse_note, parse_proof):
        with suppress(BadInput):
            parse(data)


def test_text_may_hold_empty_lines(key: SigningKey) -> None:
    note = parse_note(sign_note("one\n\ntwo\n", key))
    assert note.text == "one\n\ntwo\n"
    assert verify_note(note, [key.verifier()])


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n"])
def test_only_proper_text_is_signed(key: SigningKey, text: str) -> None:
    with pytest.raises(BadInput):
        sign_note(text, key)


@pytest.mark.parametrize("size", [0, 1, 256, 2**63 - 1])
def test_checkpoint_text_reads_back(size: int) -> None:
    checkpoint = Checkpoint("bakery.example/haip", size, ROOT)
    assert parse_checkpoint(checkpoint.text) == checkpoint
    assert checkpoint.text == checkpoint_text("bakery.example/haip", size, ROOT)


def test_extension_lines_of_other_logs_are_kept() -> None:
    checkpoint = parse_checkpoint(TEXT + "one more\n")
    assert checkpoint.extensions == ("one more",)
    assert checkpoint.text == TEXT + "one more\n"


BAD_CHECKPOINTS: dict[str, str] = {
    "no root": "a.example\n7\n",
    "no last newline": TEXT[:-1],
    "empty origin": f"\n7\n{ROOT64}\n",
    "leading zero": f"a.example\n07\n{ROOT64}\n",
    "sign": f"a.example\n+7\n{ROOT64}\n",
    "minus": f"a.example\n-7\n{ROOT64}\n",
    "space": f"a.example\n7 \n{ROOT64}\n",
    "other digits": f"a.example\n٧\n{ROOT64}\n",
    "underscore": f"a.example\n1_0\n{ROOT64}\n",
    "too large": f"a.example\n{2**63}\n{ROOT64}\n",
    "short root": f"a.example\n7\n{base64.b64encode(ROOT[:31]).decode()}\n",
    "long root": f"a.example\n7\n{base64.b64encode(ROOT + b'x').decode()}\n",
    "empty extension line": TEXT + "\n",
}


@pytest.mark.parametrize("name", BAD_CHECKPOINTS)
def test_malformed_checkpoints_are_refused(name: str) -> None:
    with pytest.raises(BadInput):
        parse_checkpoint(BAD_CHECKPOINTS[name])


@pytest.mark.parametrize(
    "origin", [*sorted(RESERVED_ORIGINS), "", "a b", "a+b", "https://a.example/x", "a.example/", "a\nb"]
)
def test_origins_that_could_be_taken_for_something_else(origin: str) -> None:
    with pytest.raises(BadInput):
        check_origin(origin)


def test_verifier_keys_of_both_kinds_read_back(key: SigningKey) -> None:
    for kind in (1, COSIGNATURE_V1):
        verifier = key.verifier(kind)
        assert VerifierKey.parse(str(verifier)) == verifier
    assert key.verifier().key_id != key.verifier(COSIGNATURE_V1).key_id


BAD_KEYS: dict[str, str] = {
    "empty": "",
    "name alone": "PeterNeumann",
    "id in capitals": FOREIGN_KEY.replace("c74f20a3", "C74F20A3"),
    "another id": FOREIGN_KEY.replace("c74f20a3", "c74f20a4"),
    "another name": FOREIGN_KEY.replace("Peter", "Paul"),
    "short key": "a.example+00000000+AQID",
    "not base64": "a.example+00000000+!",
    "unknown kind": "a.example+00000000+" + base64.b64encode(b"\x09" + ROOT).decode(),
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_malformed_verifier_keys_are_refused(name: str) -> None:
    with pytest.raises(BadInput):
        VerifierKey.parse(BAD_KEYS[name])


def test_cosignatures_carry_their_time(key: SigningKey, signed: bytes) -> None:
    witness = SigningKey.ephemeral("witness.example/w1")
    line = cosign(TEXT, witness, 1_679_315_147)
    assert parse_signature_line(str(line)[:-1]) == line
    note = parse_note(signed + str(line).encode())
    found = verify_note(note, [key.verifier(), witness.verifier(COSIGNATURE_V1)])
    assert [(item.key.name, item.timestamp) for item in found] == [(key.name, None), (witness.name, 1_679_315_147)]


def test_cosigned_message_is_the_specified_one() -> None:
    class Recorder:
        name, public_key = "witness.example/w1", ROOT

        def sign(self, message: bytes) -> bytes:
            self.message = message
            return b"s" * 64

    recorder = Recorder()
    line = cosign(TEXT, recorder, 1_679_315_147)
    assert recorder.message == f"cosignature/v1\ntime 1679315147\n{TEXT}".encode()
    assert line.value == (1_679_315_147).to_bytes(8, "big") + b"s" * 64


def test_a_cosignature_is_no_signature_of_the_log_and_the_reverse(key: SigningKey) -> None:
    as_log = sign_note(TEXT, key)
    assert verify_note(parse_note(as_log), [key.verifier(COSIGNATURE_V1)]) == ()
    as_witness = (TEXT + "\n" + str(cosign(TEXT, key, 5))).encode()
    assert verify_note(parse_note(as_witness), [key.verifier()]) == ()


def test_a_cosignature_holds_for_its_time_and_text_alone(key: SigningKey) -> None:
    verifier = key.verifier(COSIGNATURE_V1)
    line = cosign(TEXT, key, 5)
    later = line._replace(value=(6).to_bytes(8, "big") + line.value[8:])
    for text, signature in ((TEXT, later), (TEXT.replace("7", "8", 1), line), (TEXT, line._replace(value=b"1234"))):
        with pytest.raises(BadInput):
            verify_note(Note(text, (signature,)), [verifier])


def test_only_checkpoints_are_cosigned(key: SigningKey) -> None:
    with pytest.raises(BadInput):
        cosign("haipkit.dev/bundle/v1\nbakery.example\n", key, 5)
    with pytest.raises(BadInput, match="out of range"):
        cosign(TEXT, key, 2**63)


@pytest.mark.parametrize("count", [0, 1, 63])
@pytest.mark.parametrize("extra", [None, b"", b"more"])
def test_proofs_read_back(signed: bytes, count: int, extra: bytes | None) -> None:
    proof = Proof(5, (ROOT,) * count, signed, extra)
    assert parse_proof(write_proof(proof)) == proof


def test_proof_text_is_the_specified_one(signed: bytes) -> None:
    data = write_proof(Proof(5, (ROOT, EMPTY_ROOT), signed))
    assert (
        data
        == f"c2sp.org/tlog-proof@v1\nindex 5\n{ROOT64}\n".encode() + base64.b64encode(EMPTY_ROOT) + b"\n\n" + signed
    )


BAD_PROOFS: dict[str, str] = {
    "empty": "",
    "another version": f"c2sp.org/tlog-proof@v2\nindex 5\n\n{TEXT}",
    "no index": f"c2sp.org/tlog-proof@v1\n{ROOT64}\n\n{TEXT}",
    "leading zero": f"c2sp.org/tlog-proof@v1\nindex 05\n\n{TEXT}",
    "index after hashes": f"c2sp.org/tlog-proof@v1\n{ROOT64}\nindex 5\n\n{TEXT}",
    "extra after index": f"c2sp.org/tlog-proof@v1\nindex 5\nextra YQ==\n\n{TEXT}",
    "extra twice": f"c2sp.org/tlog-proof@v1\nextra YQ==\nextra YQ==\nindex 5\n\n{TEXT}",
    "short hash": f"c2sp.org/tlog-proof@v1\nindex 5\n{base64.b64encode(ROOT[:31]).decode()}\n\n{TEXT}",
    "64 hashes": "c2sp.org/tlog-proof@v1\nindex 5\n" + f"{ROOT64}\n" * 64 + f"\n{TEXT}",
    "no checkpoint": "c2sp.org/tlog-proof@v1\nindex 5\n",
    "carriage returns": f"c2sp.org/tlog-proof@v1\r\nindex 5\r\n\n{TEXT}",
}


@pytest.mark.parametrize("name", BAD_PROOFS)
def test_malformed_proofs_are_refused(name: str) -> None:
    with pytest.raises(BadInput):
        parse_proof(BAD_PROOFS[name].encode())
