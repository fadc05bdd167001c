/** The folder, below that of the checkpoint, in which segments of the log lie. */
export const LOG_FOLDER = "log";

/** The file whose lock the writer holds. */
export const WRITER_LOCK = "writer.lock";
