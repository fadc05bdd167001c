/** What docs/interop.md says of each tool besides what was found: how to read a file of Faun's, and what is known to be limited. */

export const NAMES: Readonly<Record<string, string>> = {
  pyarrow: "PyArrow",
  pandas: "pandas",
  pandas_pyarrow: 'pandas, dtype_backend="pyarrow"',
  polars: "Polars",
  duckdb: "DuckDB",
  datafusion: "DataFusion",
  spark: "Spark",
};

/** Run as they stand, beside a folder of Faun's: `data/orders`, and `orders.arrow`. */
export const SNIPPETS: Readonly<Record<string, string>> = {
  pyarrow: `
import pyarrow.ipc
import pyarrow.parquet

orders = pyarrow.parquet.read_table("data/orders/data.parquet")
with pyarrow.memory_map("orders.arrow") as source:
    same = pyarrow.ipc.open_file(source).read_all()
`,
  pandas: `
import pandas

orders = pandas.read_parquet("data/orders/data.parquet")
orders.groupby("status", observed=True)["weight"].mean()
same = pandas.read_feather("orders.arrow")
`,
  pandas_pyarrow: `
import pandas

orders = pandas.read_parquet("data/orders/data.parquet", dtype_backend="pyarrow")
`,
  polars: `
import polars

orders = polars.scan_parquet("data/orders/data.parquet")
orders.filter(polars.col("status") == "Delivered").group_by("payment_method").agg(polars.col("total_amount").sum()).collect()
same = polars.read_ipc("orders.arrow")
`,
  duckdb: `
import duckdb

duckdb.sql("SELECT status, sum(total_amount) FROM 'data/orders/data.parquet' GROUP BY status").fetchall()
`,
  datafusion: `
import datafusion

context = datafusion.SessionContext()
context.register_parquet("orders", "data/orders/data.parquet")
context.sql("SELECT status, sum(total_amount) FROM orders GROUP BY status").collect()
`,
  spark: `
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
orders = spark.read.parquet("data/orders/data.parquet")
orders.groupBy("status").sum("total_amount").collect()
`,
};

const SECONDS = 'Parquet knows no seconds: `timestamp("s")` is in milliseconds there.';
const ENUMS =
  "The categories of an enum come in order of declaration from Arrow IPC. Each row group of a Parquet file has its own, so that they are in no order.";

export const LIMITS: Readonly<Record<string, readonly string[]>> = {
  pyarrow: [SECONDS, ENUMS],
  pandas: [
    'Integers with nulls become `float64`, which is exact to 2^53 only, and booleans with nulls objects: `dtype_backend="pyarrow"` keeps them.',
    "A null of a float is NaN.",
    'Of `timestamp("ns")`, -2^63 is NaT.',
    SECONDS,
    ENUMS,
  ],
  pandas_pyarrow: ["Reads no Arrow streams: `pyarrow.ipc.open_stream(…)` does.", SECONDS, ENUMS],
  polars: [
    'Zones must be of the IANA database: a file with an offset such as "+05:30" is refused as a whole, unless `POLARS_IGNORE_TIMEZONE_PARSE_ERROR=1` is set.',
    'There are no seconds: `timestamp("s")` is in milliseconds.',
  ],
  duckdb: [
    'Of `timestamp("ns")`, ±(2^63 - 1) stand for infinity.',
    "Zones are UTC: the column's is not kept.",
    "Arrow IPC is read through PyArrow.",
  ],
  datafusion: [SECONDS],
  spark: [
    'Files with `timestamp("ns")` are refused as a whole, unless `spark.sql.legacy.parquet.nanosAsLong` is set, which makes them `bigint`: use `timestamp("us")`.',
    "Brotli needs a codec that does not come with Spark: use any other.",
    "There are no unsigned integers: each is the next larger type, u64 `decimal(20,0)`.",
    "Arrow IPC is not read.",
    "What Spark wrote before 3.0 has dates and times before 1582 in the Julian calendar: Faun, as PyArrow, reads them as they are stored, and does not move them.",
  ],
};
