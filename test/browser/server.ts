import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PageChannel } from "./page-channel.ts";

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
  /** Faun's worker and the codecs' WebAssembly are not served. */
  bare: {},
} as const satisfies Record<string, Record<string, string>>;

export type Rules = keyof typeof RULES;

const page = (script: string) =>
  `<!doctype html><meta charset="utf-8"><title>Faun</title><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;

/** Serves files from memory, for any path that ends in a slash a page that runs `page.js`, and the channels of pages. */
export class PageServer {
  readonly #server: Server;
  readonly #channels = new Map<string, PageChannel>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(files: ReadonlyMap<string, string | Uint8Array>): Promise<PageServer> {
    const server = createServer((request, response) => {
      const [, rules = "", name = ""] = /^\/([^/?]+)\/([^?]*)/.exec(request.url ?? "") ?? [];
      const channel = pages.#channels.get(/^channel\/(\d+)/.exec(name)?.[1] ?? "");
      if (channel !== undefined) {
        void channel.serve(request, response).catch(() => response.destroy());
        return;
      }
      const missing = rules === "bare" && /worker\.js$|\.wasm$/.test(name);
      const content = name === "" ? page("page.js") : missing ? undefined : files.get(name);
      if (!Object.hasOwn(RULES, rules) || content === undefined) {
        response.writeHead(404).end();
        return;
      }
      const type =
        name === "" ? "text/html; charset=utf-8" : name.endsWith(".wasm") ? "application/wasm" : "text/javascript; charset=utf-8";
      response.writeHead(200, { "Content-Type": type, ...RULES[rules as Rules] }).end(content);
    });
    const pages = new PageServer(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return pages;
  }

  /** The channel of a page that is yet to be opened. @param host another one is another site to browsers, with processes of its own */
  channel(rules: Rules, host: "localhost" | "127.0.0.1" = "localhost"): PageChannel {
    const id = `${this.#channels.size + 1}`;
    const url = new URL(`${this.url(rules)}?page=${id}`);
    url.hostname = host;
    const channel = new PageChannel(url.href);
    this.#channels.set(id, channel);
    return channel;
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
