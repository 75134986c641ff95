# Runs DuckDB for engines/duckdb.rs: a line of SQL in, its rows out, a line each, then a line with a
# point, or with an exclamation mark and an error. A value is its kind (i, r, s, n) and its text; tabs
# stand between values.
import decimal
import sys

import duckdb

db = duckdb.connect(sys.argv[1])
db.execute("SET threads = 1")
print(duckdb.__version__, flush=True)


def value(one):
    if one is None:
        return "n"
    if isinstance(one, int):
        return "i%d" % one
    if isinstance(one, (float, decimal.Decimal)):
        return "r%r" % float(one)
    return "s%s" % one


for line in sys.stdin:
    try:
        rows = db.execute(line).fetchall()
        sys.stdout.write("".join("\t".join(map(value, row)) + "\n" for row in rows))
        print(".", flush=True)
    except duckdb.Error as error:
        print("! " + str(error).replace("\n", " "), flush=True)
