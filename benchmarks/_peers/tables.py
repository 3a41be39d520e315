"""Polars and DuckDB, on tables of their own in memory."""

from benchmarks._peers import THREADS, peer


def polars_call(arrays, make):
    """Return a call that computes one expression of the columns."""
    import polars as pl

    frame = pl.DataFrame(dict(zip("abc", arrays, strict=False))).lazy()
    expression = make(*(pl.col(name) for name in "abc"[: len(arrays)]))
    return lambda: frame.select(expression).collect().item()


@peer("Polars", "mae")
def polars_mae(*arrays):
    return polars_call(arrays, lambda t, p: (p - t).abs().mean())


@peer("Polars", "weighted mae")
def polars_weighted_mae(*arrays):
    return polars_call(arrays, lambda t, p, w: ((p - t).abs() * w).sum() / (w != 0).sum())


@peer("Polars", "weighted huber")
def polars_weighted_huber(*arrays):
    import polars as pl

    def expression(t, p, w):
        error = p - t
        near = pl.when(error.abs() <= 1).then(0.5 * error * error)
        return (near.otherwise(error.abs() - 0.5) * w).sum() / (w != 0).sum()

    return polars_call(arrays, expression)


@peer("Polars", "sigmoid")
def polars_sigmoid(*arrays):
    import polars as pl

    def expression(t, x):
        return (pl.max_horizontal(x, 0) - x * t + (-x.abs()).exp().log1p()).mean()

    return polars_call(arrays, expression)


def duckdb_call(arrays, expression):
    """Return a call that computes one expression of the columns of a table in memory."""
    import duckdb
    import pyarrow as pa

    connection = duckdb.connect(config={"threads": THREADS})
    names = "abc"[: len(arrays)]
    connection.register("given", pa.table([pa.array(array) for array in arrays], names=list(names)))
    connection.execute("CREATE TABLE kept AS SELECT * FROM given")
    connection.unregister("given")
    query = f"SELECT {expression} FROM kept"
    return lambda: connection.execute(query).fetchone()[0]


@peer("DuckDB", "mae")
def duckdb_mae(*arrays):
    return duckdb_call(arrays, "avg(abs(b - a))")


NONZERO = "count(*) FILTER (WHERE c <> 0)"


@peer("DuckDB", "weighted mae")
def duckdb_weighted_mae(*arrays):
    return duckdb_call(arrays, f"sum(c * abs(b - a)) / {NONZERO}")


@peer("DuckDB", "weighted huber")
def duckdb_weighted_huber(*arrays):
    error = "abs(b - a)"
    loss = f"CASE WHEN {error} <= 1 THEN {error} * {error} / 2 ELSE {error} - 0.5 END"
    return duckdb_call(arrays, f"sum(c * {loss}) / {NONZERO}")


@peer("DuckDB", "sigmoid")
def duckdb_sigmoid(*arrays):
    return duckdb_call(arrays, "avg(greatest(b, 0) - b * a + ln(1 + exp(-abs(b))))")
