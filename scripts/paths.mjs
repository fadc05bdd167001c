import { fileURLToPath } from "node:url";

/** The project's folder, with a trailing slash. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** An absolute path from one relative to the project's folder. */
export const fromRoot = (path) => root + path;

/** The compilers the types must hold on: the newest, and the oldest that is promised. */
export const compilers = [
  { name: "typescript 7", tsc: fromRoot("node_modules/typescript/bin/tsc") },
  { name: "typescript 5.9", tsc: fromRoot("node_modules/typescript-5.9/bin/tsc") },
];
