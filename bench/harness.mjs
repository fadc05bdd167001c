import { setTimeout } from "node:timers/promises";

/**
 * Times alternatives against each other in one process: a warm-up, then rounds in which each runs once, in turn, after a
 * collection; the median round counts. On a shared machine the ratios hold better than the times.
 *
 * A suite is a file of bench/suites/ with the default export `{ name, title, async run(h) }`; `h` is a {@link Harness}.
 * Each suite runs in a process of its own (suite-process.mjs), so that none inherits another's compiled code.
 *
 * @typedef {object} Alternative
 * @property {() => unknown} [setup] Makes what `run` is given; anew each round, not timed.
 * @property {(state: any) => unknown} run What is timed. Return what was made, so that nothing is optimised away.
 * @property {(state: any, result: any) => unknown} [teardown] Not timed.
 * @property {number} [rows] Its own number of rows, where the alternatives differ in it.
 *
 * @typedef {object} Target At most this, in the table's unit, or as a ratio to an alternative (the baseline if not said).
 * @property {number} [value]
 * @property {number} [ratio]
 * @property {string | readonly string[]} [of] Of several alternatives, the least.
 * @property {boolean} [either] One of `value` and `ratio` is enough.
 *
 * @typedef {object} Group One table of results.
 * @property {string} title
 * @property {string} unit
 * @property {string} [baseline] The alternative that ratios refer to.
 * @property {{ name: string, rows?: number, value: number, best?: number, worst?: number, ratio?: number,
 *   targets: { text: string, met: boolean }[] }[]} results
 */

/** Nanoseconds in a unit of time. */
const UNITS = { "ns/row": 1, "us/row": 1e3, ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

export class Harness {
  /** @type {Group[]} */
  groups = [];
  #scale;
  #rounds;
  #onGroup;
  #onRound;

  /** @param {{ scale?: number, rounds?: number, onGroup?: (group: Group) => void, onRound?: (title: string, round: number, of: number) => void }} options */
  constructor({ scale = 1, rounds, onGroup = () => {}, onRound = () => {} } = {}) {
    this.#scale = scale;
    this.#rounds = rounds;
    this.#onGroup = onGroup;
    this.#onRound = onRound;
  }

  /** A number of rows as --scale has it: at least 100. */
  size(rows) {
    return Math.max(Math.min(rows, 100), Math.round(rows * this.#scale));
  }

  /**
   * @param {object} spec
   * @param {string} spec.title
   * @param {Record<string, Alternative | (() => unknown)>} spec.alternatives
   * @param {number} [spec.rows] Rows that each alternative handles in one run; needed for ns/row and us/row.
   * @param {"ns/row" | "us/row" | "ns" | "us" | "ms" | "s"} [spec.unit]
   * @param {string} [spec.baseline]
   * @param {Record<string, Target>} [spec.targets] by alternative
   * @param {number} [spec.repeat] Calls of `run` in one timing, for what is too short to be timed alone.
   * @param {number} [spec.settle] Calls of `run` between the collection before a timing and the timing itself, of every
   *   alternative alike, where what is meant is a call as it runs between collections. Whoever comes right after one finds
   *   nothing of his in the processor's caches; and V8 has forgotten the hidden classes of which no object was left, and
   *   learns them again inline cache by inline cache: about 0.4 ms for a query of 0.02 ms.
   * @param {number} [spec.rounds]
   * @param {number} [spec.warmup]
   * @returns {Promise<Group>}
   */
  async time({ title, alternatives, rows, unit = "ns/row", baseline, targets, repeat = 1, settle = 0, rounds = 7, warmup = 2 }) {
    rounds = this.#rounds ?? rounds;
    const entries = Object.entries(alternatives).map(([name, given]) => {
      const alternative = typeof given === "function" ? { run: given } : given;
      return { name, rows, ...alternative, times: [] };
    });
    const factor = UNITS[unit];
    if (factor === undefined) throw new RangeError(`${title}: no unit ${unit}; there are ${Object.keys(UNITS).join(", ")}`);
    const perRow = unit.endsWith("/row");
    for (const entry of entries) {
      if (perRow && !(entry.rows > 0)) throw new RangeError(`${title}: ${entry.name} says no number of rows`);
    }
    for (let round = -warmup; round < rounds; round++) {
      this.#onRound(title, Math.max(0, round), rounds);
      // Whoever runs first finds another heap than whoever runs last: take turns.
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[(i + Math.max(0, round)) % entries.length];
        const nanoseconds = await timeOnce(entry, repeat, settle);
        if (round >= 0) entry.times.push(nanoseconds / factor / (perRow ? entry.rows : 1));
      }
    }
    return this.#add({
      title,
      unit,
      baseline,
      targets,
      results: entries.map(({ name, rows: own, times }) => {
        times.sort((a, b) => a - b);
        return { name, rows: own, value: median(times), best: times[0], worst: times.at(-1) };
      }),
    });
  }

  /**
   * Values measured by other means than time, such as bytes a row.
   * @param {{ title: string, unit: string, values: Record<string, number>, rows?: number, baseline?: string, targets?: Record<string, Target> }} spec
   * @returns {Group}
   */
  values({ title, unit, values, rows, baseline, targets }) {
    const results = Object.entries(values).map(([name, value]) => ({ name, rows, value }));
    return this.#add({ title, unit, baseline, targets, results });
  }

  #add({ title, unit, baseline, targets = {}, results }) {
    const figureOf = (name) => {
      const found = results.find((result) => result.name === name);
      if (found === undefined) throw new RangeError(`${title}: there is no alternative ${JSON.stringify(name)}`);
      return found.value;
    };
    for (const name of Object.keys(targets)) figureOf(name);
    const group = {
      title,
      unit,
      baseline,
      results: results.map((result) => ({
        ...result,
        ...(baseline !== undefined && { ratio: result.value / figureOf(baseline) }),
        targets: judge(result, targets[result.name], baseline, figureOf, unit),
      })),
    };
    this.groups.push(group);
    this.#onGroup(group);
    return group;
  }
}

