/** What can be told to stop. */
interface Interruptible {
  interrupt(): void;
}

interface ProcessEvents {
  on(event: "exit", listener: () => void): void;
}

const running = new Set<Interruptible>();
let listening = false;

/**
 * A process that exits while a statement runs waits for it, for ever if the statement waits for JavaScript: on exit
 * whatever runs is interrupted. Returns what is to be called when the statement has ended.
 */
export function interruptOnExit(statement: Interruptible): () => void {
  if (!listening) {
    listening = true;
    (globalThis as { process?: ProcessEvents }).process?.on("exit", () => {
      for (const each of running) each.interrupt();
    });
  }
  running.add(statement);
  return () => running.delete(statement);
}
