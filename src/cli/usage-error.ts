/** The command line cannot be followed. */
export class UsageError extends Error {
  /** Whether the help text would tell more. */
  readonly help: boolean;

  constructor(message: string, help = true) {
    super(message);
    this.name = "UsageError";
    this.help = help;
  }
}
