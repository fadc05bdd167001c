import fc from "fast-check";
import { expect, test } from "vitest";
import type { Commit } from "../../src/persistence/backend.ts";
import { CommitHistory } from "../../src/persistence/log/commit-history.ts";

const commit = (n: number): Commit => ({ version: String(n), rows: BigInt(n), at: new Date(n), durability: "local" });

test("a history keeps the last thousand commits, and stays as it is when others go on from it", () => {
  fc.assert(
    // Which history each commit goes on from: mostly the last, sometimes one of before, as after a commit that failed.
    fc.property(fc.array(fc.nat(9), { maxLength: 30 }), fc.nat(2100), (back, many) => {
      const model: Commit[][] = [[commit(0)]];
      const histories = [CommitHistory.of([commit(0)])];
      const goOn = (from: number, n: number) => {
        histories.push(histories[from].with(commit(n)));
        model.push([...model[from], commit(n)].slice(-1000));
      };
      for (let n = 0; n < many; n++) {
        histories.push((histories.pop() as CommitHistory).with(commit(n)));
        model.push([...(model.pop() as Commit[]), commit(n)].slice(-1000));
      }
      back.forEach((steps, n) => {
        goOn(Math.max(histories.length - 1 - Math.max(steps - 6, 0), 0), 10_000 + n);
      });
      histories.forEach((history, i) => {
        expect(history.last()).toEqual(model[i]);
        expect(history.last(64)).toEqual(model[i].slice(-64));
      });
    }),
    { numRuns: 20 },
  );
});
