/**
 * What Faun keeps in the key-value metadata of a footer, besides "ARROW:schema" (`arrow-schema.ts`) and what the user adds.
 */

import type { FieldType } from "../../../entity/field-type.ts";
import type { EntitySchema } from "../../../entity/schema.ts";
import { VERSION } from "./version.ts";

/** Name of the entity. */
export const ENTITY_KEY = "faun.entity";
/** The entity's schema as JSON: {@link StoredSchema}. */
export const SCHEMA_KEY = "faun.schema";
/** CRC-32 of every column chunk. @see chunkChecksums */
export const CHUNK_CRC_KEY = "faun.crc32.chunks";
/** CRC-32 of the footer. @see footerChecksum */
export const FOOTER_CRC_KEY = "faun.crc32.footer";
/** The Arrow schema, as Arrow's own libraries keep it. */
export const ARROW_SCHEMA_KEY = "ARROW:schema";

/** Keys that belong to Faun or Arrow: no user metadata may take them. */
export const isReservedKey = (key: string): boolean => key.startsWith("faun.") || key === ARROW_SCHEMA_KEY;

export const CREATED_BY = `faun version ${VERSION}`;

/** Whether the checksums of a file bind: other writers copy metadata that they do not know into files of their own. */
export const isFaunFile = (createdBy: string | undefined): boolean => createdBy?.startsWith("faun version ") ?? false;

/** What is stored of a field's type: all but how JavaScript sees its values. */
export type StoredType =
  | { readonly kind: Exclude<FieldType["kind"], "enum" | "category" | "timestamp" | "decimal"> }
  | { readonly kind: "category"; readonly codes: "u8" | "u16" | "u32" }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  | { readonly kind: "timestamp"; readonly unit: "s" | "ms" | "us" | "ns"; readonly timezone: string | null }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number };

export interface StoredField {
  readonly id: number;
  /** Name in TypeScript. */
  readonly name: string;
  readonly column: string;
  readonly type: StoredType;
  readonly nullable: boolean;
  readonly key: boolean;
}

/** An entity's schema as "faun.schema" has it. */
export interface StoredSchema {
  /** Version of this JSON's form. */
  readonly format: 1;
  readonly entity: string;
  /** In the order of the file's columns. */
  readonly fields: readonly StoredField[];
}

/** The value of "faun.schema". The same schema gives the same text. */
export function storedSchemaText(schema: EntitySchema): string {
  const stored: StoredSchema = {
    format: 1,
    entity: schema.name,
    fields: schema.fields.map(({ id, name, column, type, nullable, key }) => {
      return { id, name, column, type: storedType(type), nullable, key };
    }),
  };
  return JSON.stringify(stored);
}

function storedType(type: FieldType): StoredType {
  switch (type.kind) {
    case "enum":
      return { kind: type.kind, values: type.values };
    case "category":
      return { kind: type.kind, codes: type.codes };
    case "timestamp":
      return { kind: type.kind, unit: type.unit, timezone: type.timezone };
    case "decimal":
      return { kind: type.kind, precision: type.precision, scale: type.scale };
    default:
      return { kind: type.kind };
  }
}
