import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readmeExamples } from "../../scripts/readme-examples.mjs";

const fenced = (marker: string, language: string, text: string) => `${marker}\n\`\`\`${language}\n${text}\n\`\`\`\n`;

test("takes marked examples, each with what it prints", () => {
  const markdown = [
    "# Title",
    fenced("<!-- run -->", "ts", "console.log(1);\nconsole.log(2);"),
    "It prints:",
    fenced("<!-- prints -->", "text", "1\n2"),
    fenced("Not marked:", "ts", "nonsense("),
    fenced("<!-- run -->", "ts", "export {};"),
  ].join("\n");
  expect(readmeExamples(markdown)).toEqual([
    { code: "console.log(1);\nconsole.log(2);", prints: "1\n2" },
    { code: "export {};", prints: undefined },
  ]);
});

test("refuses output that belongs to no example", () => {
  expect(() => readmeExamples(fenced("<!-- prints -->", "text", "1"))).toThrow(/without an example/);
});

test("the README begins with an example that is run", () => {
  expect(readmeExamples(readFileSync(new URL("../../README.md", import.meta.url), "utf8"))[0]!.code).toContain('from "faun"');
});
