import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";

/**
 * How the package's types resolve, for a package of ECMAScript modules only: `require` and the resolution of before
 * Node's `exports` are no promise of it, and what is wrong there is left out.
 * @param {string} tarball path of what npm packed
 * @returns {Promise<string[]>} a line for each problem
 */
export async function typeProblems(tarball) {
  const { types, problems } = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
  if (types === false) return ["no types are found at all"];
  return problems
    .filter(({ resolutionKind }) => resolutionKind !== "node10" && resolutionKind !== "node16-cjs")
    .map((problem) => JSON.stringify(problem));
}
