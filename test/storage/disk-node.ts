/** What the simulated disk is made of: files and folders that know which of their changes are durable. */

/** From 0 to below 1. */
export type Random = () => number;

/** What is certain to be there after a crash, what may be, and what no sync will ever make certain. */
type State = "synced" | "pending" | "doomed";

/** The unit that a torn write is torn in. */
const SECTOR = 512;

type Write = { readonly offset: number; readonly bytes: Uint8Array } | { readonly length: number };

export type FolderChange =
  | { readonly kind: "add"; readonly name: string; readonly node: DiskNode }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "rename"; readonly name: string; readonly to: string; readonly node: DiskNode };

export type DiskNode = DiskFile | DiskFolder;

/** Nodes by those they were copied from: a file with two names stays one. */
type Copies = Map<DiskNode, DiskNode>;

/** Changes in order, each with what a crash may do to it. */
class Journal<C> {
  entries: { change: C; state: State }[] = [];

  add(change: C): void {
    this.entries.push({ change, state: "pending" });
  }

  mark(state: State): void {
    for (const entry of this.entries) if (entry.state === "pending") entry.state = state;
  }
}

export class DiskFile {
  /** What whoever reads now sees. */
  live: Uint8Array = new Uint8Array(0);
  #base: Uint8Array = new Uint8Array(0);
  readonly #journal = new Journal<Write>();

  write(offset: number, bytes: Uint8Array): void {
    const change = { offset, bytes: bytes.slice() };
    this.#journal.add(change);
    this.live = applied(this.live, change);
  }

  truncate(length: number): void {
    this.#journal.add({ length });
    this.live = applied(this.live, { length });
  }

  sync(): void {
    this.#journal.mark("synced");
    if (this.#journal.entries.every(({ state }) => state === "synced")) {
      this.#base = this.live;
      this.#journal.entries = [];
    }
  }

  failSync(): void {
    this.#journal.mark("doomed");
  }

  crashed(random: Random, copies: Copies): DiskFile {
    const known = copies.get(this);
    if (known !== undefined) return known as DiskFile;
    const file = new DiskFile();
    copies.set(this, file);
    let content = this.#base;
    for (const { change, state } of this.#journal.entries) {
      const luck = state === "synced" ? 0 : random();
      if (luck < 0.4) content = applied(content, change);
      else if (luck >= 0.7 && "bytes" in change) content = torn(content, change, random);
    }
    file.live = content;
    file.#base = content;
    return file;
  }

  copied(copies: Copies): DiskFile {
    const known = copies.get(this);
    if (known !== undefined) return known as DiskFile;
    const file = new DiskFile();
    copies.set(this, file);
    file.live = this.live;
    file.#base = this.#base;
    file.#journal.entries = this.#journal.entries.map((entry) => ({ ...entry }));
    return file;
  }
}

export class DiskFolder {
  live = new Map<string, DiskNode>();
  #base = new Map<string, DiskNode>();
  readonly #journal = new Journal<FolderChange>();

  change(change: FolderChange): void {
    this.#journal.add(change);
    enter(this.live, change);
  }

  sync(): void {
    this.#journal.mark("synced");
    if (this.#journal.entries.every(({ state }) => state === "synced")) {
      this.#base = new Map(this.live);
      this.#journal.entries = [];
    }
  }

  failSync(): void {
    this.#journal.mark("doomed");
  }

  crashed(random: Random, copies: Copies): DiskFolder {
    const known = copies.get(this);
    if (known !== undefined) return known as DiskFolder;
    const folder = new DiskFolder();
    copies.set(this, folder);
    const content = new Map(this.#base);
    for (const { change, state } of this.#journal.entries) {
      const luck = state === "synced" ? 0 : random();
      if (luck < 0.5) enter(content, change);
      // Halfway through a rename the file has both names; the new one is never without a file.
      else if (luck >= 0.8 && change.kind === "rename") content.set(change.to, change.node);
    }
    for (const [name, node] of content) folder.live.set(name, node.crashed(random, copies));
    folder.#base = new Map(folder.live);
    return folder;
  }

  copied(copies: Copies): DiskFolder {
    const known = copies.get(this);
    if (known !== undefined) return known as DiskFolder;
    const folder = new DiskFolder();
    copies.set(this, folder);
    const copy = (nodes: Map<string, DiskNode>) => new Map([...nodes].map(([name, node]) => [name, node.copied(copies)]));
    folder.live = copy(this.live);
    folder.#base = copy(this.#base);
    folder.#journal.entries = this.#journal.entries.map(({ change, state }) => ({
      change: "node" in change ? { ...change, node: change.node.copied(copies) } : change,
      state,
    }));
    return folder;
  }
}

function enter(content: Map<string, DiskNode>, change: FolderChange): void {
  if (change.kind === "remove") content.delete(change.name);
  else if (change.kind === "add") content.set(change.name, change.node);
  else {
    content.delete(change.name);
    content.set(change.to, change.node);
  }
}

function applied(content: Uint8Array, change: Write): Uint8Array {
  const length = "length" in change ? change.length : Math.max(content.length, change.offset + change.bytes.length);
  const next = new Uint8Array(length);
  next.set(content.subarray(0, length));
  if ("bytes" in change) next.set(change.bytes, change.offset);
  return next;
}

/** Of each sector that the write covers: what was written, what was there (zeros behind the end), or whatever lay on the medium. */
function torn(content: Uint8Array, { offset, bytes }: { offset: number; bytes: Uint8Array }, random: Random): Uint8Array {
  const end = offset + bytes.length;
  // The length may have reached the disk without the bytes, or only a part of it.
  const reached = random() < 0.5 ? end : offset + Math.floor(random() * (bytes.length + 1));
  const next = new Uint8Array(Math.max(content.length, reached));
  next.set(content);
  for (let from = offset; from < reached; ) {
    const to = Math.min(reached, (Math.floor(from / SECTOR) + 1) * SECTOR);
    const luck = random();
    if (luck < 0.5) next.set(bytes.subarray(from - offset, to - offset), from);
    else if (luck > 0.9) for (let i = from; i < to; i++) next[i] = Math.floor(random() * 256);
    from = to;
  }
  return next;
}
