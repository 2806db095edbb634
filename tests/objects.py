"""The objects of a data directory, opened as the product does."""

from server.kernel.objects import ObjectStore
from server.settings import Settings
from storage.database import Database
from storage.key_ring import CaseKeys
from storage.local_blobs import LocalBlobs
from storage.master_keys import MasterKeys
from storage.objects import SealedStore
from tests.fakes.clock import SetClock


def local_store(settings: Settings, database: Database) -> ObjectStore:
    """Returns the objects in the folder of `settings`, with the keys of `database`."""
    keys = CaseKeys(database, MasterKeys(settings.master_keys), SetClock())
    return SealedStore(LocalBlobs(settings.objects_dir), keys)
