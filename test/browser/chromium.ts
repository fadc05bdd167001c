import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContext, chromium } from "playwright-core";

/** How Chromium is told or got, for messages. */
export const HOW = "install Chromium (Debian: apt-get install chromium) or name one in FAUN_CHROMIUM";

/** The Chromium to be driven: that of FAUN_CHROMIUM, else the first that PATH has; null where there is none. */
export function findChromium(): string | null {
  const { FAUN_CHROMIUM: named, PATH = "" } = process.env;
  if (named !== undefined && named !== "") return named;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    for (const folder of PATH.split(delimiter)) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {}
    }
  }
  return null;
}

// Root, as in containers, gets no sandbox; and /dev/shm is small there.
const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];

export const launch = (executablePath: string): Promise<Browser> => chromium.launch({ executablePath, args });

/** A browser that keeps what pages store in a folder, and can be ended and started again. */
export const launchIn = (folder: string, executablePath: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, { executablePath, args });
