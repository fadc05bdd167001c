/**
 * A disk in memory that does the worst that POSIX allows. Every operation can fail, halfway too; what was not synced
 * may be lost, kept or torn by a crash, each write and each change of a folder by itself. A failed sync has marked
 * what it was to write as clean: no later sync makes it durable.
 *
 *     const disk = new SimulatedDisk();
 *     const storage = new FileStorage("/data", { fileSystem: disk, lock: disk.lock });
 *     disk.onOperation = (operation, index) => (index === 7 ? { code: "ENOSPC" } : undefined);
 *     const after = disk.crash(randomOf(seed));    // what the machine finds when it is back
 */
import { ConflictError } from "faun";
import type { FileHandle, FileStat, FileSystem } from "../../src/persistence/storage/file-system.ts";
import { DiskFile, DiskFolder, type DiskNode, type Random } from "./disk-node.ts";

export type { Random } from "./disk-node.ts";

export type OperationKind =
  | "open"
  | "create"
  | "read"
  | "write"
  | "truncate"
  | "sync"
  | "close"
  | "rename"
  | "link"
  | "unlink"
  | "readdir"
  | "stat"
  | "mkdir"
  | "rmdir"
  | "copy";

export interface Operation {
  readonly kind: OperationKind;
  readonly path: string;
}

export type FaultCode = "ENOENT" | "EIO" | "ENOSPC" | "EINTR" | "EACCES";

/** What goes wrong with an operation. */
export type Fault =
  /** It fails: before it did anything, or (`done`) though it was done. A write has written the first `wrote` bytes. */
  | { readonly code: FaultCode; readonly done?: boolean; readonly wrote?: number }
  /** A read or write that takes no more than so many bytes, at least 1. */
  | { readonly short: number };

