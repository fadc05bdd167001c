/** What a run of `npm run test:interop` found: the form of results.json. */
export interface Results {
  readonly tools: Readonly<Record<string, ToolResult>>;
}

export interface ToolResult {
  readonly version: string;
  /** What the tool read of Faun's: "parquet", "file" and "stream" (Arrow IPC), "questions" in its language. */
  readonly reads: Readonly<Record<string, Found>>;
}

export interface Found {
  /** How many values, types and other things were compared. */
  readonly values: number;
  readonly mismatches: number;
  /** The tool's type by kind of column; behind a nullable kind stands a question mark. */
  readonly types: Readonly<Record<string, string>>;
}
