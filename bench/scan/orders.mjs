// Columns of orders for the scan suite: every value follows from the row number by arithmetic that JavaScript and SQL do alike.
import { PAYMENTS, STATUSES } from "../orders.mjs";

/** Numbers of groups: customers are half as many as orders. */
export const customersOf = (rows) => Math.max(1, rows >> 1);
export const PRODUCTS = 10_000;

/** An even spread over 32 bits of row `i`; the low bits repeat, so use the high ones for few values. */
const spread = (i, factor) => Math.imul(i + 1, factor) >>> 0;
const spreadSql = (factor) => `(((i + 1) * ${factor >>> 0}) % 4294967296)`;
const [A, B, C, D, E] = [2654435761, 2246822519, 3266489917, 668265263, 374761393];

/** The columns as typed arrays; enums as codes, 64-bit integers as bigints. */
export function columnsOf(rows) {
  const customers = customersOf(rows);
  const columns = {
    orderId: new BigUint64Array(rows),
    customerId: new BigUint64Array(rows),
    productId: new BigUint64Array(rows),
    quantity: new Uint32Array(rows),
    unitPrice: new Float64Array(rows),
    totalAmount: new Float64Array(rows),
    status: new Uint8Array(rows),
    paymentMethod: new Uint8Array(rows),
    orderTimestamp: new BigInt64Array(rows),
    shippingAddressHash: new BigUint64Array(rows),
  };
  const words = (array) => new Uint32Array(array.buffer);
  const [order, customer, product, time, hash] = [
    columns.orderId,
    columns.customerId,
    columns.productId,
    columns.orderTimestamp,
    columns.shippingAddressHash,
  ].map(words);
  for (let i = 0; i < rows; i++) {
    order[2 * i] = i;
    customer[2 * i] = spread(i, A) % customers;
    product[2 * i] = Math.floor(spread(i, B) / 256) % PRODUCTS;
    columns.quantity[i] = 1 + (Math.floor(spread(i, C) / 65_536) % 10);
    columns.unitPrice[i] = (Math.floor(spread(i, D) / 256) % 20_000) / 100;
    columns.totalAmount[i] = columns.quantity[i] * columns.unitPrice[i];
    columns.status[i] = Math.floor(spread(i, E) / 65_536) % 4;
    columns.paymentMethod[i] = Math.floor(spread(i, A) / 65_536) % 3;
    time[2 * i] = i;
    time[2 * i + 1] = 400;
    hash[2 * i] = spread(i, B);
    hash[2 * i + 1] = spread(i, C);
  }
  return columns;
}

const oneOf = (values, code) => `[${values.map((value) => `'${value}'`).join(", ")}][${code} + 1]`;

/** The same in DuckDB, with enums as its ENUM type. */
export const duckTable = (rows) => [
  `CREATE TYPE status AS ENUM (${STATUSES.map((s) => `'${s}'`).join(", ")})`,
  `CREATE TYPE payment AS ENUM (${PAYMENTS.map((s) => `'${s}'`).join(", ")})`,
  `CREATE TABLE orders AS SELECT
     CAST(i AS UBIGINT) AS order_id,
     CAST(${spreadSql(A)} % ${customersOf(rows)} AS UBIGINT) AS customer_id,
     CAST((${spreadSql(B)} // 256) % ${PRODUCTS} AS UBIGINT) AS product_id,
     CAST(1 + (${spreadSql(C)} // 65536) % 10 AS UINTEGER) AS quantity,
     CAST((${spreadSql(D)} // 256) % 20000 AS DOUBLE) / 100 AS unit_price,
     quantity * unit_price AS total_amount,
     CAST(${oneOf(STATUSES, `(${spreadSql(E)} // 65536) % 4`)} AS status) AS status,
     CAST(${oneOf(PAYMENTS, `(${spreadSql(A)} // 65536) % 3`)} AS payment) AS payment_method,
     make_timestamp_ms(1717986918400 + i) AS order_timestamp,
     CAST(${spreadSql(C)} AS UBIGINT) * 4294967296 + ${spreadSql(B)} AS shipping_address_hash
   FROM range(${rows}) AS r(i)`,
];

/** The total above which `share` of the orders lie. */
export function totalAbove(columns, share) {
  const sample = columns.totalAmount.slice(0, 100_000).sort();
  return sample[Math.floor(sample.length * (1 - share))];
}
