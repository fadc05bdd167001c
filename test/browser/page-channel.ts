import type { IncomingMessage, ServerResponse } from "node:http";
import { type Command, LAST, type Message } from "./page/channel.ts";

/** How long a page waits for the next command before it asks anew. */
const POLL_MS = 20_000;

/**
 * How tests talk with a page, whichever browser it is in: the page asks the server for commands, does them, and posts what they
 * came to. No browser needs to be driven for it, and pages run under their own policy only.
 */
export class PageChannel {
  readonly url: string;
  /** What was thrown beside what was asked. */
  readonly errors: string[] = [];
  onWord: (word: string) => void = () => {};
  readonly #commands: Command[] = [];
  readonly #calls = new Map<number, { resolve(result: never): void; reject(error: Error): void }>();
  #onGone: () => void = () => {};
  #poll: ServerResponse | null = null;
  #isReady = false;
  #waiting: (() => void)[] = [];
  #lastCall = 0;

  constructor(url: string) {
    this.url = url;
  }

  /** Resolves once the page is there. */
  async ready(): Promise<void> {
    if (!this.#isReady) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Has the page load itself anew, and waits until it is there. What was asked of it before is not answered. */
  async reload(): Promise<void> {
    this.#isReady = false;
    void this.ask("reloadPage", []);
    await this.ready();
  }

  /** Has the page close itself, and waits until it does. */
  async close(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      this.#onGone = resolve;
    });
    void this.ask("closePage", []);
    await gone;
  }

  ask(name: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = ++this.#lastCall;
      this.#calls.set(call, { resolve, reject });
      this.#commands.push({ call, name, args });
      this.#send();
    });
  }

  /** Serves a request of the page. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.endsWith(LAST)) {
      // Never ended: it breaks off when the page goes. Enough for a browser that looks at the beginning of what it gets.
      response.on("close", this.#onGone).writeHead(200, { "Content-Type": "text/plain" }).write(" ".repeat(4096));
      return;
    }
    if (request.method !== "POST") {
      this.#poll = response;
      setTimeout(() => {
        if (this.#poll !== response) return;
        this.#poll = null;
        response.writeHead(204).end();
      }, POLL_MS).unref();
      this.#send();
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    response.writeHead(204).end();
    this.#take(JSON.parse(Buffer.concat(parts).toString()) as Message);
  }

  #send(): void {
    if (this.#poll === null || this.#commands.length === 0) return;
    this.#poll.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(this.#commands.shift()));
    this.#poll = null;
  }

  #take(message: Message): void {
    if (message.kind === "ready") {
      this.#isReady = true;
      // That of the page before.
      this.#poll = null;
      this.#calls.clear();
      for (const resolve of this.#waiting.splice(0)) resolve();
    } else if (message.kind === "word") this.onWord(message.word);
    else if (message.kind === "thrown") this.errors.push(message.error);
    else {
      const { call, result, error } = message;
      if (error === undefined) this.#calls.get(call)?.resolve(result as never);
      else this.#calls.get(call)?.reject(new Error(error));
      this.#calls.delete(call);
    }
  }
}
