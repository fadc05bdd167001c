"""DataFusion: Parquet and Arrow files as registered tables, streams through PyArrow."""

import datafusion
import pyarrow as pa
import pyarrow.ipc
from datafusion import SessionContext
from exact import DECIMALS, TIMES, texts_of_arrow

VERSION = datafusion.__version__
FORMATS = ("parquet", "file", "stream")


def types(format):
    expected = {
        "id": "uint32",
        "bool": "bool",
        "f32": "float",
        "f64": "double",
        "utf8": "string_view" if format == "parquet" else "string",
        "category": "dictionary<values=string, indices=uint32, ordered=0>",
        "enum": f"dictionary<values=string, indices=uint8, ordered={1 if format == 'stream' else 0}>",
        "binary": "binary_view" if format == "parquet" else "binary",
        "date": "date32[day]",
    }
    for bits in (8, 16, 32, 64):
        expected |= {f"u{bits}": f"uint{bits}", f"i{bits}": f"int{bits}"}
    for kind, (unit, zone) in TIMES.items():
        unit = "ms" if unit == "s" and format == "parquet" else unit
        expected[kind] = f"timestamp[{unit}{'' if zone is None else f', tz={zone}'}]"
    for kind, (precision, scale) in DECIMALS.items():
        expected[kind] = f"decimal128({precision}, {scale})"
    return expected


def columns(path, format, declared):
    context = SessionContext()
    if format == "parquet":
        context.register_parquet("t", str(path))
    elif format == "file":
        context.register_arrow("t", str(path), file_extension=path.suffix)
    else:
        with open(path, "rb") as source:
            context.register_record_batches("t", [pa.ipc.open_stream(source).read_all().to_batches()])
    batches = context.sql("SELECT * FROM t ORDER BY id").collect()
    table = pa.Table.from_batches(batches)
    for column in declared:
        found = table[column["name"]]
        yield column, str(found.type), texts_of_arrow(found, column["kind"])


def answers(path, question):
    context = SessionContext()
    context.register_parquet("orders", str(path))
    table = context.sql(question["sql"]).to_arrow_table()
    return [tuple(row.values()) for row in table.to_pylist()]


def pushed_down(path):
    context = SessionContext()
    context.register_parquet("orders", str(path))
    sql = "SELECT note FROM orders WHERE order_id > 1152921504606876000"
    plan = str(context.sql(f"EXPLAIN {sql}").to_pylist())
    yield "EXPLAIN shows the columns in the scan", "projection=[order_id, note]" in plan or "projection=[note]" in plan, plan
    yield "EXPLAIN shows the predicate in the scan", "predicate=order_id" in plan, plan
    yield "EXPLAIN shows what statistics are asked", "pruning_predicate=" in plan, plan
    ran = str(context.sql(f"EXPLAIN ANALYZE {sql}").to_pylist())
    yield "row groups are left out by their statistics", "row_groups_pruned_statistics=" in ran, ran


def writes(table):
    context = SessionContext()
    context.register_record_batches("rows", [table.to_batches()])

    def copy(format, options=""):
        kind = "PARQUET" if format == "parquet" else "ARROW"
        return format, lambda path: context.sql(f"COPY rows TO '{path}' STORED AS {kind} {options}").collect() and None

    return {
        "COPY": copy("parquet"),
        "write_parquet, snappy": (
            "parquet",
            lambda path: context.table("rows").write_parquet(str(path), compression="snappy", write_options=None) and None,
        ),
        "COPY, writer version 2.0, no dictionaries, gzip": copy(
            "parquet", "OPTIONS ('format.writer_version' '2.0', 'format.dictionary_enabled' 'false', 'format.compression' 'gzip(6)')"
        ),
        "COPY, uncompressed, row groups": copy(
            "parquet", "OPTIONS ('format.compression' 'uncompressed', 'format.max_row_group_size' '100')"
        ),
        "COPY, lz4_raw, string views": copy("parquet", "OPTIONS ('format.compression' 'lz4_raw')"),
        "COPY, Arrow file": copy("file"),
    }
