import type { GoldenFile } from "./results.ts";

/** docs/interop-files.md: what comes of each file that other projects keep for their tests. */
export function filesPage(files: readonly GoldenFile[]): string {
  const sum = (of: (file: GoldenFile) => number) => files.reduce((total, file) => total + of(file), 0);
  const refused = sum((file) => Object.values(file.refused).reduce((a, b) => a + b, 0));
  const parts = [HEAD];
  parts.push(
    `${files.length} files: ${sum(({ same }) => same)} columns with ${sum(({ values }) => values)} values read as PyArrow reads them, ` +
      `${refused} refused with a typed error, ${sum(({ beyond }) => beyond)} read that PyArrow does not, ` +
      `${sum(({ mismatches }) => mismatches.length)} otherwise.\n`,
  );
  for (const source of new Set(files.map(({ source }) => source))) {
    parts.push(`## ${source}\n`);
    parts.push("| file | rows | columns as PyArrow | refused |\n| --- | ---: | ---: | --- |");
    for (const file of files) if (file.source === source) parts.push(row(file));
    parts.push("");
  }
  const short = files.flatMap(({ name, short }) => short.map((reason) => `- ${name}, ${reason}`));
  parts.push("## Refused, where PyArrow reads\n", WHY, ...short);
  return `${parts.join("\n")}\n`;
}

function row({ name, rows, same, refused, beyond }: GoldenFile): string {
  const errors = Object.entries(refused).map(([error, columns]) => (columns === 1 ? error : `${error} (${columns})`));
  const more = beyond > 0 ? [`none, where PyArrow refuses`] : [];
  return `| ${name} | ${rows} | ${same} | ${[...errors, ...more].join(", ")} |`;
}

const HEAD = `# Files of other projects

<!-- Written by \`npm run test:interop -- --write\` from what it found. Do not edit. -->

Parquet's, Spark's, Drill's and Arrow's own tests keep files of writers old and new. Each was attached to entities with a field
for one column, and what was read compared with what PyArrow reads, value by value. Nested columns, times of day and durations
are refused, as no field has such values: a SchemaMismatchError or a TypeConversionError.
`;

const WHY = `INTERVAL is a type that no field has. Other columns hold what their type forbids: bytes that are no time in an INT96, a value
beyond the bits that the annotation gives it, values in a column that is annotated as having none, a page without the checksum
that it tells. PyArrow passes these over; Faun refuses them.
`;
