/** What {@link FileStorage} needs of Node's `fs/promises`; whatever has these can stand in for it. */
export interface FileSystem {
  /** @param flags "r" to read, "r+" to write as well, "wx" to make a new file, "a+" to read and make where it is not there */
  open(path: string, flags: "r" | "r+" | "wx" | "a+"): Promise<FileHandle>;
  /** @param mode the sum of COPYFILE_EXCL, 1, and COPYFILE_FICLONE, 2 */
  copyFile?(from: string, to: string, mode: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Gives a file a second name; EEXIST where the name is taken. */
  link(existing: string, path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  readdir(path: string): Promise<string[]>;
  stat(path: string): Promise<FileStat>;
  mkdir(path: string): Promise<unknown>;
  /** Removes a folder; fails where something is in it. */
  rmdir(path: string): Promise<unknown>;
}

export interface FileHandle {
  readonly fd: number;
  /** May read less than was asked for; 0 bytes at the end only. */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  /** May write less than was asked for. */
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  /** As `sync`, but for metadata that reading the bytes does not take, such as times. */
  datasync(): Promise<void>;
  stat(): Promise<FileStat>;
  close(): Promise<void>;
}

export interface FileStat {
  readonly size: number;
  /** What tells a file from any other there is, together with `dev`. */
  readonly ino?: number;
  readonly dev?: number;
  isFile(): boolean;
}
