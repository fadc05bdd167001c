import type { Ui } from "./terminal/ui.ts";

/** What a part of the demo works with. */
export interface Demo {
  readonly ui: Ui;
  /** How many orders the big run makes. */
  readonly rows: number;
  /** Says that something is so, and ends the demo where it is not. */
  check(claim: string, holds: boolean): void;
}

/** Something the demo says of Faun turned out to be wrong. */
export class CheckFailed extends Error {
  override readonly name = "CheckFailed";
}

/** A demo that shows what it checks, and keeps it in `claims`. */
export function createDemo(ui: Ui, rows: number): Demo & { readonly claims: readonly string[] } {
  const claims: string[] = [];
  return {
    ui,
    rows,
    claims,
    check(claim, holds) {
      if (!holds) throw new CheckFailed(claim);
      claims.push(claim);
      ui.text(`${ui.colours.green("✓")} ${claim}`);
    },
  };
}
