"""Comments: who reads one, whom it may ask, and what they find. Each attack is shown to work where nothing stops it."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import select, update

from portal.audit import tables as audit_tables
from portal.casework import comments, confirming
from portal.db import new_id
from portal.errors import NotFound
from portal.sharing import talk, writing
from portal.sharing.fields import Invalid
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import history
from portal.sharing.reading.talk import labels_for
from portal.sharing.talk_tables import CommentRow, Confirmation, Mention
from tests.installation import World
from tests.portal.casework.talking import Talking, worlds


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[World]:
    with worlds(template, tmp_path_factory.mktemp("comments") / "home") as made:
        yield made


@pytest.fixture
def people(world):
    return Talking(world)


def operations(people, count):
    entry = audit_tables.ENTRY
    people.world.session.rollback()
    rows = people.world.session.execute(select(entry.c.operation).order_by(entry.c.at.desc()).limit(count))
    return [row[0] for row in rows]


def blank(people, actor, on, purpose="risk"):
    return comments.blank(people.world.session, people.world.doors, actor, people.visit(actor, purpose), on)


def test_comments_stand_under_their_update_the_oldest_first(people):
    on, other = people.shares(people.jo), people.shares(people.jo, "Came on Friday")
    people.says(people.pat, on, "Seen on the estate")
    assert operations(people, 2) == ["disclosure", "collection"]
    people.says(people.jo, on, "When?")
    for reader in (people.pat, people.jo, people.hal):
        assert people.texts(reader, on) == ["Seen on the estate", "When?"]
        assert people.texts(reader, other) == []
    first = people.under(people.jo, on)[0]
    assert (first.by, first.record.owner_name) == ("Pat Police", "Police")
    assert not any(r.kind == "comment" for s in people.sees(people.jo).sections for r in s.records)


def test_who_may_not_read_the_update_finds_no_comment_by_any_way(people):
    on = people.shares(people.jo, "Licence varied", "sentence")
    said = people.says(people.jo, on, "Tag until March", label="sentence")
    assert people.texts(people.pat, on) == ["Tag until March"]
    assert people.under(people.hal, on) == ()
    at, visit = people.world, people.visit(people.hal)
    with pytest.raises(NotFound):
        history.history(at.session, at.doors, people.hal, visit, said)
    assert people.under(people.hal, on) == ()
    with pytest.raises(NotFound):
        people.says(people.hal, on, "Which licence?")


def test_a_party_that_owns_nothing_of_the_category_comments_under_another_and_only_readers_of_both_see_it(people):
    on = people.shares(people.hal, "Room until Monday", "housing")
    form = blank(people, people.pat, on, "pathways")
    assert "behaviour" in {c.label for c in form.choices}
    assert "housing" not in {c.label for c in form.choices}
    row = next(c for c in form.choices if c.label == "behaviour")
    prison = next(a for a in row.audience if a.party == "prisons")
    twin = blank(people, people.jo, people.shares(people.jo), "risk").choices[0]
    assert next(a for a in twin.audience if a.party == "prisons").sees, "behaviour alone is for prisons"
    assert not prison.sees
    assert prison.clause
    said = people.says(people.pat, on, "Which hostel?", label="behaviour", purpose="pathways")
    assert people.texts(people.hal, on, "pathways") == ["Which hostel?"]
    at, visit = people.world, people.visit(people.ola)
    with pytest.raises(NotFound):
        history.history(at.session, at.doors, people.ola, visit, said)
    with patch.object(history, "_with_update", return_value=True):  # the twin: its own category gives it to a prison
        assert history.history(at.session, at.doors, people.ola, visit, said).record.text("text") == "Which hostel?"
    assert people.under(people.ola, on) == ()


def test_nothing_silent_is_commented_on_in_words_that_are_not(people):
    at = people.world
    found = case_reading.find(at.session, at.doors, people.hal, people.visit(people.hal))
    assert labels_for(found.sight, "victims") == ()
    assert labels_for(found.sight, "sentence") != ()


def test_a_comment_is_made_by_its_own_form_alone(people):
    at, typed = people.world, {"comment.text@behaviour": "Loose"}
    with pytest.raises(NotFound):
        writing.create(at.session, at.doors, people.jo, people.visit(people.jo), "comment", "behaviour", typed)
    on = people.shares(people.jo)
    said = people.says(people.jo, on)
    with pytest.raises(NotFound):
        people.says(people.pat, said, "A thread of threads")


def test_the_same_form_sent_twice_is_one_comment_and_two_people_at_once_lose_nothing(people):
    on, once = people.shares(people.jo), new_id()
    assert people.says(people.pat, on, once=once) == people.says(people.pat, on, once=once)
    people.says(people.kim, on, once=new_id())
    assert len(people.texts(people.jo, on)) == 2


def test_the_same_form_with_other_ticks_asks_those_too_and_nobody_twice(people):
    on, once = people.shares(people.jo), new_id()
    said = people.says(people.jo, on, "Who knows?", people.pat, once=once)
    people.under(people.pat, on)
    assert people.says(people.jo, on, "Who knows?", people.pat, people.kim, once=once) == said
    assert operations(people, 1) == ["alteration"]
    assert people.calls(people.kim) == ["Jo Smith"]
    assert people.calls(people.pat) == [], "opened before, and not asked anew"
    assert len(people.texts(people.jo, on)) == 1
    count = operations(people, 999).count("alteration")
    people.says(people.jo, on, "Who knows?", people.kim, once=once)
    assert operations(people, 999).count("alteration") == count


def test_a_correction_is_told_and_only_its_party_makes_it(people):
    on = people.shares(people.jo)
    said = people.says(people.pat, on, "Seen Monday")
    people.corrects(people.pat, said, "Seen Tuesday", "comment")
    [comment] = people.under(people.jo, on)
    assert (comment.record.text("text"), comment.record.version, comment.record.can_edit) == ("Seen Tuesday", 2, False)


def test_comments_are_on_no_paper(people):
    on = people.shares(people.jo)
    people.says(people.jo, on, "Not for paper")
    at = people.world
    printed = case_reading.printed(at.session, at.doors, people.jo, people.visit(people.jo), "For court", "print")
    assert on in {r.id for r in printed.timeline}
    assert not any(r.kind == "comment" for s in printed.sections for r in s.records)
    assert printed.talk.comments == {}


def test_only_those_are_offered_who_may_read_it_and_may_be_known(people, world):
    nameless = world.actor("barnet_housing", "practitioner", "Hope Housing")
    with world.doors.log.transaction(world.session):
        world.assign(people.case, nameless)
    on = people.shares(people.jo)
    offered = {w.name for w in blank(people, people.jo, on).whom}
    assert offered == {"Pat Police", "Kim Colleague", "Hal Housing", "Ola Prisons"}, (
        "not the nurse's service, not whom nobody named"
    )
    licence = people.shares(people.jo, "Licence varied", "sentence")
    assert "Hal Housing" not in {w.name for w in blank(people, people.jo, licence).whom}


@pytest.mark.parametrize("whom", ["nat", "stranger"])
def test_nobody_else_can_be_asked_by_a_forged_form(people, world, whom):
    on = people.shares(people.jo)
    target = people.nat if whom == "nat" else world.actor("police", "practitioner", "Stranger")
    with pytest.raises(Invalid) as wrong:
        people.says(people.jo, on, "?", target)
    assert comments.WHOM in wrong.value.problems
    assert people.world.session.scalars(select(CommentRow).where(CommentRow.about == on)).all() == []


def test_whoever_is_asked_is_told_by_whom_until_they_open_it(people):
    on = people.shares(people.jo)
    people.says(people.jo, on, "Do you know the aunt?", people.pat)
    assert people.calls(people.pat) == ["Jo Smith"]
    assert people.calls(people.kim) == people.calls(people.jo) == []
    assert comments.news(people.world.session, people.world.doors, people.pat, 0)
    assert people.under(people.jo, on)[0].asked == ("Pat Police",)
    assert people.under(people.kim, on)[0].asked == ()
    assert people.calls(people.pat) == ["Jo Smith"], "that others read it opens nothing"
    assert people.under(people.pat, on)[0].asks_you
    assert people.calls(people.pat) == []


def test_whoever_loses_access_before_opening_finds_nothing(people):
    on = people.shares(people.jo)
    people.says(people.jo, on, "?", people.pat, people.kim)
    people.leaves(people.pat)
    assert people.calls(people.kim) == ["Jo Smith"], "the twin who stays"
    assert people.calls(people.pat) == []
    assert not comments.news(people.world.session, people.world.doors, people.pat, 0)


def test_whoever_covers_a_colleague_is_told_whom_somebody_asks_and_the_colleague_still_finds_it(people, world):
    cover, other = (world.actor("police", "practitioner", name) for name in ("Cara Cover", "Otto Other"))
    people.covers(cover, people.pat)
    people.assigns(other, "Otto Other")
    on = people.shares(people.jo)
    people.says(people.jo, on, "Do you know the aunt?", people.pat)
    [call] = [c for c in comments.waiting(world.session, world.doors, cover).lines if c.case == people.case]
    assert (call.name, call.whom, call.update) == ("Jo Smith", "Pat Police", on)
    assert comments.news(world.session, world.doors, cover, 0)
    assert people.calls(other) == [], "the twin who covers nobody"
    assert people.under(other, on)[0].asks_for == ""
    [seen] = people.under(cover, on)
    assert (seen.asks_you, seen.asks_for) == (False, "Pat Police")
    assert people.calls(cover) == []
    assert people.under(people.jo, on)[0].asked == ("Pat Police",), "who covers whom is not the writer's to know"
    assert people.calls(people.pat) == ["Jo Smith"]
    assert people.under(people.pat, on)[0].asks_you
    assert people.calls(people.pat) == []


def test_cover_tells_nothing_on_another_case_nor_what_may_not_be_read_nor_ones_own_words(people, world):
    cover = world.actor("police", "practitioner", "Cora Cover")
    people.covers(cover, people.pat)
    elsewhere = Talking(world)
    on = elsewhere.shares(elsewhere.jo)
    elsewhere.assigns(cover, "Cora Cover")
    elsewhere.says(elsewhere.jo, on, "?", elsewhere.pat)
    assert elsewhere.calls(cover) == []
    people.says(cover, people.shares(people.jo), "For when you are back", people.pat)
    assert people.calls(cover) == []
    people.leaves(cover)
    people.says(people.jo, people.shares(people.jo), "?", people.pat)
    assert people.calls(cover) == []


def test_whoever_has_two_posts_is_known_by_either_record(people, world):
    nameless = world.actor("barnet_housing", "practitioner", "Hope Housing")
    with world.doors.log.transaction(world.session):
        world.assign(people.case, nameless)
    on = people.shares(people.jo, "Read this", "behaviour", confirming.EVERYONE)
    assert "Hope Housing" not in {w.name for w in blank(people, people.jo, on).whom}
    assert "Hope Housing" not in people.readers(people.jo, on)
    people.assigns(nameless, "Hope Housing")
    assert "Hope Housing" in {w.name for w in blank(people, people.jo, on).whom}
    assert "Hope Housing" in people.readers(people.jo, on)


def test_an_update_at_which_somebody_is_asked_is_on_the_first_page_for_them_however_old(people):
    asked, plain = people.shares(people.jo), people.shares(people.jo, "Came on time")
    to_read = people.shares(people.jo, "Do not visit alone", "behaviour", confirming.EVERYONE)
    people.later(people.shares(people.jo, "More"), 25)
    people.says(people.jo, asked, "Do you know the aunt?", people.pat)
    first = {r.id for r in people.sees(people.kim).timeline}
    assert (to_read in first, asked in first, plain in first) == (True, False, False)
    d = people.sees(people.pat)
    assert [r.id for r in d.timeline][-2:] == [to_read, asked]
    assert d.talk.late == {to_read, asked}
    assert [c.asks_you for c in d.talk.comments[asked]] == [True]
    assert people.calls(people.pat) == []
    assert asked in {r.id for r in people.sees(people.pat).timeline}, "while they answer"
    at = people.world
    older = case_reading.case(at.session, at.doors, people.pat, people.visit(people.pat), d.timeline_older)
    assert {asked, plain, to_read} <= {r.id for r in older.timeline}
    assert older.talk.late == set()
    people.confirms(people.pat, to_read)
    with at.doors.log.transaction(at.session) as tx:
        tx.session.execute(update(Mention).where(Mention.user == people.pat.user).values(opened_at=1))
        tx.session.execute(update(Confirmation).where(Confirmation.record == to_read).values(confirmed_at=1))
    assert people.sees(people.pat).talk.late == set()


def test_what_somebody_may_not_read_hides_nothing_newer_from_them(people):
    licence = people.shares(people.jo, "Licence varied", "sentence")
    said = people.copies(people.says(people.jo, licence, label="sentence"), 205)
    with people.world.doors.log.transaction(people.world.session) as tx:
        for each in said:
            talk.add(tx.session, each, licence, people.case, [("barnet_housing", people.hal.user)], 1)
    people.says(people.jo, people.shares(people.jo), "Where does he live?", people.hal)
    assert people.calls(people.hal) == ["Jo Smith"]
    assert comments.news(people.world.session, people.world.doors, people.hal, 0)


@pytest.mark.parametrize(
    ("text", "label", "part"), [(" ", "behaviour", "text"), ("x" * 20_001, "behaviour", "text"), ("?", "ete", "label")]
)
def test_what_is_wrong_is_said(people, text, label, part):
    on = people.shares(people.jo)
    with pytest.raises(Invalid) as wrong:
        people.says(people.pat, on, text, label=label)
    assert part in wrong.value.problems


def test_what_is_not_there_looks_like_what_is_not_given(people):
    with pytest.raises(NotFound):
        people.says(people.pat, uuid.uuid4())
