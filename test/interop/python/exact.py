"""Values as exact text, in the form that kinds.ts describes, and the comparison of columns."""

import json
import struct
from pathlib import Path

import pyarrow as pa

NANOS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
INTEGERS = {"id", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"}
TEXTS = {"utf8", "category", "enum"}
# Unit and zone of the field, by kind.
TIMES = {
    "ts_s": ("s", None),
    "ts_ms": ("ms", None),
    "ts_us": ("us", None),
    "ts_ns": ("ns", None),
    "ts_s_utc": ("s", "UTC"),
    "ts_ms_utc": ("ms", "UTC"),
    "ts_us_berlin": ("us", "Europe/Berlin"),
    "ts_ns_kolkata": ("ns", "Asia/Kolkata"),
}
DECIMALS = {"dec_7_2": (7, 2), "dec_18_6": (18, 6), "dec_38_10": (38, 10), "dec_38_0": (38, 0)}


def float_text(value, kind):
    if value != value:
        return "nan"
    return struct.pack(">f" if kind == "f32" else ">d", value).hex()


def float_value(text):
    if text == "nan":
        return float("nan")
    return struct.unpack(">f" if len(text) == 8 else ">d", bytes.fromhex(text))[0]


def text_of(kind):
    """Gives the text of a Python value of a column of this kind. Times and dates are not Python values of their own here."""
    if kind == "bool":
        return lambda v: "true" if v else "false"
    # Times are integers where a tool has no type for them.
    if kind in INTEGERS or kind in TIMES:
        return lambda v: str(int(v))
    if kind in ("f32", "f64"):
        return lambda v: float_text(v, kind)
    if kind in TEXTS:
        return str
    if kind == "binary":
        return lambda v: bytes(v).hex()
    if kind in DECIMALS:
        return lambda v: format(v, "f")
    raise KeyError(kind)


def texts_of_arrow(column, kind):
    """A column of PyArrow as text."""
    kind_type = column.type
    if pa.types.is_dictionary(kind_type):
        column = column.cast(kind_type.value_type)
    if pa.types.is_timestamp(kind_type):
        factor = NANOS[kind_type.unit]
        return [None if v is None else str(v * factor) for v in column.cast(pa.int64()).to_pylist()]
    if pa.types.is_date32(kind_type):
        return [None if v is None else str(v) for v in column.cast(pa.int32()).to_pylist()]
    text = text_of(kind)
    return [None if v is None else text(v) for v in column.to_pylist()]


class Folder:
    """What write-files.ts wrote."""

    def __init__(self, path):
        self.path = Path(path)
        told = json.loads((self.path / "files.json").read_text())
        self.files = told["files"]
        self.columns = [{"name": "id", "kind": "id", "nullable": False}, *told["columns"]]
        with open(self.path / "rows.jsonl", encoding="utf-8", newline="\n") as lines:
            self.rows = [json.loads(line) for line in lines]

    def expected(self, name):
        return [row[name] for row in self.rows]


class Tally:
    """Counts values and mismatches, and remembers types and the first mismatches."""

    def __init__(self):
        self.values = 0
        self.mismatches = 0
        self.types = {}
        self.notes = []

    def mismatch(self, note):
        self.mismatches += 1
        if len(self.notes) < 20:
            self.notes.append(note)

    def column(self, place, kind, actual_type, expected_type, actual, expected):
        """Holds the values and the type of a column against what is expected."""
        self.types[kind] = actual_type
        if expected_type is not None and actual_type != expected_type:
            self.mismatch(f"{place}: type {actual_type}, expected {expected_type}")
        if len(actual) != len(expected):
            self.mismatch(f"{place}: {len(actual)} rows, expected {len(expected)}")
        for row, (is_, should) in enumerate(zip(actual, expected)):
            self.values += 1
            if is_ != should:
                self.mismatch(f"{place}, row {row}: {is_!r:.200}, expected {should!r:.200}")

    def check(self, place, holds, note=""):
        self.values += 1
        if not holds:
            self.mismatch(f"{place}: {note}")

    def result(self):
        return {"values": self.values, "mismatches": self.mismatches, "types": self.types, "notes": self.notes}
