import { CorruptDataError } from "../../errors.ts";
import type { Commit } from "../backend.ts";
import type { CheckpointFacts } from "../log/checkpoint.ts";
import { CommitHistory } from "../log/commit-history.ts";
import { remembered } from "../writer-names.ts";
import type { FileMetaData, KeyValue } from "./format/metadata.ts";

/** Number of the last commit that the file has, in decimal. It is also the version. */
const SEQ_KEY = "faun.seq";
/** The last transaction of each writer, as JSON. */
const WRITERS_KEY = "faun.writers";
/** The last commits, oldest first, as JSON. */
const COMMITS_KEY = "faun.commits";

/** Commits that are remembered. */
const REMEMBERED = 64;

export const noFacts: CheckpointFacts = { seq: 0n, writers: new Map(), commits: CommitHistory.of([]) };

type StoredCommit = readonly [version: string, rows: string, at: string];

const stored = ({ version, rows, at }: Commit): StoredCommit => [version, String(rows), at.toISOString()];

/** The facts as metadata of the footer; the oldest commits, and writers beyond those to remember, are forgotten. */
export function factsMetadata({ seq, writers, commits }: CheckpointFacts): KeyValue[] {
  const lasts = remembered(writers).map(([writer, last]) => [writer, String(last.seq), stored(last.commit)]);
  return [
    { key: SEQ_KEY, value: String(seq) },
    { key: WRITERS_KEY, value: JSON.stringify(lasts) },
    { key: COMMITS_KEY, value: JSON.stringify(commits.last(REMEMBERED).map(stored)) },
  ];
}

/** @throws CorruptDataError where they are not there, or not to be understood */
export function factsOf(metadata: FileMetaData, place: string, durability: Commit["durability"]): CheckpointFacts {
  const find = (key: string): string => {
    const value = metadata.keyValueMetadata?.find((entry) => entry.key === key)?.value;
    if (value === undefined) throw new CorruptDataError(`${place}: its footer has no "${key}"`);
    return value;
  };
  const commit = ([version, rows, at]: StoredCommit): Commit => ({ version, rows: BigInt(rows), at: new Date(at), durability });
  try {
    const writers = JSON.parse(find(WRITERS_KEY)) as [string, string, StoredCommit][];
    return {
      seq: BigInt(find(SEQ_KEY)),
      writers: new Map(writers.map(([writer, seq, last]) => [writer, { seq: BigInt(seq), commit: commit(last) }])),
      commits: CommitHistory.of((JSON.parse(find(COMMITS_KEY)) as StoredCommit[]).map(commit)),
    };
  } catch (cause) {
    if (cause instanceof CorruptDataError) throw cause;
    throw new CorruptDataError(`${place}: what its footer says of its commits cannot be understood`, { cause });
  }
}
