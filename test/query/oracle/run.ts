import { QueryError } from "../../../src/errors.ts";
import type { Plan } from "../../../src/query/plan.ts";
import { difference, type OracleRow, type Row } from "./compare.ts";
import { type Dataset, type Place, randomDataset } from "./dataset.ts";
import type { Duck } from "./duck.ts";
import { type Question, randomQuestions } from "./plans.ts";
import { Random } from "./random.ts";

/** Answers a plan on the store of a data set. */
export type Answer = (dataset: Dataset, plan: Plan) => readonly Row[] | Promise<readonly Row[]>;

export interface Tally {
  plans: number;
  rows: number;
  /** Both refused: a number left its range. */
  refused: number;
  /** One refused, which the other need not: it may not have computed that row at all. */
  undecided: number;
}

export interface Mismatch {
  readonly seed: number;
  readonly message: string;
}

export const PLANS_PER_DATASET = 25;

/**
 * Asks both for random plans over the random data of one seed.
 * @returns the first mismatch, told with the shortest part of its plan that shows it
 */
export async function runSeed(
  seed: number,
  place: Place,
  duck: Duck,
  answer: Answer,
  tally: Tally,
): Promise<Mismatch | undefined> {
  const rng = new Random(seed);
  const dataset = randomDataset(rng, place);
  await duck.load(dataset);
  for (let i = 0; i < PLANS_PER_DATASET; i++) {
    const questions = randomQuestions(rng, dataset);
    const whole = questions.at(-1);
    if (whole === undefined) continue;
    tally.plans++;
    const problem = await ask(whole, dataset, duck, answer, tally);
    if (problem === undefined) continue;
    for (const part of questions) {
      const found = await ask(part, dataset, duck, answer, { plans: 0, rows: 0, refused: 0, undecided: 0 });
      if (found !== undefined) return { seed, message: describe(found, part, dataset) };
    }
    return { seed, message: describe(problem, whole, dataset) };
  }
  return undefined;
}

async function ask(question: Question, dataset: Dataset, duck: Duck, answer: Answer, tally: Tally): Promise<string | undefined> {
  const expected = await attempt<readonly OracleRow[]>(() => duck.ask(question.sql));
  const found = await attempt(() => answer(dataset, question.plan));
  if (expected.error !== undefined && !isRange(expected.error)) return `the oracle fails: ${expected.error.message}`;
  if (found.error !== undefined) {
    if (!(found.error instanceof QueryError) || !/range|leaves|lies (before|behind|after|beyond)/i.test(found.error.message)) {
      return `fails: ${found.error.stack}`;
    }
    if (expected.error !== undefined) tally.refused++;
    else tally.undecided++;
    return undefined;
  }
  if (expected.error !== undefined) {
    tally.undecided++;
    return undefined;
  }
  tally.rows += expected.value.length;
  return difference(question, found.value, expected.value);
}

type Attempt<T> = { readonly value: T; readonly error?: undefined } | { readonly error: Error };

async function attempt<T>(run: () => T | Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await run() };
  } catch (error) {
    return { error: error as Error };
  }
}

const isRange = (error: Error) => /out of range|overflow/i.test(error.message);

function describe(problem: string, question: Question, dataset: Dataset): string {
  return [problem, `plan: ${JSON.stringify(question.plan)}`, `SQL: ${question.sql}`, `data: ${dataset.about}`].join("\n");
}
