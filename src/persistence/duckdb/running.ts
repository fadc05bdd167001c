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

/** Milliseconds from one interrupt to the next. */
const INTERRUPT_AGAIN = 20;

/**
 * Interrupts whatever runs, until what is returned is called: an interrupt that comes before the engine has begun a statement
 * is forgotten when it does.
 */
export function keepInterrupting(statement: Interruptible): () => void {
  statement.interrupt();
  const timer = setInterval(() => statement.interrupt(), INTERRUPT_AGAIN);
  return () => clearInterval(timer);
}

/** Interrupts whatever runs from the moment on at which the signal aborts, until what is returned is called. */
export function interruptOnAbort(statement: Interruptible, signal: AbortSignal | null | undefined): () => void {
  if (signal == null) return () => {};
  let stop = () => {};
  const interrupt = () => {
    stop = keepInterrupting(statement);
  };
  signal.addEventListener("abort", interrupt, { once: true });
  return () => {
    signal.removeEventListener("abort", interrupt);
    stop();
  };
}
