export interface Column {
  title: string;
  /** Without it: right where every cell of the column begins as a number does, else left. */
  align?: "left" | "right";
}

export interface Table {
  columns: readonly (string | Column)[];
  /** Cells as text; `"rule"` draws a line between rows. */
  rows: readonly (readonly string[] | "rule")[];
}

/** The table as text in box lines, one line break after each line but the last. */
export function renderTable(
  { columns, rows }: Table,
  style: { title(text: string): string; line(text: string): string },
): string {
  const heads = columns.map((column) => (typeof column === "string" ? { title: column } : column));
  const cells = rows.filter((row) => row !== "rule");
  const widths = heads.map(({ title }, i) => Math.max(widthOf(title), ...cells.map((row) => widthOf(row[i] ?? ""))));
  const aligns = heads.map(
    ({ align }, i) => align ?? (cells.length > 0 && cells.every((row) => isNumeric(row[i] ?? "")) ? "right" : "left"),
  );

  const rule = (left: string, cross: string, right: string) =>
    style.line(left + widths.map((width) => "─".repeat(width + 2)).join(cross) + right);
  const bar = style.line("│");
  const line = (row: readonly string[], format: (text: string) => string) =>
    `${bar} ${widths.map((width, i) => format(pad(row[i] ?? "", width, aligns[i]!))).join(` ${bar} `)} ${bar}`;

  const between = rule("├", "┼", "┤");
  return [
    rule("╭", "┬", "╮"),
    line(
      heads.map(({ title }) => title),
      style.title,
    ),
    between,
    ...rows.map((row) => (row === "rule" ? between : line(row, (text) => text))),
    rule("╰", "┴", "╯"),
  ].join("\n");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences begin with one
const COLOURS = /\u001b\[[0-9;]*m/g;

/** Columns that a text takes on the screen; colour sequences take none. */
export const widthOf = (text: string): number => [...text.replaceAll(COLOURS, "")].length;

const isNumeric = (text: string): boolean => text === "" || /^[-+<~]?\d/.test(text.replaceAll(COLOURS, ""));

function pad(text: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "right" ? space + text : text + space;
}
