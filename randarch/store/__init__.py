"""Results on disk: a locked run folder, one SQLite table in it, and exact exports.

with RunFolder.open("runs/first", study="rfm_correlation", config={"depth": 9}) as folder:
    done = folder.results.done_shards("rfm")
    folder.results.add_shard("0", rows, provenance=provenance(device="cpu", platform="cpu"))
    write_csv(folder.results.frame("rfm"), folder.path / "results.csv")
"""

from randarch.store.canonical import canonical_json, config_digest, plain
from randarch.store.errors import RunFolderError, StoreFullError, os_failure
from randarch.store.files import sort_by_key, write_csv, write_json, write_text
from randarch.store.folder import RunFolder
from randarch.store.origin import provenance
from randarch.store.packed import pack, unpack
from randarch.store.table import KEY, ResultStore, Row

__all__ = [
    "KEY",
    "ResultStore",
    "Row",
    "RunFolder",
    "RunFolderError",
    "StoreFullError",
    "canonical_json",
    "config_digest",
    "os_failure",
    "pack",
    "plain",
    "provenance",
    "sort_by_key",
    "unpack",
    "write_csv",
    "write_json",
    "write_text",
]
