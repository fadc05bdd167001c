/** A transaction whose function is running. */
interface Scope {
  readonly database: object;
  readonly outer: Scope | undefined;
  over: boolean;
}

interface ScopeStorage {
  run<R>(scope: Scope, body: () => R): R;
  getStore(): Scope | undefined;
}

interface NodeProcess {
  getBuiltinModule?(name: "node:async_hooks"): { AsyncLocalStorage: new () => ScopeStorage };
}

let storage: ScopeStorage | null | undefined;

/** null where the platform does not tell which call led to which. */
function scopes(): ScopeStorage | null {
  if (storage === undefined) {
    const { process } = globalThis as { process?: NodeProcess };
    const hooks = process?.getBuiltinModule?.("node:async_hooks");
    storage = hooks === undefined ? null : new hooks.AsyncLocalStorage();
  }
  return storage;
}

/** Runs the function of a transaction, so that {@link inTransaction} holds for whatever it calls until it has ended. */
export async function runInScope<R>(database: object, body: () => Promise<R>): Promise<R> {
  const known = scopes();
  if (known === null) return body();
  const scope: Scope = { database, outer: known.getStore(), over: false };
  try {
    return await known.run(scope, body);
  } finally {
    scope.over = true;
  }
}

/** Whether the caller was called by the function of a transaction on the database that is still running. */
export function inTransaction(database: object): boolean {
  for (let scope = scopes()?.getStore(); scope !== undefined; scope = scope.outer)
    if (scope.database === database && !scope.over) return true;
  return false;
}
