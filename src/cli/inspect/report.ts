/**
 * What `faun inspect` finds, as `--json` prints it. Counts of rows and sizes in bytes are numbers; sequence numbers and
 * values are text, so that none loses a digit. Times are ISO 8601 in UTC. What is not known is null.
 */
export interface InspectReport {
  /** As it was given. */
  readonly path: string;
  readonly kind: "folder" | "file";
  readonly entity: string | null;
  /** Rows there are: those of the checkpoint, changed by the log. */
  readonly rows: number | null;
  /** The checkpoint, or the file. */
  readonly data: DataReport | null;
  /** Null for a single file, and where there is no log. */
  readonly log: LogReport | null;
  /** Null for a single file, and where nobody has written yet. */
  readonly lock: LockReport | null;
  /** Files that are being written, that a crash left behind, or that were set aside. */
  readonly otherFiles: readonly OtherFile[];
  readonly verification: VerificationReport;
  /** False where damage was found; null where something cannot be judged. */
  readonly sound: boolean | null;
  readonly problems: readonly Problem[];
}

export interface Problem {
  /** "unjudged": it is of a kind or version that cannot be read. */
  readonly kind: "damage" | "unjudged";
  /** What is wrong, and where. */
  readonly message: string;
}

/** A Parquet file by its footer. */
export interface DataReport {
  readonly file: string;
  readonly bytes: number;
  /** What the footer says about who wrote it. */
  readonly writer: string | null;
  /** Whether Faun wrote it: then every byte is under a checksum. */
  readonly checked: boolean;
  readonly rows: number;
  readonly footerBytes: number;
  readonly lastCommit: CommitReport | null;
  /** The last transaction of each writer that the checkpoint remembers. */
  readonly writers: readonly WriterReport[];
  readonly rowGroups: readonly RowGroupReport[];
  readonly columns: readonly ColumnReport[];
}

export interface CommitReport {
  readonly seq: string;
  /** Rows after it. */
  readonly rows: number | null;
  readonly at: string | null;
}

export interface WriterReport {
  readonly writer: string;
  readonly seq: string;
  /** The commit that it made. */
  readonly commit: string;
  readonly at: string;
}

export interface RowGroupReport {
  readonly rows: number;
  readonly storedBytes: number;
  readonly rawBytes: number;
}

export interface ColumnReport {
  /** Name in the file; of a nested column the names down to it, joined by dots. */
  readonly column: string;
  /** Name of the field, where Faun wrote the file. */
  readonly field: string | null;
  /** As the entity declares it, or as Parquet calls it. */
  readonly type: string;
  readonly nullable: boolean;
  readonly key: boolean;
  /** Of the values, as Parquet calls them. */
  readonly encodings: readonly string[];
  readonly codecs: readonly string[];
  readonly storedBytes: number;
  readonly rawBytes: number;
  readonly nulls: number | null;
  /** By the file's statistics: text and binary by their bytes, binary in hexadecimal. Null where some row group does not tell. */
  readonly min: string | null;
  readonly max: string | null;
  /** False where min or max may be a bound that is no value of the column. */
  readonly exact: boolean;
}

export interface LogReport {
  /** "torn": the end of the newest segment is no whole frame: a crash left it, or it is being written. */
  readonly state: "sound" | "torn" | "damaged" | "unjudged";
  /** Commits that the checkpoint does not have. */
  readonly commits: number;
  /** Rows that those commits add, change or delete. */
  readonly rows: number;
  readonly firstSeq: string | null;
  readonly lastCommit: CommitReport | null;
  /** Of all segments. */
  readonly bytes: number;
  readonly tornBytes: number;
  readonly segments: readonly SegmentReport[];
}

export interface SegmentReport {
  readonly file: string;
  readonly bytes: number;
  readonly entity: string | null;
  readonly firstSeq: string;
  /** Whole commits in it, also of those that the checkpoint has. */
  readonly commits: number;
  /** Bytes behind the last whole frame. */
  readonly tornBytes: number;
}

export interface LockReport {
  /** Null where that cannot be found out. */
  readonly held: boolean | null;
  /** Of the holder. */
  readonly pid: number | null;
  readonly host: string | null;
  readonly since: string | null;
}

export interface OtherFile {
  readonly file: string;
  readonly bytes: number;
  /** "temporary": of a replacement under way or one that a crash ended. "set aside": damaged segments of a log. */
  readonly what: "temporary" | "set aside";
}

export interface VerificationReport {
  /** Null: `--no-verify`, or there is no file. */
  readonly columnChunks: number | null;
  /** Bytes of column chunks that were read. */
  readonly bytes: number;
  /** Chunks of others' files whose pages all carry a checksum; of Faun's files all. */
  readonly withChecksum: number;
}
