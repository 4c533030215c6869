"""After a break the log goes on under a new origin and key; what stood before keeps its proofs under the old one."""

import pytest

from portal.audit import anew, checking, origins, pinned, proving
from portal.audit.log import AccessLog
from portal.audit.note import open_checkpoint
from portal.audit.sequencer import drain
from portal.audit.standing import published
from portal.audit.stopping import BEHIND, FORKED, Stop
from portal.errors import LogStopped, Misconfigured
from tests.portal.audit.conftest import ORIGIN, view


@pytest.fixture
def stopped(world, tmp_path):
    """A log with two entries whose checkpoint is pinned, stopped because a witness has seen seven."""
    world.append(view(), view())
    world.drain()
    with world.session() as session:
        pinned.pinned(tmp_path, world.log.signer(session, ORIGIN).verifier)
        pinned.hold(session, tmp_path)
    world.log = AccessLog(world.provider, stop=Stop(tmp_path))
    Stop(tmp_path).set(BEHIND, "police", 7, 2, ORIGIN, "")
    return world


def begin(world, folder, why="A backup was put back."):
    with world.session() as session:
        return anew.begin(session, world.log, folder, ORIGIN, why)


def whole(world, folder):
    names = origins.read(folder, ORIGIN)
    with world.session() as session:
        keys = [
            world.log.signer(session, name, number).verifier
            for number, name in enumerate([*names.former, names.current], 1)
        ]
        return checking.check(session, keys[-1], pinned.held(folder), former=keys[:-1]), keys


def test_it_goes_on_under_a_new_name_and_key(stopped, tmp_path):
    with pytest.raises(LogStopped):
        stopped.append(view())
    begun = begin(stopped, tmp_path)
    assert begun.key.name == f"{ORIGIN}/2"
    stopped.append(view())
    report, keys = whole(stopped, tmp_path)
    assert report.whole
    assert report.entries >= 4
    assert keys[0].public != keys[1].public == begun.key.public
    with stopped.session() as session:
        note = published(session, None, begun.key)
        assert note.checkpoint == open_checkpoint(note.note, begun.key)
        assert published(session, None, keys[0]) is None
    assert (tmp_path / pinned.KEY).read_text().strip() == str(begun.key)
    assert len(list(tmp_path.glob("log-verifier-key-*.txt"))) == len(list(tmp_path.glob("log-checkpoint-*.txt"))) == 1
    assert Stop(begun.kept.parent).reason() is None
    assert '"theirs": 7' in begun.kept.read_text()


def test_an_entry_from_before_keeps_its_proof_and_a_forgotten_origin_loses_it(world, tmp_path):
    receipt = world.append(view())[0]
    world.drain()
    world.log = AccessLog(world.provider, stop=Stop(tmp_path))
    Stop(tmp_path).set(FORKED, "police", 0, 1, ORIGIN, "")
    begin(world, tmp_path)
    _, keys = whole(world, tmp_path)
    with world.session() as session:
        assert proving.prove(session, keys[1], receipt.entry_id, keys[:1]).holds is True
        assert proving.prove(session, keys[1], receipt.entry_id).holds is False
        assert not checking.check(session, keys[1]).whole


def test_broken_off_it_is_repeated_under_the_same_new_name(stopped, tmp_path):
    with stopped.session() as session:
        stopped.log.make_signer(session, 2)
    origins.begin(tmp_path, ORIGIN, 2)
    begun = begin(stopped, tmp_path)
    assert begun.key.name == f"{ORIGIN}/2"
    assert whole(stopped, tmp_path)[0].whole


def test_a_second_break_is_another_origin_and_the_first_does_not_come_back(stopped, tmp_path):
    begin(stopped, tmp_path)
    Stop(tmp_path).set(BEHIND, "police", 90, 3, f"{ORIGIN}/2", "")
    assert begin(stopped, tmp_path).key.name == f"{ORIGIN}/3"
    report, keys = whole(stopped, tmp_path)
    assert report.whole
    assert origins.read(tmp_path, ORIGIN).former == (ORIGIN, f"{ORIGIN}/2")
    stopped.append(view())
    with stopped.session() as session:
        drain(session, stopped.log.signer(session, ORIGIN))  # whoever kept the first key
        assert not checking.check(session, keys[2], former=keys[:2]).whole


def test_without_a_stop_there_is_nothing_to_begin_anew(world, tmp_path):
    world.append(view())
    with pytest.raises(Misconfigured, match="not stopped"):
        begin(world, tmp_path)


def test_a_stop_that_cannot_be_read_stops_and_can_be_survived(stopped, tmp_path):
    stop = tmp_path / "log-stopped.json"
    for content in ("", "[]", "{}", '{"kind": "odd"}', "\x00"):
        stop.write_text(content)
        with pytest.raises(LogStopped, match="The access log was stopped"):
            stopped.append(view())
    stop.unlink()
    stop.symlink_to(tmp_path / "nowhere")
    with pytest.raises(LogStopped):
        stopped.append(view())
    stop.unlink()
    stop.write_text("{}")
    assert begin(stopped, tmp_path).key.name == f"{ORIGIN}/2"
    stopped.append(view())
