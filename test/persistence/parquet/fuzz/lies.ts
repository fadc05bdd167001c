import type { FileMetaData, PageHeader } from "../../../../src/persistence/parquet/format/metadata.ts";
import type { Random } from "../../../storage/simulated-disk.ts";
import { below, type Damaged, oneOf } from "./damage.ts";
import { copyOf, type Lie, type Page, type Parts, sumAgain, withFooter, withPageHeader } from "./parts.ts";

type Node = Record<string | number, unknown>;

const BOMBS = [-1, 0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER, -(2 ** 31)];

function otherNumber(value: number, random: Random): number {
  const near = [
    value + 1,
    value - 1,
    value * 2,
    Math.floor(value / 2),
    value + below(random, 100),
    value ^ (1 << below(random, 31)),
  ];
  return oneOf(random, random() < 0.5 ? near : BOMBS);
}

function otherText(text: string, random: Random): string {
  const at = below(random, text.length);
  return text.slice(0, at) + oneOf(random, ["", "x", "0", "\u0000", text]) + text.slice(at + 1);
}

function otherList(list: readonly unknown[], random: Random): unknown[] {
  const at = below(random, list.length);
  const other = below(random, list.length);
  switch (below(random, 4)) {
    case 0:
      return list.filter((_, i) => i !== at);
    case 1:
      return [...list.slice(0, at), list[at], ...list.slice(at)];
    case 2:
      return list.map((element, i) => (i === at ? list[other] : i === other ? list[at] : element));
    default:
      return [];
  }
}

/** Changes one thing somewhere below `root`. Gives the path and what stands there now. */
function lieBelow(root: object, random: Random): string {
  let node = root as Node;
  const path: string[] = [];
  for (;;) {
    const keys = Object.keys(node).filter((key) => node[key] !== undefined);
    const key = oneOf(random, keys);
    const value = node[key];
    path.push(key);
    // Lists and structs are changed themselves now and then, and else what is in them.
    const inside = typeof value === "object" && value !== null && !(value instanceof Uint8Array) && Object.keys(value).length > 0;
    if (inside && random() < (Array.isArray(value) ? 0.75 : 0.95)) {
      node = value as Node;
      continue;
    }
    if (typeof value === "number") node[key] = otherNumber(value, random);
    else if (typeof value === "string") node[key] = otherText(value, random);
    else if (typeof value === "boolean") node[key] = !value;
    else if (value instanceof Uint8Array) node[key] = value.map((byte) => (random() < 0.3 ? below(random, 256) : byte));
    else if (Array.isArray(value)) node[key] = otherList(value, random);
    else delete node[key];
    const now = JSON.stringify(node[key]) ?? "left out";
    return `${path.join(".")} is ${now.length > 80 ? `${now.slice(0, 80)}…` : now}`;
  }
}

/** What lies below a root of which a random walk would seldom reach: the numbers that decide what is read. */
const TARGETS: readonly ((metadata: Lie<FileMetaData>, random: Random) => object | undefined)[] = [
  (metadata) => metadata,
  (metadata, random) => oneOf(random, metadata.schema),
  (metadata, random) => oneOf(random, metadata.rowGroups),
  (metadata, random) => oneOf(random, oneOf(random, metadata.rowGroups).columns).metaData,
  (metadata, random) => oneOf(random, oneOf(random, metadata.rowGroups).columns).metaData,
];

type FooterLie = (metadata: Lie<FileMetaData>, random: Random) => string;

