// A page's end of page-channel.ts.

/** What a page is told to do: to call a function with arguments. */
export interface Command {
  readonly call: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What a page tells: that it is there; what a command came to; what was thrown beside; a word on the way. */
export type Message =
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly call: number; readonly result?: unknown; readonly error?: string }
  | { readonly kind: "thrown"; readonly error: string }
  | { readonly kind: "word"; readonly word: string };

/** The end of the path of a request that a page makes before it goes, and that the tests see break off when it is gone. */
export const LAST = "/last";

const id = typeof document === "undefined" ? null : new URLSearchParams(location.search).get("page");
const path = `channel/${id}`;

/** Fails where the page is about to go: then nobody waits for it. */
const post = async (message: Message): Promise<void> => {
  await fetch(path, { method: "POST", body: JSON.stringify(message) }).catch(() => {});
};

const described = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ""}` : String(error);

/** Tells the tests a word, without waiting until they have it. */
export function tell(word: string): void {
  void post({ kind: "word", word });
}

/** Has the tests see it when the page is gone. */
export async function announceEnd(): Promise<void> {
  await fetch(path + LAST);
}

/** Does what the tests want done until the page is no more. In a page that was opened without an id: nothing. */
export async function follow(functions: Readonly<Record<string, (...args: unknown[]) => unknown>>): Promise<void> {
  if (id === null) return;
  addEventListener("error", (event) => void post({ kind: "thrown", error: described(event.error ?? event.message) }));
  addEventListener("unhandledrejection", ({ reason }) => void post({ kind: "thrown", error: described(reason) }));
  await post({ kind: "ready" });
  for (;;) {
    // It fails where the page is about to go.
    const response = await fetch(path, { cache: "no-store" }).catch(() => null);
    if (response?.status !== 200) {
      if (response === null) await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    const { call, name, args } = (await response.json()) as Command;
    void (async () => functions[name]!(...args))().then(
      (result) => post({ kind: "answer", call, result }),
      (error) => post({ kind: "answer", call, error: described(error) }),
    );
  }
}
