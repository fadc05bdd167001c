import type { Commit } from "../backend.ts";

/** Commits that are remembered. */
const REMEMBERED = 1000;

/**
 * The last commits, oldest first. It does not change; the one that has a commit more lies over the same memory, so that a
 * commit costs the same however many are remembered.
 */
export class CommitHistory {
  /** Of this history the first `#length`; of later ones more. */
  readonly #commits: Commit[];
  readonly #length: number;

  private constructor(commits: Commit[], length: number) {
    this.#commits = commits;
    this.#length = length;
  }

  static of(commits: readonly Commit[]): CommitHistory {
    return new CommitHistory(commits.slice(-REMEMBERED), Math.min(commits.length, REMEMBERED));
  }

  /** With one more commit. O(1) on average. */
  with(commit: Commit): CommitHistory {
    // Another one was put behind this history, or what is forgotten has grown as long as what is not.
    const apart = this.#commits.length > this.#length || this.#length >= 2 * REMEMBERED;
    const commits = apart ? this.last() : this.#commits;
    commits.push(commit);
    return new CommitHistory(commits, commits.length);
  }

  /** @param count at most so many, of those that are remembered */
  last(count: number = REMEMBERED): Commit[] {
    return this.#commits.slice(Math.max(this.#length - Math.min(count, REMEMBERED), 0), this.#length);
  }
}
