"""Rotating the root while the portal runs: killed, doubled, interrupted by writers and by spoiled rows."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from portal.db import begin_write
from portal.errors import KeysUnavailable
from portal.keys import rotation, secrets
from portal.keys.deks import Keyring, Place
from portal.keys.local_file import LocalFile, create
from portal.keys.provider import State
from portal.keys.rotation import Rotation, rotate_root
from portal.keys.tables import DEK


class Writes:
    """The caller's batches: each a session in a write transaction. `stop_at` dies in that batch, before its commit."""

    def __init__(self, engine: Engine, stop_at: int = 0) -> None:
        self.engine, self.stop_at, self.count = engine, stop_at, 0

    def __call__(self) -> AbstractContextManager[Session]:
        return self._batch()

    @contextmanager
    def _batch(self) -> Iterator[Session]:
        self.count += 1
        with Session(self.engine) as session, begin_write(session):
            yield session
            if self.count == self.stop_at:
                raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 10)


def fill(engine: Engine, keyring: Keyring, count: int = 45) -> list[bytes]:
    with Session(engine) as session, begin_write(session):
        return [d.id for d in keyring.new_many(session, [Place(uuid4(), "police", "c1") for _ in range(count)])]


def stores(provider: LocalFile) -> list[rotation.Store]:
    return [rotation.data_keys(), rotation.named_secrets(provider.root)]


def not_under(engine: Engine, prefix: bytes) -> int:
    with engine.connect() as connection:
        wrapped = connection.execute(select(DEK.c.wrapped)).scalars()
        return sum(not blob.startswith(prefix) for blob in wrapped)


def states(provider: LocalFile) -> list[State]:
    return [version.state for version in provider.state()]


def all_load(engine: Engine, provider: LocalFile, ids: list[bytes]) -> bool:
    with Session(engine) as session:
        return len(Keyring(provider).load(session, ids)) == len(ids)


def test_everything_moves_to_the_new_version_and_the_old_is_retired(engine, provider, keyring):
    ids = fill(engine, keyring)
    with Session(engine) as session, begin_write(session):
        secret = secrets.named(session, provider, "log-index")
    told: list[tuple[int, int]] = []
    done = rotate_root(Writes(engine), provider, stores(provider), lambda *given: told.append(given))
    assert done == Rotation("2", 46, ("1",), 0)
    assert told == [(10, 45), (20, 45), (30, 45), (40, 45), (45, 45), (1, 1)]
    assert states(provider) == [State.RETIRED, State.ACTIVE]
    assert not_under(engine, provider.prefix("2")) == 0
    assert all_load(engine, provider, ids)
    with Session(engine) as session:
        assert secrets.find(session, provider, "log-index") == secret
    provider.destroy("1")
    assert all_load(engine, provider, ids)


def test_secrets_of_another_root_are_left_alone(engine, provider, keyring, tmp_path):
    log = create(tmp_path / "roots" / "log.json")
    with Session(engine) as session, begin_write(session):
        secret = secrets.named(session, log, "log-index")
    assert rotate_root(Writes(engine), provider, stores(provider)).remaining == 0
    with Session(engine) as session:
        assert secrets.find(session, log, "log-index") == secret


@pytest.mark.parametrize("stop_at", range(1, 10))
def test_killed_at_any_batch_it_is_carried_on(engine, provider, keyring, stop_at):
    ids = fill(engine, keyring)
    with pytest.raises(KeyboardInterrupt):
        rotate_root(Writes(engine, stop_at), provider, stores(provider))
    assert all_load(engine, provider, ids)
    again = LocalFile(provider._path)  # another process
    done = rotate_root(Writes(engine), again, stores(provider))
    assert done.remaining == 0
    assert states(provider)[-1] is State.ACTIVE
    assert set(states(provider)[:-1]) == {State.RETIRED}
    assert len(states(provider)) == (3 if stop_at == 9 else 2)  # killed after retiring: the next is a new rotation
    assert all_load(engine, provider, ids)