function judge({ name, value }, target, baseline, figureOf, unit) {
  if (target === undefined) return [];
  const targets = [];
  if (target.value !== undefined) targets.push({ text: `<= ${target.value} ${unit}`, met: value <= target.value });
  if (target.ratio !== undefined) {
    const of = target.of ?? baseline;
    if (of === undefined) throw new RangeError(`the target of ${name} is a ratio, but to what?`);
    const named = Array.isArray(of) ? " of the best peer" : of === baseline ? "" : ` of ${of}`;
    targets.push({
      text: `<= ${target.ratio}x${named}`,
      met: value <= target.ratio * Math.min(...[of].flat().map(figureOf)),
    });
  }
  if (target.either !== true) return targets;
  return [{ text: targets.map(({ text }) => text).join(" or "), met: targets.some(({ met }) => met) }];
}

async function timeOnce({ setup, run, teardown }, repeat, settle) {
  const state = await setup?.();
  await collect();
  for (let i = 0; i < settle; i++) await run(state);
  let result;
  const start = process.hrtime.bigint();
  for (let i = 0; i < repeat; i++) {
    result = run(state);
    if (result instanceof Promise) result = await result;
  }
  const spent = Number(process.hrtime.bigint() - start) / repeat;
  await teardown?.(state, result);
  return spent;
}

/**
 * Bytes that what `make` returns keeps alive, after collection: JavaScript heap plus memory outside it. Shared WebAssembly
 * memory is not among them: add what the store's memoryStats says.
 */
export async function bytesHeld(make) {
  await settle();
  const before = process.memoryUsage();
  const held = await make();
  await settle();
  const after = process.memoryUsage();
  const bytes = after.heapUsed - before.heapUsed + (after.external - before.external);
  return { bytes, held };
}

async function settle() {
  for (let i = 0; i < 3; i++) {
    await collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * A collection, and the end of what it leaves to other threads: they sweep for some 20 ms where there are a million objects,
 * on the processors and through the caches of whoever is timed meanwhile, which weighs most on who takes least.
 */
async function collect() {
  if (typeof globalThis.gc !== "function") throw new Error("benchmarks need node --expose-gc: use npm run bench");
  globalThis.gc();
  const deadline = performance.now() + 500;
  for (let quiet = 0; quiet < 2 && performance.now() < deadline; ) {
    const before = process.cpuUsage();
    await setTimeout(5);
    const { user, system } = process.cpuUsage(before);
    // A tenth of a processor: the timer itself takes less.
    quiet = user + system < 500 ? quiet + 1 : 0;
  }
}

/** The middle of sorted numbers. */
const median = (sorted) => {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