/** Lies that hang together, as those of a faulty writer or splicer would. */
const LIES: readonly FooterLie[] = [
  (metadata, random) => {
    const group = oneOf(random, metadata.rowGroups);
    const rows = otherNumber(group.numRows, random);
    metadata.numRows += rows - group.numRows;
    group.numRows = rows;
    for (const { metaData } of group.columns) if (metaData !== undefined) metaData.numValues = rows;
    return `a row group of ${rows} rows, everywhere`;
  },
  (metadata, random) => {
    const { columns } = oneOf(random, metadata.rowGroups);
    const a = below(random, columns.length);
    const b = below(random, columns.length);
    [columns[a], columns[b]] = [columns[b]!, columns[a]!];
    return `columns ${a} and ${b} of a row group swapped`;
  },
  (metadata, random) => {
    const c = below(random, metadata.schema.length - 1);
    const [a, b] = [oneOf(random, metadata.rowGroups), oneOf(random, metadata.rowGroups)];
    [a.columns[c], b.columns[c]] = [b.columns[c]!, a.columns[c]!];
    return `column ${c} of two row groups swapped`;
  },
  (metadata, random) => {
    // Of one type: nothing but the names tells them apart.
    const leaves = metadata.schema.slice(1);
    const a = oneOf(random, leaves);
    const b = oneOf(
      random,
      leaves.filter(({ type, repetitionType }) => type === a.type && repetitionType === a.repetitionType),
    );
    [a.name, b.name] = [b.name, a.name];
    return `columns ${a.name} and ${b.name} change names`;
  },
  (metadata, random) => {
    const g = below(random, metadata.rowGroups.length);
    const [gone] = metadata.rowGroups.splice(g, 1);
    metadata.numRows -= (gone as Lie<FileMetaData>["rowGroups"][number]).numRows;
    return `row group ${g} is missing`;
  },
  (metadata, random) => {
    const group = oneOf(random, metadata.rowGroups);
    metadata.rowGroups.push(structuredClone(group));
    metadata.numRows += group.numRows;
    return "a row group is there twice";
  },
  (metadata, random) => {
    const { columns } = oneOf(random, metadata.rowGroups);
    const { metaData } = oneOf(random, columns);
    if (metaData === undefined) return "nothing";
    metaData.totalUncompressedSize = oneOf(random, [2 ** 31, 2 ** 40]);
    metaData.codec = below(random, 8);
    return `a chunk of ${metaData.totalUncompressedSize} bytes in codec ${metaData.codec}`;
  },
];

/** A footer that lies, its checksum right: one to three lies. Those of the column chunks stay what they were. */
export function footerLie({ file, footer, metadata }: Parts, random: Random): Damaged {
  const told = copyOf(metadata);
  const pages = file.subarray(0, footer[0]);
  const what: string[] = [];
  for (let lies = 1 + below(random, 3); lies > 0; lies--) {
    const lie = oneOf(random, LIES);
    const target = oneOf(random, TARGETS);
    const known = structuredClone(told);
    try {
      const root = random() < 0.3 ? undefined : target(told, random);
      what.push(root === undefined ? lie(told, random) : lieBelow(root, random));
      withFooter(pages, told);
    } catch {
      // What no footer can say: the lies so far must do.
      what.push("(unsaid)");
      Object.assign(told, known);
    }
  }
  return { what: what.join("; "), bytes: withFooter(pages, told) };
}

/** A page header, or bytes of a page, that lie, all checksums right. */
export function pageLie(parts: Parts, random: Random): Damaged {
  const { file, footer, metadata, pages } = parts;
  const page: Page = oneOf(random, pages);
  if (random() < 0.4) {
    const lied = file.slice(0, footer[0]);
    const at = page.body + below(random, Math.min(page.to - page.body, oneOf(random, [8, 1 << 20])));
    lied[at] = below(random, 256);
    const told = copyOf(metadata);
    sumAgain(lied, told);
    return { what: `byte ${at} of the page at ${page.from} is ${lied[at]}`, bytes: withFooter(lied, told) };
  }
  for (;;) {
    const header = structuredClone(page.header) as Lie<PageHeader>;
    const what = lieBelow(header, random);
    try {
      return { what: `page at ${page.from}: ${what}`, bytes: withPageHeader(parts, page, header) };
    } catch {
      // What no header can say.
    }
  }
}
