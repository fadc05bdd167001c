import { CorruptDataError, FaunError, IoError, TypeConversionError, UnsupportedError } from "../../../errors.ts";

/** An error on its way from a worker: plain data. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  /** Of a {@link TypeConversionError}: entity, column, from, to. */
  readonly conversion?: readonly [entity: string, column: string, from: string, to: string];
}

/** @param place begins the message of what is no error of Faun's; "" where it tells itself */
export function toWire(error: unknown, place: string): WireError {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof TypeConversionError) {
    const { code, entity, columnName, from, to } = error;
    return { code, message, conversion: [entity, columnName, from, to] };
  }
  if (error instanceof FaunError) return { code: error.code, message };
  return { code: "", message: place === "" ? message : `${place}: ${message}` };
}

/** The error as it was thrown. @param other of what was no error of Faun's */
export function fromWire({ code, message, conversion }: WireError, other: (message: string) => FaunError): FaunError {
  if (conversion !== undefined) {
    const error = new TypeConversionError(...conversion, "");
    error.message = message;
    return error;
  }
  switch (code) {
    case "CORRUPT_DATA":
      return new CorruptDataError(message);
    case "UNSUPPORTED":
      return new UnsupportedError(message);
    case "IO":
      return new IoError(message);
    default:
      return other(message);
  }
}
