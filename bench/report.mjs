import { cpus, release, totalmem, type } from "node:os";

/** What the figures were measured on. */
export const machine = () => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryGB: Math.round(totalmem() / 1e9),
  os: `${type()} ${release()}`,
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
});

export const machineLine = ({ cpu, cores, memoryGB, os, node, date }) =>
  `${cpu}, ${cores} cores, ${memoryGB} GB, ${os}, Node ${node}, ${date}. Medians; times vary with the machine, ratios less.`;

/**
 * A group of results as a Markdown table that reads well unrendered too.
 * @param {import("./harness.mjs").Group} group
 */
export function groupTable({ title, unit, baseline, results }) {
  const sizes = new Set(results.map(({ rows }) => rows).filter((rows) => rows !== undefined));
  const rowsShown = sizes.size > 1;
  const head = [
    "",
    ...(rowsShown ? ["rows"] : []),
    unit,
    "best .. worst",
    ...(baseline === undefined ? [] : ["ratio"]),
    "target",
    "met",
  ];
  const body = results.map((result) => [
    result.name,
    ...(rowsShown ? [count(result.rows)] : []),
    figure(result.value),
    result.best === undefined ? "" : `${figure(result.best)} .. ${figure(result.worst)}`,
    ...(baseline === undefined ? [] : [result.name === baseline ? "1" : `${figure(result.ratio)}x`]),
    result.targets.map(({ text }) => text).join(", "),
    result.targets.map(({ met }) => (met ? "yes" : "NO")).join(", "),
  ]);
  const widths = head.map((text, i) => Math.max(3, text.length, ...body.map((row) => row[i].length)));
  const line = (cells) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? ` ${"-".repeat(width)} ` : ` ${"-".repeat(width - 1)}: `)).join("|")}|`;
  const size = sizes.size === 1 ? `, ${count([...sizes][0])} rows` : "";
  return [`### ${title}${size}`, "", line(head), rule, ...body.map(line)].join("\n");
}

/** How many targets there are and how many are met. */
export function tally(groups) {
  const targets = groups.flatMap(({ results }) => results.flatMap((result) => result.targets));
  return { targets: targets.length, met: targets.filter(({ met }) => met).length };
}

const count = (rows) => (rows === undefined ? "" : rows.toLocaleString("en-US"));

const figure = (value) => {
  const size = Math.abs(value);
  return size >= 100 || value === 0 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(size >= 1 ? 3 : 2);
};
