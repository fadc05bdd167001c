"""pandas with its defaults: integers with nulls are doubles, and decimals and dates Python's objects."""

import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.ipc
from exact import DECIMALS, INTEGERS, NANOS, TIMES, text_of

VERSION = pd.__version__
FORMATS = ("parquet", "file", "stream")


def types(format):
    expected = {
        "id": "uint32",
        "bool": "bool",
        "bool?": "object",
        "f32": "float32",
        "f64": "float64",
        "utf8": "str",
        "category": "category",
        "enum": "category",
        "binary": "object",
        "date": "object",
    }
    for bits in (8, 16, 32, 64):
        expected |= {f"u{bits}": f"uint{bits}", f"i{bits}": f"int{bits}", f"u{bits}?": "float64", f"i{bits}?": "float64"}
    for kind, (unit, zone) in TIMES.items():
        unit = "ms" if unit == "s" and format == "parquet" else unit
        expected[kind] = f"datetime64[{unit}{'' if zone is None else f', {zone}'}]"
    for kind in DECIMALS:
        expected[kind] = "object"
    return expected


def frame(path, format):
    if format == "parquet":
        return pd.read_parquet(path)
    if format == "file":
        return pd.read_feather(path)
    with open(path, "rb") as source:
        return pa.ipc.open_stream(source).read_pandas()


def texts(series, kind):
    missing = series.isna()
    if kind in TIMES:
        unit = series.dt.unit
        ticks = series.astype("int64") if series.dt.tz is None else series.dt.tz_convert("UTC").dt.tz_localize(None).astype("int64")
        return [None if gone else str(int(v) * NANOS[unit]) for v, gone in zip(ticks, missing)]
    if kind == "date":
        epoch = datetime.date(1970, 1, 1)
        return [None if v is None else str((v - epoch).days) for v in series]
    text = text_of(kind)
    if kind in ("f32", "f64"):
        # A null is NaN here.
        return [text(v) for v in series]
    return [None if gone else text(v) for v, gone in zip(series, missing)]


def columns(path, format, declared):
    read = frame(path, format)
    for column in declared:
        found = read[column["name"]]
        yield column, str(found.dtype), texts(found, column["kind"])


def shown(text, column, format):
    """A null is a NaN where the type has no null of its own; integers that have nulls are doubles."""
    if column["kind"] in ("f32", "f64") and text is None:
        return "nan"
    if column["kind"] in INTEGERS and column["nullable"] and text is not None:
        return str(int(float(int(text))))
    return text


def writes(table):
    nullable = {getattr(pa, f"{sign}int{bits}")(): getattr(pd, f"{sign.upper()}Int{bits}Dtype")() for sign in ("", "u") for bits in (8, 16, 32, 64)}
    nullable[pa.bool_()] = pd.BooleanDtype()
    data = table.to_pandas(types_mapper=nullable.get)
    # pandas takes NaN for null when it writes.
    changed = {"nanIsNull": True}
    data_of_defaults = table.select([name for name in table.column_names if name.startswith("r_") or name == "id"]).to_pandas()

    without = [name for name in table.column_names if name.startswith("n_")]

    def parquet(source=data, **options):
        return "parquet", lambda path: source.to_parquet(path, **options) or changed

    return {
        "to_parquet, nullable types": parquet(),
        "to_parquet, NumPy's types, of columns without nulls": (
            "parquet",
            lambda path: data_of_defaults.to_parquet(path, index=False) or changed | {"without": without},
        ),
        "to_parquet without a codec, with an index": parquet(data.set_index("id"), compression=None),
        "to_feather": ("file", lambda path: data.to_feather(path) or changed),
        "to_feather, uncompressed": ("file", lambda path: data.to_feather(path, compression="uncompressed") or changed),
    }


def limits(folder):
    first = pd.read_parquet(folder / "limit-nanoseconds" / "data.parquet")["at"]
    yield "the first nanosecond is NaT", bool(first.isna()[0])
    yield "an offset is a zone", pd.read_parquet(folder / "limit-offset" / "data.parquet")["at"][0].utcoffset().total_seconds() == 19800
