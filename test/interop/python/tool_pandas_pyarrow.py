"""pandas with dtype_backend="pyarrow", where every type has its nulls."""

import pandas as pd
import tool_pyarrow
from exact import texts_of_arrow

VERSION = pd.__version__
FORMATS = ("parquet", "file")


def types(format):
    expected = tool_pyarrow.types(format) | {"id": "uint32"}
    return {kind: f"{type_}[pyarrow]" for kind, type_ in expected.items()}


def columns(path, format, declared):
    read = pd.read_parquet if format == "parquet" else pd.read_feather
    frame = read(path, dtype_backend="pyarrow")
    for column in declared:
        found = frame[column["name"]]
        yield column, str(found.dtype), texts_of_arrow(pa_of(found), column["kind"])


def pa_of(series):
    return series.array.__arrow_array__()


def writes(table):
    data = table.to_pandas(types_mapper=pd.ArrowDtype)
    return {
        "to_parquet": ("parquet", lambda path: data.to_parquet(path)),
        "to_parquet, zstd, 20 row groups": ("parquet", lambda path: data.to_parquet(path, compression="zstd", row_group_size=100)),
        "to_parquet, brotli, data page 2.0, no dictionaries": (
            "parquet",
            lambda path: data.to_parquet(path, compression="brotli", data_page_version="2.0", use_dictionary=False),
        ),
        "to_feather": ("file", lambda path: data.to_feather(path)),
    }
