import { rmSync } from "node:fs";
import { fromRoot } from "./paths.mjs";

for (const folder of ["dist", "build"]) rmSync(fromRoot(folder), { recursive: true, force: true });
