"""Polars: eager and lazy."""

import polars as pl
from exact import DECIMALS, TIMES, texts_of_arrow, NANOS

VERSION = pl.__version__
FORMATS = ("parquet", "file", "stream")


def types(format):
    expected = {
        "id": "UInt32",
        "bool": "Boolean",
        "f32": "Float32",
        "f64": "Float64",
        "utf8": "String",
        "category": "Categorical",
        "enum": "Categorical",
        "binary": "Binary",
        "date": "Date",
    }
    for bits in (8, 16, 32, 64):
        expected |= {f"u{bits}": f"UInt{bits}", f"i{bits}": f"Int{bits}"}
    for kind, (unit, zone) in TIMES.items():
        expected[kind] = f"Datetime(time_unit='{'ms' if unit == 's' else unit}', time_zone={zone!r})"
    for kind, (precision, scale) in DECIMALS.items():
        expected[kind] = f"Decimal(precision={precision}, scale={scale})"
    return expected


def columns(path, format, declared):
    if format == "parquet":
        frame = pl.read_parquet(path)
    elif format == "file":
        frame = pl.read_ipc(path)
    else:
        frame = pl.read_ipc_stream(path)
    for column in declared:
        series = frame[column["name"]]
        if column["kind"] in TIMES:
            factor = NANOS[series.dtype.time_unit]
            texts = [None if v is None else str(v * factor) for v in series.to_physical().to_list()]
        elif column["kind"] == "date":
            texts = [None if v is None else str(v) for v in series.to_physical().to_list()]
        else:
            texts = texts_of_arrow(series.cast(pl.String).to_arrow() if column["kind"] in ("enum", "category") else series.to_arrow(), column["kind"])
        yield column, str(series.dtype), texts


LAZY = {
    "filter and count": lambda o: o.filter((pl.col("status") == "Delivered") & (pl.col("total_amount") > 200)).select(pl.len()),
    "group by an enum": lambda o: o.filter(pl.col("quantity") >= 3)
    .group_by("payment_method")
    .agg(
        pl.len(),
        pl.col("total_amount").sum().alias("revenue"),
        pl.col("unit_price").min().alias("least"),
        pl.col("unit_price").max().alias("most"),
    ),
    "nulls, distinct and means": lambda o: o.group_by("status").agg(
        pl.col("note").count(),
        pl.col("customer_id").n_unique(),
        pl.col("weight").mean().alias("mean"),
        pl.col("weight").min().alias("lightest"),
    ),
    "a range of time, the largest ten": lambda o: o.filter(
        pl.col("placed_at").is_between(
            pl.datetime(2025, 3, 1, time_zone="UTC"), pl.datetime(2025, 3, 15, time_zone="UTC"), closed="left"
        )
    )
    .select("order_id", "total_amount")
    .sort("total_amount", "order_id", descending=[True, False])
    .limit(10),
    "one key beyond 2^53": lambda o: o.filter(pl.col("order_id") == 2**60 + 12_345).select(
        "order_id", "customer_id", "note", "shipped_on"
    ),
    "having": lambda o: o.group_by("customer_id")
    .agg(pl.len().alias("n"), pl.col("quantity").sum())
    .filter(pl.col("n") > 35)
    .sort("customer_id"),
    "by month": lambda o: o.group_by(pl.col("placed_at").dt.truncate("1mo")).agg(pl.len(), pl.col("total_amount").sum()),
    "text and dates": lambda o: o.filter(
        pl.col("note").str.starts_with("gift")
        | pl.col("note").str.contains("Größe", literal=True)
        | (pl.col("shipped_on").is_null() & pl.col("note").is_not_null())
    )
    .group_by("note")
    .agg(pl.len(), pl.col("shipped_on").max()),
}


def answers(path, question):
    return LAZY[question["name"]](pl.scan_parquet(path)).collect().rows()


def pushed_down(path):
    plan = LAZY["filter and count"](pl.scan_parquet(path)).explain()
    yield "explain() shows the columns in the scan", "PROJECT 2/11 COLUMNS" in plan, plan
    yield "explain() shows the predicate in the scan", "SELECTION:" in plan and "FILTER" not in plan, plan


def writes(table):
    data = pl.from_arrow(table)

    def parquet(**options):
        return "parquet", lambda path: data.write_parquet(path, **options)

    def arrow(format, **options):
        write = data.write_ipc if format == "file" else data.write_ipc_stream
        return format, lambda path: write(path, **options)

    return {
        "write_parquet": parquet(),
        "write_parquet, snappy, 20 row groups, full statistics": parquet(compression="snappy", row_group_size=100, statistics="full"),
        "write_parquet, lz4, small pages": parquet(compression="lz4", data_page_size=512),
        "write_parquet, uncompressed": parquet(compression="uncompressed"),
        "sink_parquet, gzip": ("parquet", lambda path: data.lazy().sink_parquet(path, compression="gzip")),
        "write_ipc (string views)": arrow("file"),
        "write_ipc, lz4": arrow("file", compression="lz4"),
        "write_ipc, zstd": ("file", lambda path: data.write_ipc(path, compression="zstd") or {"refused": "compressed (ZSTD)"}),
        "write_ipc, oldest compatible form (large strings)": arrow("file", compat_level=pl.CompatLevel.oldest()),
        "write_ipc_stream": arrow("stream"),
    }


def limits(folder):
    try:
        pl.read_parquet(folder / "limit-offset" / "data.parquet")
        refused = False
    except BaseException as error:  # It panics with what is no Exception.
        refused = "time zone" in str(error)
    yield "a file with an offset for a zone is refused", refused
