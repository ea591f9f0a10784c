"""A small study for the crash tests: `python writer.py FOLDER SHARDS [--option value]`.

It resumes like the real ones: what is committed is skipped, the rest is done, the CSV is written.
Rows depend on the shard alone. Every shard's name is printed once it is committed.
"""

import argparse
import os
import signal
import sys
import time

import numpy as np

from randarch.store import Row, RunFolder, RunFolderError, write_csv

ROWS_PER_SHARD = 20


def rows_of(shard: int) -> list[Row]:
    generator = np.random.default_rng(shard)
    return [
        Row(
            kind="rfm",
            draw=0,
            genome=(shard, position),
            seed=position % 3,
            digest=f"{shard:x}-{position:x}",
            metrics={
                "accuracy": generator.normal(),
                "loss": np.nan if position == 3 else np.inf,
                "per_class": generator.normal(size=40),
            },
            timings={"run": time.perf_counter()},
        )
        for position in range(ROWS_PER_SHARD)
    ]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("shards", type=int)
    parser.add_argument("--kill_before", help="SQL prefix", default="")
    parser.add_argument("--kill_count", type=int, default=1, help="which of such statements")
    parser.add_argument("--kill_at_shard", type=int, default=-1)
    parser.add_argument("--max_bytes", type=int, default=0)
    parser.add_argument("--hold", action="store_true")
    options = parser.parse_args()

    seen = []

    def kill(statement: str) -> None:
        if statement.startswith(options.kill_before):
            seen.append(statement)
        if len(seen) == options.kill_count:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        with RunFolder.open(options.folder, study="crash", config={"depth": 3}) as folder:
            print("open", flush=True)
            if options.hold:
                time.sleep(60)
            if options.max_bytes:
                import resource

                resource.setrlimit(resource.RLIMIT_FSIZE, (options.max_bytes,) * 2)
            done = folder.results.done_shards("rfm")
            for shard in range(options.shards):
                if str(shard) in done:
                    continue
                if shard == options.kill_at_shard:
                    # Without a cache, uncommitted pages reach the file: the worst moment to die.
                    folder.results._connection.execute("PRAGMA cache_size = 1")
                    folder.results._connection.set_trace_callback(kill)
                folder.results.add_shard(str(shard), rows_of(shard), provenance={"device": "test"})
                print(shard, flush=True)
            write_csv(folder.results.frame("rfm"), folder.path / "results.csv")
    except RunFolderError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
