"""Writes the rows of rows.jsonl with one tool in all its settings: python write_files.py TOOL FOLDER, which gets TOOL.writes.json."""

import importlib
import json
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from exact import DECIMALS, INTEGERS, NANOS, TIMES, Folder, float_value

ARROW = {"u": "uint", "i": "int"}


def arrow_type(kind):
    if kind == "id":
        return pa.uint32()
    if kind in INTEGERS:
        return getattr(pa, ARROW[kind[0]] + kind[1:])()
    if kind in TIMES:
        return pa.timestamp(*TIMES[kind])
    if kind in DECIMALS:
        return pa.decimal128(*DECIMALS[kind])
    texts = pa.dictionary(pa.int32(), pa.string())
    others = {"bool": pa.bool_(), "f32": pa.float32(), "f64": pa.float64(), "utf8": pa.string(), "binary": pa.binary()}
    return others.get(kind) or {"category": texts, "enum": texts, "date": pa.date32()}[kind]


def value(text, kind):
    if text is None:
        return None
    if kind == "bool":
        return text == "true"
    if kind in INTEGERS or kind == "date":
        return int(text)
    if kind in TIMES:
        return int(text) // NANOS[TIMES[kind][0]]
    if kind in DECIMALS:
        return Decimal(text)
    if kind in ("f32", "f64"):
        return float_value(text)
    return bytes.fromhex(text) if kind == "binary" else text


def table(folder):
    """The rows as Python's users have them in Arrow."""
    arrays, fields = [], []
    for column in folder.columns:
        kind, name = column["kind"], column["name"]
        values = [value(text, kind) for text in folder.expected(name)]
        type_ = arrow_type(kind)
        if kind in TIMES:
            array = pa.array(values, pa.int64()).cast(type_)
        elif kind == "date":
            array = pa.array(values, pa.int32()).cast(type_)
        else:
            array = pa.array(values, type_)
        arrays.append(array)
        fields.append(pa.field(name, type_, nullable=column["nullable"]))
    return pa.table(arrays, schema=pa.schema(fields))


def main():
    name, path = sys.argv[1:3]
    folder = Folder(path)
    tool = importlib.import_module(f"tool_{name}")
    source = table(folder)
    written = []
    for setting, (format, write) in tool.writes(source).items():
        target = folder.path / f"{name}-{len(written)}.{'parquet' if format == 'parquet' else 'arrow'}"
        entry = {"setting": setting, "format": format, "path": target.name}
        # What `write` gives: the columns that it could not write, and how values were changed by the tool.
        entry |= write(target) or {}
        written.append(entry)
    (folder.path / f"{name}.writes.json").write_text(json.dumps(written))


main()
