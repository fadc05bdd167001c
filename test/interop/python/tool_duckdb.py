"""DuckDB: Parquet in SQL, IPC through PyArrow's readers."""

import duckdb
import pyarrow as pa
import pyarrow.ipc
from exact import DECIMALS, TIMES, text_of

VERSION = duckdb.__version__
FORMATS = ("parquet", "file", "stream")


def types(format):
    expected = {
        "id": "UINTEGER",
        "bool": "BOOLEAN",
        "u8": "UTINYINT",
        "u16": "USMALLINT",
        "u32": "UINTEGER",
        "u64": "UBIGINT",
        "i8": "TINYINT",
        "i16": "SMALLINT",
        "i32": "INTEGER",
        "i64": "BIGINT",
        "f32": "FLOAT",
        "f64": "DOUBLE",
        "utf8": "VARCHAR",
        "category": "VARCHAR",
        "enum": "VARCHAR",
        "binary": "BLOB",
        "date": "DATE",
    }
    for kind, (unit, zone) in TIMES.items():
        name = {"s": "TIMESTAMP_S", "ms": "TIMESTAMP_MS", "us": "TIMESTAMP", "ns": "TIMESTAMP_NS"}[unit]
        if format == "parquet" and unit != "ns":
            name = "TIMESTAMP"
        if zone is not None:
            name = "TIMESTAMPTZ_NS" if unit == "ns" else "TIMESTAMP WITH TIME ZONE"
        expected[kind] = name
    for kind, (precision, scale) in DECIMALS.items():
        expected[kind] = f"DECIMAL({precision},{scale})"
    return expected


def shown(text, column, format):
    """The last of 64 bits at either end stand for infinity."""
    if column["kind"] in ("ts_ns", "ts_ns_kolkata") and text in ("9223372036854775807", "-9223372036854775807"):
        return None
    return text


def columns(path, format, declared):
    with duckdb.connect() as database:
        database.sql("SET TimeZone = 'UTC'")
        if format == "parquet":
            source = f"'{path}'"
        else:
            open_ = pa.ipc.open_file if format == "file" else pa.ipc.open_stream
            with open(path, "rb") as bytes_:
                table = open_(bytes_).read_all()
            source = "table_"
            database.register("table_", table)
        found = {name: type_ for name, type_, *_ in database.sql(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        for column in declared:
            name, kind = column["name"], column["kind"]
            if kind in ("ts_ns", "ts_ns_kolkata"):
                select, text = f"epoch_ns({name})", str
            elif kind in TIMES:
                select, text = f"epoch_us({name})", lambda v: str(v * 1000)
            elif kind == "date":
                select, text = f"{name} - DATE '1970-01-01'", str
            elif kind in ("enum", "category"):
                select, text = f"{name}::VARCHAR", str
            else:
                select, text = name, text_of(kind)
            values = database.sql(f"SELECT {select} FROM {source} ORDER BY id").fetchall()
            yield column, found[name], [None if v is None else text(v) for (v,) in values]


def answers(path, question):
    with duckdb.connect() as database:
        database.sql("SET TimeZone = 'UTC'")
        database.sql(f"CREATE VIEW orders AS SELECT * FROM '{path}'")
        table = database.sql(question["sql"]).to_arrow_table()
        return [tuple(row.values()) for row in table.to_pylist()]


def pushed_down(path):
    with duckdb.connect() as database:
        sql = f"SELECT order_id FROM '{path}' WHERE quantity > 8"
        plan = "\n".join(text for _, text in database.sql(f"EXPLAIN {sql}").fetchall())
        yield "EXPLAIN shows the filter in the scan", "Filters" in plan and "quantity" in plan, plan


def writes(table):
    def copy(options=""):
        def write(path):
            with duckdb.connect() as database:
                database.sql("SET TimeZone = 'UTC'")
                database.register("rows", table)
                database.sql(f"COPY rows TO '{path}' (FORMAT parquet{options})")

        return "parquet", write

    return {
        "COPY": copy(),
        "COPY, v2, zstd": copy(", PARQUET_VERSION v2, COMPRESSION zstd"),
        "COPY, gzip, row groups": copy(", COMPRESSION gzip, ROW_GROUP_SIZE 2048"),
        "COPY, uncompressed, no dictionaries": copy(", COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 0"),
        "COPY, lz4_raw, v2, no dictionaries": copy(", COMPRESSION lz4_raw, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 0"),
    }
