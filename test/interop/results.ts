/** What a run of `npm run test:interop` found: the form of results.json. */
export interface Results {
  readonly tools: Readonly<Record<string, ToolResult>>;
  readonly golden: readonly GoldenFile[];
}

export interface ToolResult {
  readonly version: string;
  /** What the tool read of Faun's: "parquet", "file" and "stream" (Arrow IPC), "questions" in its language. */
  readonly reads: Readonly<Record<string, Found>>;
  /** What Faun read of the tool's, one a setting. */
  readonly writes: readonly Wrote[];
}

export interface Wrote {
  readonly setting: string;
  readonly format: "parquet" | "file" | "stream";
  readonly values: number;
  readonly mismatches: number;
  /** The error, where Faun refuses what was written. */
  readonly refused?: string;
  readonly notes?: readonly string[];
}

export interface Found {
  /** How many values, types and other things were compared. */
  readonly values: number;
  readonly mismatches: number;
  /** The tool's type by kind of column; behind a nullable kind stands a question mark. */
  readonly types: Readonly<Record<string, string>>;
}

/** What came of a file that other projects keep for their tests, column by column; PyArrow tells what is right. */
export interface GoldenFile {
  /** The package that it is from. */
  readonly source: string;
  readonly name: string;
  readonly rows: number;
  /** Columns that were read as PyArrow reads them. */
  readonly same: number;
  /** Values of those. */
  readonly values: number;
  /** Columns that were refused, by error. */
  readonly refused: Readonly<Record<string, number>>;
  /** What PyArrow reads and Faun refuses, by column, with the message. */
  readonly short: readonly string[];
  /** What was read otherwise than PyArrow reads it. */
  readonly mismatches: readonly string[];
  /** Columns, or else the file, that Faun reads and PyArrow refuses. */
  readonly beyond: number;
}
