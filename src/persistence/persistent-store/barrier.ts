/** A unit of the queue that nothing passes: what was asked before it is done before, what is asked after it after. */
export interface Barrier {
  readonly kind: "barrier";
  /** No row is left once it is done. */
  readonly empties: boolean;
  /** What is queued behind it is to be validated again once it is done or failed. */
  readonly changesRows: boolean;
  /** What became of an earlier commit, if that is not known, does not matter to it. */
  readonly settles: boolean;
  run(): Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}
