import { KINDS } from "./kinds.ts";
import { filesPage } from "./render-files.ts";
import type { Found, Results, ToolResult } from "./results.ts";
import { LIMITS, NAMES, SNIPPETS } from "./tools.ts";

/** One line a tool and direction, and the number of mismatches over all. */
export function summary({ tools, golden }: Omit<Results, "golden"> & { readonly golden: Results["golden"] | null }): {
  readonly lines: string[];
  readonly mismatches: number;
} {
  const parts: string[] = [];
  let mismatches = 0;
  const told = (name: string, found: readonly Pick<Found, "values" | "mismatches">[]): void => {
    const values = found.reduce((sum, { values }) => sum + values, 0);
    const wrong = found.reduce((sum, { mismatches }) => sum + mismatches, 0);
    mismatches += wrong;
    parts.push(`${name}: ${values} values, ${wrong} mismatches`);
  };
  for (const [tool, { reads, writes }] of Object.entries(tools)) {
    told(`${tool} reads`, Object.values(reads));
    if (writes.length > 0) told(`${tool} writes`, writes);
  }
  if (golden !== null && golden.length > 0) {
    told(
      `${golden.length} files of other projects`,
      golden.map(({ values, mismatches }) => ({ values, mismatches: mismatches.length })),
    );
  }
  return { lines: [parts.join(" | ")], mismatches };
}

/** The pages, by path. */
export function render(results: Results): Readonly<Record<string, string>> {
  return { "docs/interop.md": toolsPage(results), "docs/interop-files.md": filesPage(results.golden) };
}

function toolsPage({ tools }: Results): string {
  const parts = [HEAD];
  parts.push("## Types\n\nWhat a field is in each tool, of a Parquet file of Faun's, and of Arrow IPC where that differs.\n");
  parts.push(typeTable(tools));
  parts.push("## Tool by tool\n");
  for (const [tool, result] of Object.entries(tools)) parts.push(section(tool, result));
  parts.push(REFUSED);
  return `${parts.join("\n").trimEnd()}\n`;
}

const HEAD = `# With other tools

<!-- Written by \`npm run test:interop -- --write\` from what it found. Do not edit: change test/interop/render.ts or tools.ts. -->

What Faun writes, these tools read, and what they write, Faun reads. This page is made by a run that compares every value: a
table with every type of field, required and nullable, of edge values and random ones, in Parquet of every codec and as Arrow IPC.
`;

const REFUSED = `## What Faun does not take

Each is refused with a typed error that names the column; nothing is read in part.

- Nested columns, times of day, durations and intervals: no field has such values. Columns that the entity does not name are not
  looked at.
- Values that the field cannot hold as they are: nanoseconds that are no whole ticks of the field's unit, decimals beyond 38 digits or
  with more behind the point than the field, nulls where the field takes none.
- Arrow IPC with buffers compressed by zstd, unless a codec is registered with apache-arrow:

  \`\`\`ts
  import { zstdDecompressSync } from "node:zlib"; // Node 22.15 and newer
  import { CompressionType, compressionRegistry } from "apache-arrow";

  compressionRegistry.set(CompressionType.ZSTD, { decode: zstdDecompressSync });
  \`\`\`

- Parquet with encrypted columns or footers, and LZO.

\`test/interop/hostile-*.ts\` lists what comes of files that are broken or made to do harm, [interop-files.md](interop-files.md) what
comes of those that other projects keep for their tests.
`;

/** What the field is declared as. */
const DECLARED: Readonly<Record<string, string>> = {
  enum: "enumOf(…)",
  ts_s: 'timestamp("s")',
  ts_ms: 'timestamp("ms")',
  ts_us: 'timestamp("us")',
  ts_ns: 'timestamp("ns")',
  ts_s_utc: 'timestamp("s"), UTC',
  ts_ms_utc: 'timestamp("ms"), UTC',
  ts_us_berlin: 'timestamp("us"), Europe/Berlin',
  ts_ns_kolkata: 'timestamp("ns"), Asia/Kolkata',
  dec_7_2: "decimal(7, 2)",
  dec_18_6: "decimal(18, 6)",
  dec_38_10: "decimal(38, 10)",
  dec_38_0: "decimal(38, 0)",
};

function typeTable(tools: Results["tools"]): string {
  const names = Object.keys(tools);
  const rows = Object.keys(KINDS).map((kind) => {
    const cells = names.map((name) => cellOf(tools[name]!.reads, kind));
    return `| \`${DECLARED[kind] ?? kind}\` | ${cells.join(" | ")} |`;
  });
  return `| Field | ${names.map((name) => NAMES[name] ?? name).join(" | ")} |\n|${" --- |".repeat(names.length + 1)}\n${rows.join("\n")}\n`;
}

function cellOf(reads: ToolResult["reads"], kind: string): string {
  const of = (format: string): string => {
    const { types } = reads[format] ?? { types: {} as Record<string, string> };
    const [required, nullable] = [types[kind], types[`${kind}?`]];
    if (required === undefined) return "";
    return required === nullable ? code(required) : `${code(required)}; nullable: ${code(nullable!)}`;
  };
  const [parquet, ipc] = [of("parquet"), of("file")];
  return ipc === "" || ipc === parquet ? parquet : `${parquet}; IPC: ${ipc}`;
}

const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;

function section(tool: string, { version, reads, writes }: ToolResult): string {
  const name = NAMES[tool] ?? tool;
  const counts = Object.entries(reads)
    .filter(([, { values }]) => values > 0)
    .map(([what, { values, mismatches }]) => `| reads | ${WHAT[what] ?? what} | ${values} | ${mismatches} |`);
  const written = writes.map(({ setting, format, values, mismatches, refused }) =>
    refused === undefined
      ? `| writes | ${FORMATS[format]}: ${setting} | ${values} | ${mismatches} |`
      : `| writes | ${FORMATS[format]}: ${setting} | refused: ${refused.slice(0, refused.indexOf(":"))} | |`,
  );
  const limits = (LIMITS[tool] ?? []).map((limit) => `- ${limit}`);
  const snippet = SNIPPETS[tool];
  return [
    `### ${name} ${version}`,
    "",
    ...(snippet === undefined ? [] : ["```python", snippet.trim(), "```", ""]),
    "| | | values compared | mismatches |",
    "| --- | --- | ---: | ---: |",
    ...counts,
    ...written,
    "",
    ...(limits.length === 0 ? [] : ["Limits:", "", ...limits, ""]),
  ].join("\n");
}

const FORMATS = { parquet: "Parquet", file: "Arrow IPC, file", stream: "Arrow IPC, stream" } as const;

const WHAT: Readonly<Record<string, string>> = {
  parquet: "Parquet in every codec",
  file: "Arrow IPC, file",
  stream: "Arrow IPC, stream",
  limits: "what is known to be limited",
  questions: "questions in its own language, answered as Faun answers them; push-down",
};
