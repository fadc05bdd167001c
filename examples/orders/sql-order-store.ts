import type { DuckDBPersistence, LiveSql, SqlQuery } from "faun/duckdb";
import type { Order } from "./order.ts";

export interface StatusRevenue {
  status: Order["status"];
  orders: number;
  revenue: number;
}

export interface TopCustomer {
  customerId: bigint;
  orders: number;
  revenue: number;
}

export interface MonthlyTrend {
  /** First day of the month, as in "2025-03-01". */
  month: string;
  orders: number;
  revenue: number;
  /** The revenue of the year so far, this month included. */
  runningTotal: number;
}

/** What answers SQL: a table of DuckDB, or live stores under their names. */
type Database = Pick<DuckDBPersistence<Order> | LiveSql, "sql">;

/**
 * The shop's questions in SQL. The same statements are answered by the table of a database file and by the columns of a
 * store in memory: both call them orders.
 */
export class SQLOrderStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  revenueByStatus(): SqlQuery<StatusRevenue> {
    return this.#database.sql`
      SELECT status, count(*)::INT AS orders, sum(total_amount) AS revenue
      FROM orders GROUP BY status ORDER BY status`;
  }

  topCustomers(limit: number): SqlQuery<TopCustomer> {
    return this.#database.sql`
      SELECT customer_id AS "customerId", count(*)::INT AS orders, sum(total_amount) AS revenue
      FROM orders GROUP BY customer_id ORDER BY revenue DESC, customer_id LIMIT ${limit}`;
  }

  monthlyTrends(): SqlQuery<MonthlyTrend> {
    return this.#database.sql`
      SELECT date_trunc('month', order_timestamp)::DATE AS month, count(*)::INT AS orders, sum(total_amount) AS revenue,
        sum(sum(total_amount)) OVER (ORDER BY date_trunc('month', order_timestamp)) AS "runningTotal"
      FROM orders GROUP BY date_trunc('month', order_timestamp) ORDER BY month`;
  }

  deliveredByPayment(): SqlQuery<{ payment_method: Order["paymentMethod"]; revenue: number }> {
    return this.#database.sql`
      SELECT payment_method, SUM(total_amount) AS revenue
      FROM orders WHERE status = 'Delivered' GROUP BY payment_method ORDER BY payment_method`;
  }
}
