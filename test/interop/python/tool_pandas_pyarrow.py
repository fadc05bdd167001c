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