def test_two_rotators_and_a_writer_at_once(engine, provider, keyring):
    ids = fill(engine, keyring, 200)
    made: list[bytes] = []
    results: list[Rotation] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def guarded(work) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    def rotate() -> None:
        own = LocalFile(provider._path)
        results.append(rotate_root(Writes(engine), own, stores(own)))

    def write() -> None:
        own = Keyring(LocalFile(provider._path))
        while not over.is_set():
            made.extend(fill(engine, own, 3))

    rotators = [threading.Thread(target=guarded, args=(rotate,)) for _ in range(2)]
    writer = threading.Thread(target=guarded, args=(write,))
    for thread in (writer, *rotators):
        thread.start()
    for thread in rotators:
        thread.join()
    over.set()
    writer.join()
    assert failed == []
    assert made
    assert [result.remaining for result in results] == [0, 0]
    assert states(provider)[-1] is State.ACTIVE
    assert set(states(provider)[:-1]) == {State.RETIRED}
    assert not_under(engine, provider.prefix()) == 0
    assert all_load(engine, provider, ids + made)


def test_a_writer_that_wrapped_before_the_rotation_and_commits_late(postgresql, provider, keyring):
    """Where writers run side by side, the old version waits for the last of those who wrapped under it."""
    with Session(postgresql) as session, begin_write(session):
        keyring.new(session, uuid4(), "police", "c1")
    done: list[Rotation] = []
    with Session(postgresql) as late, begin_write(late):
        dek = keyring.new(late, uuid4(), "police", "c1")
        rotator = threading.Thread(
            target=lambda: done.append(rotate_root(Writes(postgresql), provider, [rotation.data_keys()]))
        )
        rotator.start()
        rotator.join(0.5)
        assert rotator.is_alive()  # it waits
        assert State.RETIRED not in states(provider)
    rotator.join(60)
    assert done[0].remaining == 0
    assert State.RETIRED in states(provider)
    assert all_load(postgresql, provider, [dek.id])


def test_a_row_changed_since_it_was_read_is_not_overwritten(engine, provider, keyring):
    (id,) = fill(engine, keyring, 1)
    with Session(engine) as session, begin_write(session):
        changes = [{"b_key": id, "b_old": b"what it was", "b_new": b"stale"}]
        assert rotation._swap(session, rotation.data_keys(), changes) == 0
    assert all_load(engine, provider, [id])


def test_nothing_is_retired_while_a_key_does_not_verify(engine, provider, keyring):
    ids = fill(engine, keyring)
    with Session(engine) as session, begin_write(session):
        session.connection().execute(update(DEK).where(DEK.c.id == ids[7]).values(owner="probation"))
    done = rotate_root(Writes(engine), provider, stores(provider))
    assert done == Rotation("2", 44, (), 1)
    assert states(provider) == [State.DECRYPT_ONLY, State.ACTIVE]
    with Session(engine) as session, begin_write(session):  # put right, the same rotation is finished
        session.connection().execute(update(DEK).where(DEK.c.id == ids[7]).values(owner="police"))
    assert rotate_root(Writes(engine), provider, stores(provider)) == Rotation("2", 1, ("1",), 0)


def test_an_outage_stops_it_and_keeps_what_was_done(engine, provider, keyring):
    ids = fill(engine, keyring)
    path, away = provider._path, provider._path.with_name("away")
    told: list[int] = []

    def unplug(done: int, total: int) -> None:
        told.append(done)
        if done == 20:
            path.rename(away)

    with pytest.raises(KeysUnavailable):
        rotate_root(Writes(engine), provider, stores(provider), unplug)
    away.rename(path)
    assert told == [10, 20]
    assert not_under(engine, provider.prefix()) == 25
    assert rotate_root(Writes(engine), provider, stores(provider)).rewrapped == 25
    assert all_load(engine, provider, ids)


def test_sealed_counts_do_not_change(engine, provider, keyring):
    fill(engine, keyring)
    rotate_root(Writes(engine), provider, stores(provider))
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(DEK)).scalar() == 45
