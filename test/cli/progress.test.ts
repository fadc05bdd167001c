import { expect, test } from "vitest";
import { type Screen, startProgress } from "../../src/cli/terminal/progress.ts";

function screen(isTTY: boolean): Screen & { text: string } {
  return {
    isTTY,
    text: "",
    write(text) {
      this.text += text;
    },
  };
}

test("a terminal gets a bar that is gone in the end", () => {
  const tty = screen(true);
  let now = 0;
  const progress = startProgress(tty, "verifying", () => now);
  for (let done = 0; done <= 100; done++, now += 10) progress.update(done * 1e6, 100e6);
  progress.finish();
  expect(tty.text.split("\r").length).toBeLessThan(25);
  expect(tty.text).toContain("50.0 MB of 100 MB");
  expect(tty.text.endsWith("\r\u001b[K")).toBe(true);
});

test("a log gets a line a quarter of much, and none of little", () => {
  const log = screen(false);
  const progress = startProgress(log, "verifying");
  for (let done = 0; done <= 100; done++) progress.update(done * 1e6, 100e6);
  progress.finish();
  expect(log.text.split("\n").slice(0, -1)).toEqual([25, 50, 75, 100].map((percent) => `verifying ${percent} % of 100 MB`));
  const quiet = screen(false);
  startProgress(quiet, "verifying").update(500, 1000);
  expect(quiet.text).toBe("");
});
