"""The policy file: what the specification allows is read, every mistake is named with its line, quorums are counted."""

import pytest

from portal.audit import note
from portal.audit.note import Checkpoint, Cosigner, NoteInvalid, Signer
from portal.audit.policy import Policy, PolicyInvalid

LOG = Signer("log.example/iom", bytes(32))
OTHER_LOG = Signer("other.example/iom", b"\x09" * 32)
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
WITNESSES = {name: Cosigner(f"{name.lower()}.example", bytes([i + 1]) * 32) for i, name in enumerate(NAMES)}
LINES = [f"witness {name} {each.key} https://{name.lower()}.example/witness" for name, each in WITNESSES.items()]
EXAMPLE = f"""# two organisations
log {LOG.verifier}
\t
{chr(10).join(LINES[:3])}
group X-witnesses 2 X1 X2 X3
   # a comment after spaces
{chr(10).join(LINES[3:])}
\tgroup  Y-witnesses\tany Y1 Y2 Y3 \

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""
POLICY = Policy.parse(EXAMPLE.encode())
BODY = Checkpoint("log.example/iom", 5, bytes(32)).body()


def cosigned(*by: tuple[str, int], log: Signer = LOG, body: str = BODY) -> str:
    return note.with_lines(log.sign(body), [WITNESSES[name].cosign(body, at).line for name, at in by])


def test_the_example_of_the_specification_is_read():
    assert [log.key for log in POLICY.logs] == [LOG.verifier]
    assert list(POLICY.witnesses) == list(NAMES)
    assert POLICY.witnesses["X2"].url == "https://x2.example/witness"
    assert (POLICY.groups["X-witnesses"].needed, POLICY.groups["Y-witnesses"].needed) == (2, 1)
    assert POLICY.groups["X-and-Y"].needed == 2


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ((), False),
        (("X1", "X2"), False),
        (("X1", "X2", "X3"), False),
        (("X1", "Y1"), False),
        (("Y1", "Y2", "Y3"), False),
        (("X1", "X3", "Y2"), True),
        (NAMES, True),
        (("X-and-Y",), False),
        (("X-witnesses", "Y-witnesses"), False),
        (("none", "stranger"), False),
    ],
)
def test_a_quorum_over_two_levels(names, enough):
    assert POLICY.fulfilled(names) is enough


def test_who_signed_and_since_when_it_was_enough():
    seen = POLICY.witnessed(cosigned(("Y3", 10), ("X2", 30), ("X1", 20), ("X3", 40)))
    assert seen.checkpoint == Checkpoint("log.example/iom", 5, bytes(32))
    assert {name: each.at for name, each in seen.by.items()} == {"X1": 20, "X2": 30, "X3": 40, "Y3": 10}
    assert (seen.quorum, seen.since) == (True, 30)
    late = POLICY.witnessed(cosigned(("X1", 20), ("Y3", 10)))
    assert (late.quorum, late.since) == (False, None)


def test_one_witness_signing_twice_counts_once():
    seen = POLICY.witnessed(cosigned(("X1", 1), ("X1", 2), ("Y1", 3)))
    assert not seen.quorum


def test_a_checkpoint_of_another_log_or_another_key_is_refused():
    for wrong in (cosigned(log=OTHER_LOG), cosigned(log=Signer("log.example/iom", b"\x07" * 32))):
        with pytest.raises(NoteInvalid):
            POLICY.witnessed(wrong)
    both = Policy.parse(f"log {LOG.verifier}\nlog {OTHER_LOG.verifier}\nquorum none\n".encode())
    with pytest.raises(NoteInvalid):  # one known log cannot speak for another
        both.witnessed(OTHER_LOG.sign(BODY))
    assert both.witnessed(LOG.sign(BODY)).quorum


def test_a_policy_without_logs_is_given_the_log_by_the_caller():
    policy = Policy.parse(f"{LINES[0]}\nquorum X1\n".encode())
    assert policy.witnessed(cosigned(("X1", 3)), LOG.verifier).since == 3
    with pytest.raises(NoteInvalid):
        policy.witnessed(cosigned(("X1", 3)))


def test_a_false_cosignature_of_a_known_witness_rejects_the_note():
    other = Checkpoint("log.example/iom", 6, bytes(32)).body()
    false = note.with_lines(LOG.sign(BODY), [WITNESSES["X1"].cosign(other, 5).line])
    with pytest.raises(NoteInvalid):
        POLICY.witnessed(false)


def test_no_witnesses_are_needed_where_the_quorum_is_none():
    policy = Policy.parse(b"quorum none\n")
    assert policy.fulfilled(())
    assert policy.witnessed(cosigned(), LOG.verifier).since is None


def test_names_are_opaque_octets():
    key = WITNESSES["X1"].key
    policy = Policy.parse(
        b"witness \xff\xe9 " + str(key).encode() + b"\ngroup K\xe2\x84\xaa 1 \xff\xe9\nquorum K\xe2\x84\xaa\n"
    )
    assert policy.fulfilled(list(policy.witnesses))


X1, X2 = LINES[0], LINES[1]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 0, "no quorum"),
        (f"{X1}\n", 0, "no quorum"),
        ("quorum none", 1, "newline"),
        (f"{X1}\nquorum X1", 2, "newline"),
        ("quorum none\r\n", 1, "control"),
        ("quorum none\x7f\n", 1, "control"),
        ("quorum none\nquorum none\n", 2, "quorum line already"),
        ("quorum X1\n" + X1 + "\n", 1, "not defined above"),
        ("quorum\n", 1, "other items"),
        ("quorum none none\n", 1, "other items"),
        ("Quorum none\n", 1, "begins with"),
        ("quorum none\nlog\n", 2, "other items"),
        (f"log {LOG.verifier} u v\n", 1, "other items"),
        (f"log {WITNESSES['X1'].key}\n", 1, "type 1"),
        (f"witness X1 {LOG.verifier}\n", 1, "type 4"),
        (f"witness X1 x{WITNESSES['X1'].key}\n", 1, "does not belong"),
        (f"witness none {WITNESSES['X1'].key}\n", 1, "taken"),
        (f"{X1}\n\n{X1}\n", 3, "taken"),
        (f"{X1}\nwitness again {WITNESSES['X1'].key}\n", 2, "in the policy already"),
        (f"log {LOG.verifier}\nlog {Signer('renamed', bytes(32)).verifier}\n", 2, "in the policy already"),
        (f"{X1}\ngroup X1 any X1\n", 2, "taken"),
        (f"{X1}\ngroup g any\n", 2, "other items"),
        (f"{X1}\ngroup g 0 X1\n", 2, "all, any"),
        (f"{X1}\ngroup g 01 X1\n", 2, "all, any"),
        (f"{X1}\ngroup g ² X1\n", 2, "all, any"),
        (f"{X1}\ngroup g 9999999999 X1\n", 2, "all, any"),
        (f"{X1}\ngroup g most X1\n", 2, "all, any"),
        (f"{X1}\ngroup g 2 X1\n", 2, "more members"),
        (f"{X1}\ngroup g any X1 X1\n", 2, "a group already"),
        (f"{X1}\ngroup g any X1\ngroup h any X1\n", 3, "a group already"),
        (f"{X1}\ngroup g any g\n", 2, "not defined above"),
        (f"{X1}\ngroup g any X1 none\n", 2, "not defined above"),
        (f"{X1}\ngroup g any X1 X2\n{X2}\n", 2, "not defined above"),
        ("\n" * 10_001, 10_000, "too long"),
    ],
)
def test_a_mistake_is_named_with_its_line(text, line, what):
    with pytest.raises(PolicyInvalid, match=what) as caught:
        Policy.parse(text.encode())
    assert caught.value.line == line
    if line:
        assert str(caught.value).startswith(f"line {line}: ")


def test_many_nested_groups_are_no_trouble():
    text = X1 + "\ngroup g0 any X1\n" + "".join(f"group g{i} any g{i - 1}\n" for i in range(1, 5000)) + "quorum g4999\n"
    policy = Policy.parse(text.encode())
    assert policy.fulfilled(["X1"])
    assert not policy.fulfilled([])
