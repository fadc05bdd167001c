"""PyArrow: Parquet and IPC into Arrow tables."""

import pyarrow as pa
import pyarrow.feather
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


def retyped(table, change):
    """The table with columns of other types: `change` gives one for a type, or None."""
    strings = table.cast(pa.schema([f.with_type(f.type.value_type) if pa.types.is_dictionary(f.type) else f for f in table.schema]))
    return strings.cast(pa.schema([f.with_type(change(f.type) or f.type) for f in strings.schema]))


def large(type_):
    if pa.types.is_string(type_):
        return pa.large_string()
    return pa.large_binary() if pa.types.is_binary(type_) else None


def views(type_):
    if pa.types.is_string(type_):
        return pa.string_view()
    return pa.binary_view() if pa.types.is_binary(type_) else None


def ipc(table, path, format="file", **options):
    make = pa.ipc.new_file if format == "file" else pa.ipc.new_stream
    with open(path, "wb") as sink, make(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=700)


def writes(table):
    def parquet(source=table, **options):
        return "parquet", lambda path: pq.write_table(source, path, **options)

    def arrow(format, source=table, **options):
        return format, lambda path: ipc(source, path, format, **options)

    without = ["ts_ns", "ts_ns_kolkata"]
    plain = retyped(table, large)
    timeless = retyped(table.drop_columns([f"{r}_{name}" for r in "rn" for name in without]), lambda type_: None)
    delta = {name: "DELTA_BINARY_PACKED" for name in table.column_names if name[2:] in ("i32", "i64", "u64", "ts_us")}
    delta |= {name: "DELTA_BYTE_ARRAY" for name in table.column_names if name[2:] in ("utf8", "binary")}
    delta |= {name: "BYTE_STREAM_SPLIT" for name in table.column_names if name[2:] in ("f32", "f64", "dec_38_10", "u32")}
    delta |= {name: "DELTA_LENGTH_BYTE_ARRAY" for name in table.column_names if name[2:] in ("category", "enum")}
    delta |= {name: "RLE" for name in table.column_names if name[2:] == "bool"}
    return {
        "write_table": parquet(),
        "data page 2.0, no dictionaries, gzip, 20 row groups": parquet(
            data_page_version="2.0", use_dictionary=False, compression="gzip", row_group_size=100
        ),
        "delta and byte stream split encodings, zstd, checksums": parquet(
            use_dictionary=False, column_encoding=delta, compression="zstd", write_page_checksum=True
        ),
        "large strings, no Arrow schema, lz4, small pages": parquet(
            plain, store_schema=False, compression="lz4", data_page_size=512, write_batch_size=32
        ),
        "string views, brotli": parquet(retyped(table, views), compression="brotli"),
        "format 1.0, INT96": (
            "parquet",
            lambda path: pq.write_table(timeless, path, version="1.0", use_deprecated_int96_timestamps=True) or {"without": without},
        ),
        "decimals as integers, page index, bloom filters": parquet(store_decimal_as_integer=True, write_page_index=True),
        "write_feather (lz4)": ("file", lambda path: pyarrow.feather.write_feather(table, path)),
        "IPC file": arrow("file"),
        "IPC stream": arrow("stream"),
        "IPC stream, lz4": arrow("stream", compression="lz4"),
        "IPC file, zstd": ("file", lambda path: ipc(table, path, compression="zstd") or {"refused": "compressed (ZSTD)"}),
        "IPC file, zstd, with a codec registered": (
            "file",
            lambda path: ipc(table, path, compression="zstd") or {"withZstd": True},
        ),
        "IPC file, large strings": arrow("file", retyped(table, large)),
        "IPC stream, string views": arrow("stream", retyped(table, views)),
        "IPC stream, metadata version 4": arrow("stream", metadata_version=pa.ipc.MetadataVersion.V4),
        "IPC stream, dictionaries that grow": arrow("stream", source=growing(table), emit_dictionary_deltas=True),
    }


def growing(table):
    """Each batch with a dictionary of its own, which begins as the one before it."""
    chunks = {name: [] for name in table.column_names}
    known = {name: [] for name in table.column_names}
    for batch in table.to_batches(max_chunksize=300):
        for name, column in zip(batch.schema.names, batch.columns):
            if pa.types.is_dictionary(column.type):
                texts = column.to_pylist()
                seen = set(known[name])
                known[name] += [text for text in dict.fromkeys(texts) if text is not None and text not in seen]
                codes = {text: code for code, text in enumerate(known[name])}
                indices = pa.array([None if text is None else codes[text] for text in texts], pa.int32())
                column = pa.DictionaryArray.from_arrays(indices, pa.array(known[name]))
            chunks[name].append(column)
    return pa.table([pa.chunked_array(chunks[name]) for name in table.column_names], schema=table.schema)
