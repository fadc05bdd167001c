// Runs one suite and sends its results to run.mjs, which started this process.
import { pathToFileURL } from "node:url";
import { Harness } from "./harness.mjs";

process.once("message", async ({ path, scale, rounds }) => {
  const harness = new Harness({
    scale,
    rounds,
    onGroup: (group) => process.send({ group }),
    onRound: (title, round, of) => process.send({ progress: `${title}: round ${round + 1} of ${of}` }),
  });
  const { default: suite } = await import(pathToFileURL(path).href);
  await suite.run(harness);
  process.disconnect();
});
