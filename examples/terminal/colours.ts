import pc from "picocolors";

export type Colours = ReturnType<typeof pc.createColors>;

/** Colours for a terminal that wants them: never into a pipe or file, nor where NO_COLOR is set; FORCE_COLOR insists. */
export function coloursFor(
  screen: { readonly isTTY?: boolean | undefined },
  env: Readonly<Record<string, string | undefined>>,
): Colours {
  if (env.NO_COLOR) return pc.createColors(false);
  if (env.FORCE_COLOR) return pc.createColors(env.FORCE_COLOR !== "0");
  return pc.createColors(screen.isTTY === true && env.TERM !== "dumb");
}
