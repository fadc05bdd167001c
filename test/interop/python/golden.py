"""What PyArrow reads in files of other projects' tests: python golden.py FOLDER ARCHIVE... Unpacks them, and writes golden.json."""

import hashlib
import json
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
from exact import NANOS, float_text

ENDINGS = (".parquet", ".parq", ".feather", ".arrow")


def unpack(folder, archives):
    """(source, name, path) of every file, each content once."""
    seen = set()
    wheel = Path(pa.__file__).parent / "tests" / "data"
    found = [("pyarrow", str(p.relative_to(wheel)), p.read_bytes()) for p in sorted(wheel.rglob("*")) if p.suffix in ENDINGS]
    for archive in archives:
        with zipfile.ZipFile(archive) as jar:
            for name in sorted(jar.namelist()):
                if name.endswith(ENDINGS):
                    found.append((Path(archive).name.removesuffix("-tests.jar"), name, jar.read(name)))
    for source, name, content in found:
        digest = hashlib.sha256(content).hexdigest()
        if digest in seen:
            continue
        seen.add(digest)
        path = folder / f"golden-{len(seen)}{Path(name).suffix}"
        path.write_bytes(content)
        yield source, name, path


def described(type_):
    """The type as golden.ts declares a field for it, and a function that makes texts; None where no field has the type."""
    if pa.types.is_dictionary(type_):
        return described(type_.value_type)
    if isinstance(type_, pa.BaseExtensionType):
        return described(type_.storage_type)
    if pa.types.is_null(type_):
        return {"kind": "utf8"}, str
    if pa.types.is_boolean(type_):
        return {"kind": "bool"}, lambda v: "true" if v else "false"
    if pa.types.is_integer(type_):
        return {"kind": str(type_).replace("uint", "u").replace("int", "i")}, str
    if pa.types.is_float32(type_) or pa.types.is_float64(type_):
        kind = "f32" if pa.types.is_float32(type_) else "f64"
        return {"kind": kind}, lambda v: float_text(v, kind)
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return {"kind": "utf8"}, str
    if pa.types.is_binary(type_) or pa.types.is_large_binary(type_) or pa.types.is_fixed_size_binary(type_):
        return {"kind": "binary"}, lambda v: v.hex()
    if pa.types.is_date32(type_):
        return {"kind": "date"}, str
    if pa.types.is_timestamp(type_):
        return {"kind": "timestamp", "unit": type_.unit}, lambda v: str(v * NANOS[type_.unit])
    if pa.types.is_decimal128(type_) and 0 <= type_.scale <= type_.precision:
        return {"kind": "decimal", "precision": type_.precision, "scale": type_.scale}, lambda v: format(v, "f")
    return None


def column(name, values):
    known = described(values.type)
    told = {"name": name, "type": str(values.type)}
    if known is None:
        return told
    field, text = known
    if isinstance(values.type, pa.BaseExtensionType):
        values = pa.chunked_array([chunk.storage for chunk in values.chunks], values.type.storage_type)
    if field["kind"] == "timestamp":
        values = values.cast(pa.int64())
    if field["kind"] == "date":
        values = values.cast(pa.int32())
    return told | {"field": field, "texts": [None if v is None else text(v) for v in values.to_pylist()]}


def look(path):
    """Column by column: that one cannot be read says nothing of the others."""
    if path.suffix in (".feather", ".arrow"):
        table = pa.feather.read_table(path)
        return {"format": "file", "rows": table.num_rows, "columns": [column(n, table[n]) for n in table.column_names]}
    # Times of INT96 that 64 bits of nanoseconds do not hold.
    options = {"coerce_int96_timestamp_unit": "us"}
    file = pq.ParquetFile(path, **options)
    columns = []
    for name in file.schema_arrow.names:
        try:
            columns.append(column(name, file.read([name]).column(name)))
        except Exception as error:
            type_ = file.schema_arrow.field(name).type
            field = (described(type_) or [None])[0]
            columns.append({"name": name, "type": str(type_), "field": field, "error": str(error)[:200]})
    return {"format": "parquet", "rows": file.metadata.num_rows, "columns": columns}


def main():
    folder = Path(sys.argv[1])
    files = []
    for source, name, path in unpack(folder, sys.argv[2:]):
        told = {"source": source, "name": name, "path": path.name}
        try:
            told |= look(path)
        except Exception as error:
            told |= {"error": str(error)[:200]}
        files.append(told)
    (folder / "golden.json").write_text(json.dumps(files))


main()