/** A generator of numbers from 0 to below 1 that gives the same for the same seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class SimulatedDisk implements FileSystem {
  /** Called before each operation. What it gives goes wrong. */
  onOperation: (operation: Operation, index: number) => Fault | undefined = () => undefined;
  /** Bytes that fit; a write beyond fails with ENOSPC after what fits. */
  capacity = Number.POSITIVE_INFINITY;
  /** Operations so far. */
  operations = 0;
  readonly #root: DiskFolder;
  readonly #handles = new Set<SimulatedHandle>();
  readonly #locks = new Set<string>();

  constructor(root: DiskFolder = new DiskFolder()) {
    this.#root = root;
  }

  /** What a machine may find after a crash at this moment; this disk goes on as if there was none. */
  crash(random: Random): SimulatedDisk {
    return new SimulatedDisk(this.#root.crashed(random, new Map()) as DiskFolder);
  }

  /** What another process finds when the one that uses this disk was killed: all that was written, synced or not. */
  kill(): SimulatedDisk {
    return new SimulatedDisk(this.#root.copied(new Map()) as DiskFolder);
  }

  /** Paths of the files that are open. */
  get openFiles(): string[] {
    return [...this.#handles].map(({ path }) => path);
  }

  /** Paths of all files. */
  get files(): string[] {
    const found: string[] = [];
    const walk = (folder: DiskFolder, path: string) => {
      for (const [name, node] of folder.live) {
        if (node instanceof DiskFolder) walk(node, `${path}/${name}`);
        else found.push(`${path}/${name}`);
      }
    };
    walk(this.#root, "");
    return found;
  }

  /** The bytes of a file as they are now, to look at. */
  content(path: string): Uint8Array {
    return this.#file(path).live;
  }

  /** Overwrites bytes of a file, durably, as a failing medium does. */
  damage(path: string, offset: number, bytes: Uint8Array): void {
    const file = this.#file(path);
    file.write(offset, bytes);
    file.sync();
  }

  readonly lock = async (path: string): Promise<{ release(): Promise<void> }> => {
    if (this.#locks.has(path)) throw new ConflictError(`${path} is locked`);
    this.#locks.add(path);
    return { release: async () => void this.#locks.delete(path) };
  };

  async open(path: string, flags: "r" | "r+" | "wx" | "a+"): Promise<FileHandle> {
    return this.#operation(flags.startsWith("r") ? "open" : "create", path, () => {
      const { folder, name } = this.#parent(path);
      let node = name === "" ? folder : folder.live.get(name);
      if (node === undefined) {
        if (flags.startsWith("r")) throw systemError("ENOENT", path);
        node = new DiskFile();
        folder.change({ kind: "add", name, node });
      } else if (flags === "wx") throw systemError("EEXIST", path);
      const handle = new SimulatedHandle(this, path, node, () => this.#handles.delete(handle));
      this.#handles.add(handle);
      return handle;
    });
  }

  /** Fails with COPYFILE_EXCL, 1, where there is a file. A copy that fails may have made a part of it. */
  async copyFile(from: string, to: string, mode: number): Promise<void> {
    const fault = this.begin("copy", to);
    await Promise.resolve();
    const failing = fault !== undefined && "code" in fault ? fault : null;
    if (failing !== null && failing.done !== true && failing.wrote === undefined) throw systemError(failing.code, to);
    const source = this.#file(from);
    const { folder, name } = this.#parent(to);
    if (folder.live.has(name) && (mode & 1) === 1) throw systemError("EEXIST", to);
    const { room } = this;
    const node = new DiskFile();
    folder.change({ kind: "add", name, node });
    // In pieces, of which a crash keeps some.
    const most = Math.min(source.live.length, room, failing?.wrote ?? Number.POSITIVE_INFINITY);
    for (let at = 0; at < most; at += 512) node.write(at, source.live.slice(at, Math.min(most, at + 512)));
    if (failing !== null) throw systemError(failing.code, to);
    if (most < source.live.length) throw systemError("ENOSPC", to);
  }

  async rename(from: string, to: string): Promise<void> {
    return this.#operation("rename", to, () => {
      const source = this.#parent(from);
      const target = this.#parent(to);
      if (source.folder !== target.folder) throw systemError("EXDEV", to);
      const node = source.folder.live.get(source.name);
      if (node === undefined) throw systemError("ENOENT", from);
      source.folder.change({ kind: "rename", name: source.name, to: target.name, node });
    });
  }

  async link(existing: string, path: string): Promise<void> {
    return this.#operation("link", path, () => {
      const node = this.#node(existing);
      const { folder, name } = this.#parent(path);
      if (folder.live.has(name)) throw systemError("EEXIST", path);
      folder.change({ kind: "add", name, node });
    });
  }

  async unlink(path: string): Promise<void> {
    return this.#operation("unlink", path, () => {
      const { folder, name } = this.#parent(path);
      if (!folder.live.has(name)) throw systemError("ENOENT", path);
      folder.change({ kind: "remove", name });
    });
  }

  async readdir(path: string): Promise<string[]> {
    return this.#operation("readdir", path, () => {
      const node = this.#node(path);
      if (node instanceof DiskFile) throw systemError("ENOTDIR", path);
      return [...node.live.keys()];
    });
  }

  async stat(path: string): Promise<FileStat> {
    return this.#operation("stat", path, () => statOf(this.#node(path)));
  }

  async mkdir(path: string): Promise<void> {
    return this.#operation("mkdir", path, () => {
      const { folder, name } = this.#parent(path);
      if (name === "" || folder.live.has(name)) throw systemError("EEXIST", path);
      folder.change({ kind: "add", name, node: new DiskFolder() });
    });
  }

  async rmdir(path: string): Promise<void> {
    return this.#operation("rmdir", path, () => {
      const { folder, name } = this.#parent(path);
      const node = folder.live.get(name);
      if (!(node instanceof DiskFolder)) throw systemError(node === undefined ? "ENOENT" : "ENOTDIR", path);
      if (node.live.size > 0) throw systemError("ENOTEMPTY", path);
      folder.change({ kind: "remove", name });
    });
  }

  /** Bytes that still fit. @internal */
  get room(): number {
    const seen = new Set<DiskNode>();
    let used = 0;
    const walk = (folder: DiskFolder) => {
      for (const node of folder.live.values()) {
        if (seen.has(node)) continue;
        seen.add(node);
        if (node instanceof DiskFolder) walk(node);
        else used += node.live.length;
      }
    };
    if (this.capacity !== Number.POSITIVE_INFINITY) walk(this.#root);
    return this.capacity - used;
  }

  /** Asks what goes wrong with an operation. @internal */
  begin(kind: OperationKind, path: string): Fault | undefined {
    return this.onOperation({ kind, path }, this.operations++);
  }

  async #operation<R>(kind: OperationKind, path: string, run: () => R): Promise<R> {
    const fault = this.begin(kind, path);
    await Promise.resolve();
    if (fault === undefined || "short" in fault) return run();
    if (fault.done === true) run();
    throw systemError(fault.code, path);
  }

  #parent(path: string): { folder: DiskFolder; name: string } {
    const names = path.split("/").filter((name) => name !== "");
    const name = names.pop() ?? "";
    let folder = this.#root;
    for (const above of names) {
      const next = folder.live.get(above);
      if (next === undefined) throw systemError("ENOENT", path);
      if (next instanceof DiskFile) throw systemError("ENOTDIR", path);
      folder = next;
    }
    return { folder, name };
  }

  #node(path: string): DiskNode {
    const { folder, name } = this.#parent(path);
    const node = name === "" ? folder : folder.live.get(name);
    if (node === undefined) throw systemError("ENOENT", path);
    return node;
  }

  #file(path: string): DiskFile {
    const node = this.#node(path);
    if (node instanceof DiskFile) return node;
    throw systemError("EISDIR", path);
  }
}

