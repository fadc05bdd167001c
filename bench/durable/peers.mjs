/**
 * Databases in this process that keep orders durably, each as its documentation has it: an add is a transaction of its
 * own. Those that are not installed are left out.
 */
import { mkdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { PAYMENTS, STATUSES } from "../orders.mjs";

/**
 * @typedef {object} Peer
 * @property {(row: object, caller: number) => unknown} add Resolves, or returns, once the row is stored.
 * @property {(rows: readonly object[]) => unknown} addAll The same of many rows at once.
 * @property {() => unknown} close
 */

/** @returns {Promise<Record<string, Peer>>} */
export async function openPeers(folder) {
  const peers = {};
  for (const [name, openPeer] of Object.entries({
    "better-sqlite3": sqlite,
    DuckDB: duckdb,
    "LanceDB (never syncs)": lancedb,
  })) {
    try {
      mkdirSync(join(folder, name), { recursive: true });
      peers[name] = await openPeer(join(folder, name));
    } catch (error) {
      process.stderr.write(`left out: ${name}: ${error.message}\n`);
    }
  }
  return peers;
}

/** What the disk can do: 4 KB behind each other, each synced before the next. */
export async function openDisk(folder) {
  const path = join(folder, "fdatasync");
  const file = await open(path, "w");
  const block = new Uint8Array(4096).fill(1);
  return {
    async add() {
      await file.write(block);
      await file.datasync();
    },
    async close() {
      await file.close();
      rmSync(path);
    },
  };
}

async function sqlite(folder) {
  const { default: Database } = await import("better-sqlite3");
  const db = new Database(join(folder, "orders.sqlite"));
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(`CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, product_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL, unit_price REAL NOT NULL, total_amount REAL NOT NULL, status TEXT NOT NULL,
    payment_method TEXT NOT NULL, order_timestamp INTEGER NOT NULL, shipping_address_hash INTEGER NOT NULL)`);
  const insert = db.prepare("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  // Its integers are signed.
  const add = (o) =>
    insert.run(
      o.orderId,
      o.customerId,
      o.productId,
      o.quantity,
      o.unitPrice,
      o.totalAmount,
      o.status,
      o.paymentMethod,
      o.orderTimestamp.getTime(),
      BigInt.asIntN(64, o.shippingAddressHash),
    );
  const addAll = db.transaction((rows) => {
    for (const row of rows) add(row);
  });
  return { add, addAll, close: () => db.close() };
}

const CONNECTIONS = 4;

async function duckdb(folder) {
  const instance = await DuckDBInstance.create(join(folder, "orders.duckdb"));
  const first = await instance.connect();
  const oneOf = (values) => values.map((value) => `'${value}'`).join(", ");
  await first.run(`CREATE TYPE status AS ENUM (${oneOf(STATUSES)})`);
  await first.run(`CREATE TYPE payment AS ENUM (${oneOf(PAYMENTS)})`);
  await first.run(`CREATE TABLE orders (order_id UBIGINT PRIMARY KEY, customer_id UBIGINT, product_id UBIGINT, quantity UINTEGER,
    unit_price DOUBLE, total_amount DOUBLE, status status, payment_method payment, order_timestamp TIMESTAMP_MS,
    shipping_address_hash UBIGINT)`);
  const connections = [first];
  while (connections.length < CONNECTIONS) connections.push(await instance.connect());
  const writers = await Promise.all(
    connections.map(async (connection) => ({
      insert: await connection.prepare(
        "INSERT INTO orders VALUES ($1, $2, $3, $4, $5, $6, $7, $8, epoch_ms($9::BIGINT)::TIMESTAMP_MS, $10)",
      ),
      // What is bound belongs to the statement: one call at a time.
      turn: Promise.resolve(),
    })),
  );
  const run = async (insert, o) => {
    insert.bindUBigInt(1, o.orderId);
    insert.bindUBigInt(2, o.customerId);
    insert.bindUBigInt(3, o.productId);
    insert.bindUInteger(4, o.quantity);
    insert.bindDouble(5, o.unitPrice);
    insert.bindDouble(6, o.totalAmount);
    insert.bindVarchar(7, o.status);
    insert.bindVarchar(8, o.paymentMethod);
    insert.bindBigInt(9, BigInt(o.orderTimestamp.getTime()));
    insert.bindUBigInt(10, o.shippingAddressHash);
    await insert.run();
  };
  return {
    add(row, caller) {
      const writer = writers[caller % writers.length];
      writer.turn = writer.turn.then(() => run(writer.insert, row));
      return writer.turn;
    },
    async addAll(rows) {
      await first.run("BEGIN");
      const appender = await first.createAppender("orders");
      for (const o of rows) {
        appender.appendUBigInt(o.orderId);
        appender.appendUBigInt(o.customerId);
        appender.appendUBigInt(o.productId);
        appender.appendUInteger(o.quantity);
        appender.appendDouble(o.unitPrice);
        appender.appendDouble(o.totalAmount);
        appender.appendVarchar(o.status);
        appender.appendVarchar(o.paymentMethod);
        appender.appendVarchar(o.orderTimestamp.toISOString().slice(0, -1));
        appender.appendUBigInt(o.shippingAddressHash);
        appender.endRow();
      }
      appender.closeSync();
      await first.run("COMMIT");
    },
    close() {
      for (const connection of connections) connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Its files are written and renamed, and none is synced: a crash of the machine may take what it acknowledged. */
async function lancedb(folder) {
  const { connect } = await import("@lancedb/lancedb");
  const { Field, Float64, Schema, TimestampMillisecond, Uint32, Uint64, Utf8 } = await import("apache-arrow");
  const types = [
    ["order_id", new Uint64()],
    ["customer_id", new Uint64()],
    ["product_id", new Uint64()],
    ["quantity", new Uint32()],
    ["unit_price", new Float64()],
    ["total_amount", new Float64()],
    ["status", new Utf8()],
    ["payment_method", new Utf8()],
    ["order_timestamp", new TimestampMillisecond()],
    ["shipping_address_hash", new Uint64()],
  ];
  const db = await connect(folder);
  const table = await db.createEmptyTable("orders", new Schema(types.map(([name, type]) => new Field(name, type))));
  const record = (o) => ({
    order_id: o.orderId,
    customer_id: o.customerId,
    product_id: o.productId,
    quantity: o.quantity,
    unit_price: o.unitPrice,
    total_amount: o.totalAmount,
    status: o.status,
    payment_method: o.paymentMethod,
    order_timestamp: o.orderTimestamp,
    shipping_address_hash: o.shippingAddressHash,
  });
  return {
    add: (row) => table.add([record(row)]),
    addAll: (rows) => table.add(rows.map(record)),
    close: () => db.close(),
  };
}
