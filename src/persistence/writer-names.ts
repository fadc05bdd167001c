import type { Transaction } from "./backend.ts";

/** What names of writers begin with that live no longer than an object of this process. */
const SESSION = "session:";

/** Sessions of which the last transaction is kept: nobody asks for it once the session is over. */
const SESSIONS = 64;

/** Writers that come back, such as the sources of `ingest`, of which it is kept. */
const NAMED = 1024;

/** A name that no other writer has. */
export function sessionName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return SESSION + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The writers to remember, of all in the order of their last transactions: sessions do not push out those that come back. */
export function remembered<L>(writers: Iterable<readonly [writer: Transaction["writer"], last: L]>): (readonly [string, L])[] {
  const all = [...writers];
  const isSession = all.map(([writer]) => writer.startsWith(SESSION));
  const room = { session: SESSIONS, named: NAMED };
  const kept: (readonly [string, L])[] = [];
  for (let i = all.length - 1; i >= 0; i--) if (room[isSession[i] ? "session" : "named"]-- > 0) kept.push(all[i]);
  return kept.reverse();
}
