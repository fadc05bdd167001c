"""PyArrow: Parquet and IPC into Arrow tables."""

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
from exact import DECIMALS, TIMES, texts_of_arrow

VERSION = pa.__version__
FORMATS = ("parquet", "file", "stream")


def types(format):
    """What a user expects the types of columns to be."""
    expected = {
        "id": "uint32",
        "bool": "bool",
        **{f"{sign}{bits}": f"{'u' if sign == 'u' else ''}int{bits}" for sign in "ui" for bits in (8, 16, 32, 64)},
        "f32": "float",
        "f64": "double",
        "utf8": "string",
        "category": "dictionary<values=string, indices=uint32, ordered=0>",
        # Of Parquet files each row group has a dictionary of its own, in no order.
        "enum": f"dictionary<values=string, indices=uint8, ordered={0 if format == 'parquet' else 1}>",
        "binary": "binary",
        "date": "date32[day]",
    }
    for kind, (unit, zone) in TIMES.items():
        # Parquet knows no seconds.
        unit = "ms" if unit == "s" and format == "parquet" else unit
        expected[kind] = f"timestamp[{unit}{'' if zone is None else f', tz={zone}'}]"
    for kind, (precision, scale) in DECIMALS.items():
        expected[kind] = f"decimal128({precision}, {scale})"
    return expected


def read(path, format):
    if format == "parquet":
        table = pq.read_table(path)
    elif format == "file":
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
    else:
        with open(path, "rb") as source:
            table = pa.ipc.open_stream(source).read_all()
    table.validate(full=True)
    return table


def columns(path, format, declared):
    table = read(path, format)
    for column in declared:
        found = table[column["name"]]
        yield column, str(found.type), texts_of_arrow(found, column["kind"])
