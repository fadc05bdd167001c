/**
 * What the compiler says, on every TypeScript that is promised (scripts/paths.mjs).
 *
 * cases/*.ts       must compile. Assert inferred types with `Equal` and `Expect` of cases/assert.ts, and what must not
 *                  compile with `// @ts-expect-error` on the line above (an unused one is itself an error).
 * messages/*.ts    one mistake a file, as a user would make it. Each must give exactly one error, without the word
 *                  `never`, and read as in messages/expected/<file>.<compiler>.txt. After a deliberate change of the
 *                  wording: `npx vitest run test/types -u`, and read the diff as a user would.
 *
 * Both import from "faun", which is src/index.ts. Nothing here is run.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compilers } from "../../scripts/paths.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const filesOf = (folder: string) =>
  readdirSync(new URL(folder, import.meta.url), { encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

/** The compiler's errors by the file they are in, paths relative to this folder, follow-up lines kept. */
function errorsOf(tsc: string, project: string): Map<string, string[]> {
  const { stdout, stderr, error } = spawnSync(process.execPath, [tsc, "--project", project, "--pretty", "false"], {
    cwd: here,
    encoding: "utf8",
  });
  if (error) throw error;
  if (stderr !== "") throw new Error(stderr);
  const errors = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of stdout.split("\n").filter((text) => text.trim() !== "")) {
    const start = /^(?:(.+?)\((\d+),\d+\): )?(error TS\d+: .*)$/.exec(line);
    if (start !== null) {
      const file = start[1] ?? "(project)";
      current = errors.get(file) ?? [];
      errors.set(file, current);
      current.push(start[2] === undefined ? start[3]! : `line ${start[2]}: ${start[3]}`);
    } else if (current === undefined) throw new Error(`unexpected output of tsc: ${line}`);
    else current[current.length - 1] += `\n${line}`;
  }
  return errors;
}

describe.each(compilers)("on $name", ({ name, tsc }) => {
  test("the cases compile", () => {
    expect(filesOf("cases")).toContain("assert.ts");
    expect([...errorsOf(tsc, "tsconfig.cases.json")]).toEqual([]);
  });

  describe("the message for", () => {
    const files = filesOf("messages");
    let errors: Map<string, string[]> | undefined;
    test.each(files)("%s", async (file) => {
      errors ??= errorsOf(tsc, "tsconfig.messages.json");
      const found = errors.get(`messages/${file}`) ?? [];
      expect(found).toHaveLength(1);
      expect(found[0]).not.toMatch(/\bnever\b/);
      const golden = `messages/expected/${file.replace(/\.ts$/, "")}.${name.replaceAll(" ", "-")}.txt`;
      await expect(`${found[0]}\n`).toMatchFileSnapshot(golden);
    });

    test("nothing outside these files", () => {
      errors ??= errorsOf(tsc, "tsconfig.messages.json");
      expect([...errors.keys()].sort()).toEqual(files.map((file) => `messages/${file}`).sort());
    });
  });
});
