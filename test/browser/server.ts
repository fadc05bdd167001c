import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Headers by the first folder of the path: the same files under other rules. */
export const RULES = {
  /** Cross-origin isolated: memory may be shared with workers. */
  isolated: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
  plain: {},
  /** Code from strings is forbidden. */
  strict: {
    "Content-Security-Policy":
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'",
  },
} as const satisfies Record<string, Record<string, string>>;

export type Rules = keyof typeof RULES;

const page = (script: string) =>
  `<!doctype html><meta charset="utf-8"><title>Faun</title><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;

/** Serves files from memory, and for any path that ends in a slash a page that runs `page.js`. */
export class PageServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(files: ReadonlyMap<string, string | Uint8Array>): Promise<PageServer> {
    const server = createServer((request, response) => {
      const [, rules = "", name = ""] = /^\/([^/?]+)\/([^?]*)/.exec(request.url ?? "") ?? [];
      const content = name === "" ? page("page.js") : files.get(name);
      if (!Object.hasOwn(RULES, rules) || content === undefined) {
        response.writeHead(404).end();
        return;
      }
      const type =
        name === "" ? "text/html; charset=utf-8" : name.endsWith(".wasm") ? "application/wasm" : "text/javascript; charset=utf-8";
      response.writeHead(200, { "Content-Type": type, ...RULES[rules as Rules] }).end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new PageServer(server);
  }

  /** A page under rules. */
  url(rules: Rules): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}/${rules}/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