class SimulatedHandle implements FileHandle {
  readonly fd = -1;
  readonly path: string;
  readonly #disk: SimulatedDisk;
  readonly #onClose: () => void;
  #node: DiskNode | null;

  constructor(disk: SimulatedDisk, path: string, node: DiskNode, onClose: () => void) {
    this.#disk = disk;
    this.path = path;
    this.#node = node;
    this.#onClose = onClose;
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    const fault = await this.#begin("read");
    const bytes = this.#file.live.subarray(position, position + Math.min(length, shortOf(fault)));
    buffer.set(bytes, offset);
    return { bytesRead: bytes.length };
  }

  async write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }> {
    // Taken when the write is made, as a system does: whoever changes the bytes meanwhile changes what is written.
    const fault = await this.#begin("write", (failing) => {
      if (failing.wrote !== undefined) this.#file.write(position, buffer.subarray(offset, offset + failing.wrote));
    });
    const room = this.#disk.room + Math.max(this.#file.live.length - position, 0);
    if (room <= 0) throw systemError("ENOSPC", this.path);
    const count = Math.min(length, shortOf(fault), room);
    this.#file.write(position, buffer.slice(offset, offset + count));
    return { bytesWritten: count };
  }

  async truncate(length: number): Promise<void> {
    await this.#begin("truncate");
    this.#file.truncate(length);
  }

  async sync(): Promise<void> {
    await this.#begin("sync", () => this.#open.failSync());
    this.#open.sync();
  }

  /** A sync, as far as a crash can tell. */
  datasync(): Promise<void> {
    return this.sync();
  }

  async stat(): Promise<FileStat> {
    await this.#begin("stat");
    return statOf(this.#open);
  }

  async close(): Promise<void> {
    // The descriptor is gone whatever close says.
    if (this.#node === null) throw systemError("EBADF", this.path);
    this.#node = null;
    this.#onClose();
    const fault = this.#disk.begin("close", this.path);
    await Promise.resolve();
    if (fault !== undefined && !("short" in fault)) throw systemError(fault.code, this.path);
  }

  get #open(): DiskNode {
    if (this.#node === null) throw systemError("EBADF", this.path);
    return this.#node;
  }

  get #file(): DiskFile {
    if (this.#open instanceof DiskFile) return this.#open;
    throw systemError("EISDIR", this.path);
  }

  async #begin(kind: OperationKind, whenFailing: (fault: { wrote?: number }) => void = () => {}): Promise<Fault | undefined> {
    const fault = this.#disk.begin(kind, this.path);
    await Promise.resolve();
    if (fault === undefined || "short" in fault) return fault;
    whenFailing(fault);
    throw systemError(fault.code, this.path);
  }
}

const shortOf = (fault: Fault | undefined) => (fault !== undefined && "short" in fault ? fault.short : Number.POSITIVE_INFINITY);

const numbers = new WeakMap<DiskNode, number>();
let lastNumber = 0;

function statOf(node: DiskNode): FileStat {
  let ino = numbers.get(node);
  if (ino === undefined) {
    ino = ++lastNumber;
    numbers.set(node, ino);
  }
  const file = node instanceof DiskFile;
  return { size: file ? node.live.length : 0, ino, dev: 1, isFile: () => file };
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, '${path}'`), { code });
}
