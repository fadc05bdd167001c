import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Fetches the newest Node that the npm registry has for this platform, into a folder; other work may go on meanwhile.
 * @param {string} folder made for it
 * @returns {Promise<{ node: string } | { missing: string }>} path of the program, or why there is none
 */
export function fetchNewestNode(folder) {
  const { platform, arch } = process;
  // Named here directly: the package `node` downloads these by an install script.
  const name = `node-${platform === "win32" ? "win" : platform}-${arch}`;
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), "{}");
  const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", `${name}@latest`];
  return new Promise((resolve) => {
    const npm = spawn("npm", args, { cwd: folder, shell: platform === "win32", stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    npm.stderr.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    npm.on("error", (error) => resolve({ missing: error.message }));
    npm.on("close", (code) => {
      if (code !== 0) resolve({ missing: `${name} could not be installed: ${said.trim().split("\n")[0]}` });
      else resolve({ node: join(folder, "node_modules", name, "bin", platform === "win32" ? "node.exe" : "node") });
    });
  });
}
