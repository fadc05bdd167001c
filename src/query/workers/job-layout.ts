/** The words that threads agree on. */

/** The one word of a worker: what it is doing. */
export const CONTROL = {
  starting: 0,
  idle: 1,
  /** There is work, and the worker has not begun. */
  called: 2,
  working: 3,
  ended: 4,
} as const;

/** A job begins with 16 words of 32 bits; behind them lie `words` for each task. */
export const TASK = {
  /** Index of the word that counts down: tasks that no worker has come to. */
  left: 0,
  first: 16,
  words: 4,
  // Within a task: its state comes first.
  program: 1,
  arena: 2,
  open: 0,
  /** Whoever asked does it. */
  own: 1,
  claimed: 2,
  done: 3,
  failed: 4,
} as const;

/** The instructions of a program; each is a double, followed by what it needs. */
export const WORD = {
  end: 0,
  /** function, word for its result or 0, arguments */
  call: 1,
  /** from a byte of the job, bytes, to a byte of scratch memory */
  load: 2,
  /** from a byte of scratch memory, bytes, to a byte of the job */
  save: 3,
  /** from, bytes, to: within scratch memory */
  copy: 4,
  /** from, bytes: zeros in scratch memory */
  clear: 5,
} as const;

/** Kinds of arguments: n a number, i a 64-bit integer, s an address in scratch memory. */
const RANGE = "nnnnins";
const WIDE_RANGE = "nniiins";
const SUM = "nsn";
const WIDE_SUM = "nsns";
const GROUP_SUM = "nnsnsn";
const GROUP_COUNT = "nsnsn";

/** The kernels that programs may call. */
export const SIGNATURES = [
  ["rangeU8", RANGE],
  ["rangeI8", RANGE],
  ["rangeU16", RANGE],
  ["rangeI16", RANGE],
  ["rangeU32", RANGE],
  ["rangeI32", RANGE],
  ["rangeF32", RANGE],
  ["rangeF64", RANGE],
  ["rangeU64", WIDE_RANGE],
  ["rangeI64", WIDE_RANGE],
  ["maskAnd", "ssn"],
  ["maskAndNot", "ssn"],
  ["maskRows", "sn"],
  ["count", "sn"],
  ["sumU8", SUM],
  ["sumI8", SUM],
  ["sumU16", SUM],
  ["sumI16", SUM],
  ["sumU32", SUM],
  ["sumI32", SUM],
  ["sumF64", SUM],
  ["sumU64", WIDE_SUM],
  ["sumI64", WIDE_SUM],
  ["groupSumU8", GROUP_SUM],
  ["groupCountU8", GROUP_COUNT],
] as const;

export type KernelName = (typeof SIGNATURES)[number][0];
