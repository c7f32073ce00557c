"""The peer DuckDB: the same verdicts on the same facts, which `make` has written beside the database.

    python peer.py DIR THREADS

Loading is not part of what is measured. Prints lines `name=value` like the other parts of the benchmark.
"""

import resource
import sqlite3
import sys
import time
from pathlib import Path

import duckdb

MODULUS, FACTOR = 2_147_483_647, 1_000_003
FACTS = {"guidance": "area varchar", "hours": "hours bigint", "attempt": "passed bigint"}


def main(directory: Path, threads: int) -> None:
    db = duckdb.connect()
    db.execute(f"set threads = {threads}")
    load(db, directory)
    sql = (Path(__file__).parent / "sql/duckdb.sql").read_text()
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    db.execute(sql)
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(f"cpu_user={after.ru_utime - before.ru_utime:.2f}")
    print(f"cpu_system={after.ru_stime - before.ru_stime:.2f}")
    print(f"wall={time.monotonic() - begun:.2f}")
    print(f"peak_mb={after.ru_maxrss * 1.024 / 1000:.1f}")
    report(db)


def load(db: duckdb.DuckDBPyConnection, directory: Path) -> None:
    for name, value in FACTS.items():
        column, kind = value.split()
        db.execute(
            f"create table {name} as select * from read_csv('{directory / name}.csv', header = false,"
            f" columns = {{'person': 'bigint', 'day': 'date', '{column}': '{kind}'}})"
        )
    store = sqlite3.connect(f"file:{directory / 'dongliang.db'}?mode=ro", uri=True)
    persons = store.execute("select record_id from l_person where voided_at is null").fetchall()
    posts = store.execute('select person, unit_id, "from", "to" from l_post where voided_at is null').fetchall()
    db.execute("create table person (person bigint)")
    db.execute("create table post (person bigint, unit bigint, begins date, finishes date)")
    insert(db, directory, "person", persons)
    insert(db, directory, "post", posts)
    db.execute("create table c as select unnest([2, 3, 4, 6, 7, 8, 10]) as requirement")
    db.execute("create table w (grain varchar, number bigint, ends date)")
    for grain, months in [("month", 1), ("quarter", 3), ("half", 6)]:
        for number in range(1, 12 // months + 1):
            year, month = divmod(number * months, 12)
            first_after = f"{2025 + year}-{month + 1:02}-01"
            db.execute(f"insert into w values ('{grain}', {number}, date '{first_after}' - 1)")


def insert(db: duckdb.DuckDBPyConnection, directory: Path, table: str, rows: list) -> None:
    """By way of a file: row by row DuckDB takes minutes."""
    path = directory / f"{table}.csv"
    path.write_text("".join(",".join("" if v is None else str(v) for v in row) + "\n" for row in rows))
    db.execute(f"copy {table} from '{path}' (header false)")


def report(db: duckdb.DuckDBPyConnection) -> None:
    """What came out, in the words of digest.rs."""

    def digest(name: str, columns: str, table: str) -> None:
        h = "0::bigint"
        for column in columns.split(", "):
            h = f"(({h} * {FACTOR} + {column}) % {MODULUS})"
        count, total = db.execute(f"select count(*), cast(sum({h}) as bigint) from {table}").fetchone()
        print(f"{name}={count}")
        print(f"{name}_digest={total}")

    digest("verdicts", "requirement, win, person, num, den, state", "v")
    digest("rollups", "requirement, win, unit, num, den, met", "(select *, cast(case requirement when 10"
           " then 100 * num >= 70 * den else num = den end as integer) as met from u)")
    digest("scores", "unit, score", "s")


main(Path(sys.argv[1]), int(sys.argv[2]))
