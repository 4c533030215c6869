"""Memory of an export: flat, however long the log is."""

from unittest.mock import patch

from portal.audit import exporting
from portal.audit.exporting import Wanted
from tests.portal.audit.test_checking import filled, peak


def exported(world, path):
    with world.session() as session:
        exporting.export(session, path, Wanted(world.signer().verifier))


def test_memory_stays_flat(build, tmp_path):
    """An entry has some 3,000 bytes in a bundle; of those that it has passed, an export keeps nothing but ids."""
    with patch.object(exporting, "BATCH", 100):
        world = filled(build("sqlite"), 300)
        exported(world, tmp_path / "warm.zip")
        few = peak(lambda: exported(world, tmp_path / "few.zip"))
        filled(world, 900)
        assert peak(lambda: exported(world, tmp_path / "many.zip")) < few + 700_000
