import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Skipped, UNREACHABLE } from "./environment.mjs";

/** Tests of other projects, which ship the Parquet files that those keep for them. All of the Apache License 2.0. */
const ARCHIVES = [
  "org.apache.spark:spark-sql_2.13:4.0.0",
  "org.apache.parquet:parquet-hadoop:1.15.2",
  "org.apache.parquet:parquet-avro:1.15.2",
  "org.apache.drill.exec:drill-java-exec:1.21.2",
];
const COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy";

/** Paths of the archives, fetched once by Maven. @throws Skipped where Maven, or what it fetches from, is not to be had */
export function goldenArchives(say) {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "faun", "golden");
  mkdirSync(folder, { recursive: true });
  return ARCHIVES.map((artifact) => {
    const [, name, version] = artifact.split(":");
    const path = join(folder, `${name}-${version}-tests.jar`);
    if (existsSync(path)) return path;
    say(`Fetching ${artifact} ...`);
    const args = [
      "-q",
      "-B",
      COPY,
      `-Dartifact=${artifact}:jar:tests`,
      `-DoutputDirectory=${folder}`,
      "-Dmdep.useBaseVersion=true",
    ];
    const { status, stdout, stderr, error } = spawnSync("mvn", args, { encoding: "utf8", timeout: 600_000, cwd: folder });
    if (error?.code === "ENOENT") throw new Skipped("there is no mvn here");
    if (status === 0 && existsSync(path)) return path;
    const told = `${stdout}${stderr}`;
    if (error !== undefined || UNREACHABLE.test(told)) throw new Skipped("Maven's repository cannot be reached");
    throw new Error(`mvn could not fetch ${artifact}\n${told}`);
  });
}
