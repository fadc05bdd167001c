export interface TableColumn {
  readonly title: string;
  readonly align?: "right";
}

/** Cells below their titles, columns two spaces apart, each line ended. Lines carry no spaces at their end. */
export function renderTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, i) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[i] ?? ""))));
  const line = (cells: readonly string[]) =>
    `${columns.map(({ align }, i) => padded(cells[i] ?? "", widths[i] as number, align)).join("  ")}`.trimEnd();
  const titles = columns.map(({ title }) => title);
  const rules = widths.map((width) => "─".repeat(width));
  return `${[titles, rules, ...rows].map(line).join("\n")}\n`;
}

/** `name  value` lines, names in a column of their own. */
export const renderFacts = (facts: readonly (readonly [name: string, value: string])[]): string => {
  const width = Math.max(0, ...facts.map(([name]) => widthOf(name)));
  return facts.map(([name, value]) => `  ${padded(name, width)}  ${value}\n`).join("");
};

/** Characters, each of which is taken to be one column wide. */
const widthOf = (text: string): number => [...text].length;

function padded(text: string, width: number, align?: "right"): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "right" ? space + text : text + space;
}

/** At most `width` characters, an ellipsis in place of what is left out. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}
