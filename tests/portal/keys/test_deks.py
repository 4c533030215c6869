"""Data keys in the database, and what its administrator could do to their rows."""

import os
import threading
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, event, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.db import begin_write
from portal.errors import KeysUnavailable, SealBroken
from portal.keys import deks, generation, opening, sealing
from portal.keys.deks import Keyring, Place
from portal.keys.encoding import commitment
from portal.keys.sealing import Context
from portal.keys.tables import DEK
from tests.portal.keys import frames

ANN, BEN = uuid4(), uuid4()
HERE = Context("person", uuid4(), "person.surname", ANN, "police", "identity", 1)


class Clock:
    """Seconds that go on only when told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def make(session: Session, keyring: Keyring, *places: Place) -> list[sealing.Dek]:
    with begin_write(session):
        return keyring.new_many(session, places)


def change(session: Session, of: bytes, /, **values: object) -> None:
    with begin_write(session):
        session.connection().execute(update(DEK).where(DEK.c.id == of).values(**values))


def statements(session: Session, wanted: str) -> list[str]:
    """A list that fills with the statements run from now on that contain the word."""
    seen: list[str] = []

    def note(_c, _cursor, statement, *_rest):
        if wanted in statement:
            seen.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    return seen


def test_a_key_made_is_found_and_opens_what_it_sealed(session, provider, keyring):
    (dek,) = make(session, keyring, Place(ANN, "police", "c1"))
    sealed = sealing.seal(dek, HERE, b"Nowak")
    again = Keyring(provider)  # another worker
    found = again.find(session, ANN, "police", "c1")
    assert found is not None
    assert found.id == dek.id
    assert (found.person, found.owner, found.seal_class) == (ANN, "police", "c1")
    assert opening.open_with(again.load(session, [dek.id]), HERE, sealed) == b"Nowak"
    for other in ((BEN, "police", "c1"), (ANN, "probation", "c1"), (ANN, "police", "c2")):
        assert again.find(session, *other) is None


def test_one_active_key_a_place(session, keyring):
    make(session, keyring, Place(ANN, "police", "c1"))
    with begin_write(session):
        same = keyring.ensure(session, ANN, "police", "c1")
        other = keyring.ensure(session, BEN, "police", "c1")
    assert same.id != other.id
    with begin_write(session):
        assert keyring.ensure(session, ANN, "police", "c1").id == same.id
    with pytest.raises(IntegrityError):
        make(session, keyring, Place(ANN, "police", "c1"))


def test_ensure_many_gives_each_place_its_key(session, keyring):
    make(session, keyring, Place(ANN, "police", "c1"))
    places = [Place(p, o, "c1") for p in (ANN, BEN) for o in ("police", "probation")]
    with begin_write(session):
        got = keyring.ensure_many(session, [*places, *places])
    assert set(got) == set(places)
    assert {place: (dek.person, dek.owner) for place, dek in got.items()} == {p: (p.person, p.owner) for p in places}
    assert {p: d.id for p, d in keyring.find_many(session, places).items()} == {p: d.id for p, d in got.items()}


def test_two_writers_of_the_same_new_places_share_the_first_ones_keys(postgresql, provider):
    """Side by side, and asking in opposite orders: neither fails, neither waits for the other's other key."""
    with Session(postgresql) as session, begin_write(session):
        generation.bump(session)  # its row is there, as in any installation: making it would keep the two apart
    places = [Place(uuid4(), "police", "c1") for _ in range(400)]
    ready = threading.Barrier(2)
    got: list[dict[Place, bytes]] = []

    class InStep(Keyring):
        """Both have looked and found nothing before either inserts."""

        def _make(self, *given):
            made = super()._make(*given)
            ready.wait(60)
            return made

    def write(order: list[Place]) -> None:
        with Session(postgresql) as session, begin_write(session):
            got.append({p: d.id for p, d in InStep(provider).ensure_many(session, order).items()})

    threads = [threading.Thread(target=write, args=(order,)) for order in (places, places[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 2
    assert got[0] == got[1]


def test_a_successor_takes_over_and_the_predecessor_still_opens(session, keyring):
    (old,) = make(session, keyring, Place(ANN, "police", "c1"))
    sealed = sealing.seal(old, HERE, b"Nowak")
    change(session, old.id, state="decrypt-only")
    (new,) = make(session, keyring, Place(ANN, "police", "c1"))
    found = keyring.find(session, ANN, "police", "c1")
    assert found is not None
    assert found.id == new.id
    assert opening.open_with(keyring.load(session, [old.id]), HERE, sealed) == b"Nowak"


def test_version_downgrade_an_old_key_put_back_as_active_is_not_sealed_under(session, keyring):
    (old,) = make(session, keyring, Place(ANN, "police", "c1"))
    change(session, old.id, state="decrypt-only")
    (new,) = make(session, keyring, Place(ANN, "police", "c1"))
    change(session, new.id, state="decrypt-only")
    change(session, old.id, state="active")
    assert keyring.find(session, ANN, "police", "c1") is None
    with begin_write(session):  # and its version cannot be raised: it is part of what the wrapping is bound to
        session.connection().execute(update(DEK).where(DEK.c.id == old.id).values(version=9))
    with pytest.raises(SealBroken):
        keyring.find(session, ANN, "police", "c1")


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param({"person": BEN}, id="another person"),
        {"owner": "probation"},
        {"seal_class": "c2"},
        {"version": 2},
        {"suite": 2},
        {"suite": 0},
        {"id": b"12345678"},
        {"commitment": commitment(b"another key")},
        {"commitment": b""},
        {"wrapped": b""},
        {"wrapped": bytes(67)},
    ],
    ids=str,
)
def test_a_row_moved_or_changed_is_left_out_and_spoils_no_other(session, provider, keyring, moved):
    mine, other = make(session, keyring, Place(ANN, "police", "c1"), Place(BEN, "police", "c9"))
    change(session, mine.id, **moved)
    id = moved.get("id", mine.id)
    assert set(Keyring(provider).load(session, [id, other.id])) == {other.id}


def test_a_key_of_a_suite_not_known_is_not_read_however_genuine(session, provider, keyring):
    (dek,) = make(session, keyring, Place(ANN, "police", "c1"))
    key = os.urandom(32)
    for suite, loads in ((deks.SUITE, {dek.id}), (2, set())):  # the premise: in the known suite it loads
        wrapped = provider.wrap(key, deks.dek_aad(dek.id, ANN, "police", "c1", 1, suite))
        change(session, dek.id, suite=suite, wrapped=wrapped, commitment=commitment(key))
        assert set(Keyring(provider).load(session, [dek.id])) == loads


def test_two_rows_wrapped_keys_swapped(session, provider, keyring):
    one, two = make(session, keyring, Place(ANN, "police", "c1"), Place(BEN, "police", "c1"))
    rows = {row.id: row for row in session.execute(select(DEK))}
    for to, of in ((one, two), (two, one)):
        change(session, to.id, wrapped=rows[of.id].wrapped, commitment=rows[of.id].commitment)
    assert Keyring(provider).load(session, [one.id, two.id]) == {}


def test_a_key_of_two_with_the_other_commitment_is_refused(session, provider, keyring):
    """An insider who may wrap cannot keep one commitment and put another key under it."""
    (dek,) = make(session, keyring, Place(ANN, "police", "c1"))
    aad = deks.dek_aad(dek.id, ANN, "police", "c1", 1, deks.SUITE)
    key = os.urandom(32)
    change(session, dek.id, wrapped=provider.wrap(key, aad))
    assert Keyring(provider).load(session, [dek.id]) == {}
    change(session, dek.id, commitment=commitment(key))  # the premise: with its own commitment it would load
    assert set(Keyring(provider).load(session, [dek.id])) == {dek.id}


def test_nothing_is_sealed_under_a_key_that_does_not_verify(session, provider, keyring):
    (dek,) = make(session, keyring, Place(ANN, "police", "c1"))
    change(session, dek.id, commitment=os.urandom(32))
    with pytest.raises(SealBroken), begin_write(session):
        Keyring(provider).ensure(session, ANN, "police", "c1")


def test_bulk_load_is_one_statement_and_the_second_none(session, provider, keyring):
    made = make(session, keyring, *(Place(uuid4(), "police", "c1") for _ in range(400)))
    seen = statements(session, "key_dek")
    ids = [dek.id for dek in made]
    assert len(keyring.load(session, ids)) == 400
    assert len(seen) == 1
    assert len(keyring.load(session, ids)) == 400
    assert len(seen) == 1


def test_what_was_rolled_back_is_not_remembered(session, keyring):
    made = []

    def thinks_better_of_it() -> None:
        with begin_write(session):
            made.append(keyring.new(session, ANN, "police", "c1").id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        thinks_better_of_it()
    assert keyring.load(session, made) == {}


def test_revocation_reaches_a_warm_cache_at_once(session, engine, provider, keyring):
    (dek,) = make(session, keyring, Place(ANN, "police", "c1"))
    assert keyring.load(session, [dek.id])
    session.rollback()
    with Session(engine) as other, begin_write(other):
        other.connection().execute(delete(DEK).where(DEK.c.id == dek.id))
    assert set(keyring.load(session, [dek.id])) == {dek.id}  # the premise: without the bump it is still warm
    session.rollback()
    with Session(engine) as other, begin_write(other):
        generation.bump(other)
    assert keyring.load(session, [dek.id]) == {}


def test_keys_stay_warm_for_a_minute_of_outage_and_no_longer(session, provider, tmp_path):
    clock = Clock()
    keyring = Keyring(provider, clock=clock)
    (dek,) = make(session, keyring, Place(ANN, "police", "c1"))
    keyring.load(session, [dek.id])
    (tmp_path / "roots" / "records.json").rename(tmp_path / "roots" / "gone")
    clock.now += 59.9
    assert keyring.load(session, [dek.id])
    clock.now += 0.2
    with pytest.raises(KeysUnavailable):
        keyring.load(session, [dek.id])


def test_the_cache_is_bounded(session, provider):
    keyring = Keyring(provider, limit=10)
    made = make(session, keyring, *(Place(uuid4(), "police", "c1") for _ in range(50)))
    assert len(keyring.load(session, [dek.id for dek in made])) == 50
    assert repr(keyring) == "Keyring(LocalFile('records'), 10 keys)"


def test_neither_repr_nor_traceback_shows_a_data_key(session, provider, monkeypatch):
    drawn: list[bytes] = []

    def draw(bits: int) -> bytes:
        drawn.append(os.urandom(bits // 8))
        return drawn[-1]

    monkeypatch.setattr(AESGCM, "generate_key", draw)
    keyring = Keyring(provider)
    (dek,) = make(session, keyring, Place(ANN, "police", "c1"))
    change(session, dek.id, commitment=os.urandom(32))
    row = session.execute(select(DEK)).one()
    with pytest.raises(SealBroken, match="committed") as caught:
        keyring._unwrap(row)
    text = frames.shown(caught.value) + repr(keyring) + repr(dek)
    assert "_unwrap" in text
    assert len(drawn) == 1
    assert repr(drawn[0])[2:20] not in text


def test_the_database_file_holds_no_key_in_clear(sqlite, keyring, tmp_path, monkeypatch):
    key = os.urandom(32)
    monkeypatch.setattr(AESGCM, "generate_key", lambda bits: key)
    with Session(sqlite) as session:
        make(session, keyring, Place(ANN, "police", "c1"))
    files = [each.read_bytes() for each in tmp_path.iterdir() if each.is_file()]
    assert any(b"key_dek" in each for each in files)  # the scan looks where the row is
    assert not any(key in each for each in files)
