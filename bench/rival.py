"""dlt on the loader's rows, in a process of its own: pages of JSON into one table, merged by primary key.

python -m bench.rival DATABASE FILE: loads every line of FILE, each a page of records, into DATABASE as often
as it takes to see a first load and one that changes nothing; prints what each took as JSON.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from bench.ground import Database


def address(database: Database) -> str:
    """Where dlt finds a database of a server on a socket."""
    server = database.server
    host = quote(str(server.socket_dir), safe="")
    return f"postgresql://{server.superuser}:none@localhost:{server.port}/{database.name}?host={host}"


def load(url: str, file: Path, folder: str) -> dict[str, float]:
    """The seconds of one load, by the clock and of CPU."""
    import dlt  # noqa: PLC0415 (only `make bench` installs it)

    wall, cpu = time.perf_counter(), time.process_time()

    @dlt.resource(name="deals", primary_key="ID", write_disposition="merge", max_table_nesting=0)
    def deals() -> Iterator[list[dict[str, Any]]]:
        with file.open("rb") as lines:
            for line in lines:
                yield orjson.loads(line)

    pipeline = dlt.pipeline(
        "rival", pipelines_dir=folder, destination=dlt.destinations.postgres(url), dataset_name="rival"
    )
    pipeline.run(deals(), loader_file_format="csv").raise_on_failed_jobs()
    return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def main() -> None:
    url, file = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        found = [load(url, file, folder) for _ in range(2)]
    print(orjson.dumps(found).decode())


if __name__ == "__main__":
    main()
