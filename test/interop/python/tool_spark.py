"""Spark in local mode: Parquet with its own reader. It reads no Arrow files."""

import os
import sys

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"

import pyspark
from exact import DECIMALS, TIMES, texts_of_arrow
from pyspark.sql import SparkSession

VERSION = pyspark.__version__
FORMATS = ("parquet",)
_session = None


def session():
    global _session
    if _session is None:
        builder = SparkSession.builder.master("local[2]").appName("faun")
        settings = {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": "2g",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "2",
            "spark.log.level": "OFF",
            # Otherwise files that have timestamps in nanoseconds cannot be read at all.
            "spark.sql.legacy.parquet.nanosAsLong": "true",
        }
        for key, value in settings.items():
            builder = builder.config(key, value)
        _session = builder.getOrCreate()
    return _session


# What is refused, and a part of the message.
REFUSED = {"brotli": "BrotliCodec"}


def types(format):
    expected = {
        "id": "bigint",
        "bool": "boolean",
        "u8": "smallint",
        "u16": "int",
        "u32": "bigint",
        "u64": "decimal(20,0)",
        "i8": "tinyint",
        "i16": "smallint",
        "i32": "int",
        "i64": "bigint",
        "f32": "float",
        "f64": "double",
        "utf8": "string",
        "category": "string",
        "enum": "string",
        "binary": "binary",
        "date": "date",
    }
    for kind, (unit, zone) in TIMES.items():
        expected[kind] = "bigint" if unit == "ns" else "timestamp_ntz" if zone is None else "timestamp"
    for kind, (precision, scale) in DECIMALS.items():
        expected[kind] = f"decimal({precision},{scale})"
    return expected


def columns(path, format, declared):
    spark = session()
    frame = spark.read.parquet(str(path))
    types = dict(frame.dtypes)
    table = frame.toArrow().sort_by("id")
    for column in declared:
        found = table[column["name"]]
        yield column, types[column["name"]], texts_of_arrow(found, column["kind"])


def answers(path, question):
    session().read.parquet(str(path)).createOrReplaceTempView("orders")
    return [tuple(row) for row in session().sql(question["sql"]).collect()]


def pushed_down(path):
    frame = session().read.parquet(str(path)).where("quantity > 8").select("order_id")
    plan = frame._jdf.queryExecution().toString()
    yield "the plan shows the filter in the scan", "PushedFilters: [IsNotNull(quantity), GreaterThan(quantity,8)]" in plan, plan
    yield "the plan shows the columns in the scan", "ReadSchema: struct<order_id:decimal(20,0),quantity:bigint>" in plan, plan


def types_of_spark(table):
    """The rows in types that Spark has: it knows no unsigned integers, no dictionaries, and no finer times than microseconds."""
    import pyarrow as pa

    larger = {"uint8": pa.int16(), "uint16": pa.int32(), "uint32": pa.int64(), "uint64": pa.decimal128(20, 0)}

    def change(type_):
        if pa.types.is_dictionary(type_):
            return pa.string()
        return pa.timestamp("us", type_.tz) if pa.types.is_timestamp(type_) else larger.get(str(type_), type_)

    kept = table.drop_columns([name for name in table.column_names if "_ts_ns" in name])
    return kept.cast(pa.schema([field.with_type(change(field.type)) for field in kept.schema]))


def writes(table):
    spark = session()
    frame = spark.createDataFrame(types_of_spark(table)).coalesce(1)

    def write(**settings):
        def run(path):
            for key, value in settings.items():
                spark.conf.set(key.replace("__", "."), value)
            folder = path.with_suffix("")
            frame.write.parquet(str(folder))
            for key in settings:
                spark.conf.unset(key.replace("__", "."))
            next(folder.glob("part-*.parquet")).rename(path)
            return {"without": ["ts_ns", "ts_ns_kolkata"]}

        return "parquet", run

    codec = "spark__sql__parquet__compression__codec"
    times = "spark__sql__parquet__outputTimestampType"
    version = "parquet__writer__version"
    return {
        "write.parquet": write(),
        "INT96": write(**{times: "INT96", codec: "gzip"}),
        "TIMESTAMP_MICROS, writer version 2, zstd": write(**{times: "TIMESTAMP_MICROS", version: "v2", codec: "zstd"}),
        "decimals of old, lz4_raw, no dictionaries": write(
            **{"spark__sql__parquet__writeLegacyFormat": "true", codec: "lz4_raw", "parquet__enable__dictionary": "false"}
        ),
        "many row groups, small pages, uncompressed": write(
            **{"parquet__block__size": "65536", "parquet__page__size": "1024", codec: "uncompressed"}
        ),
    }


def limits(folder):
    path = str(folder / "limit-nanoseconds" / "data.parquet")
    yield "nanoseconds are bigint", session().read.parquet(path).collect() == [(-(2**63),)]
    session().conf.set("spark.sql.legacy.parquet.nanosAsLong", "false")
    try:
        session().read.parquet(path).collect()
        refused = False
    except Exception as error:
        refused = "PARQUET_TYPE_ILLEGAL" in str(error)
    session().conf.set("spark.sql.legacy.parquet.nanosAsLong", "true")
    yield "nanoseconds are refused without that setting", refused
