/**
 * Exact decimal numbers: text on one side, an integer counting units of 10^-scale on the other.
 */

const FORM = /^(-?)(\d+)(?:\.(\d+))?$/;

/** 10^precision: the first magnitude that no longer fits. */
export function decimalLimit(precision: number): bigint {
  return 10n ** BigInt(precision);
}

/**
 * The one form in which a decimal of this type is written: no leading zeros but one before the
 * point, exactly `scale` digits after it, no point where `scale` is 0, no "-0". Undefined where the
 * text is no decimal number, has too many digits before the point or a non-zero one beyond `scale`.
 */
export function canonicalDecimal(text: string, precision: number, scale: number): string | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const whole = match[2].replace(/^0+(?=\d)/, "");
  const given = match[3] ?? "";
  if (whole !== "0" && whole.length > precision - scale) return undefined;
  for (let i = scale; i < given.length; i++) if (given.charCodeAt(i) !== 48) return undefined;
  const fraction = given.slice(0, scale).padEnd(scale, "0");
  const magnitude = scale === 0 ? whole : `${whole}.${fraction}`;
  return match[1] === "-" && /[1-9]/.test(magnitude) ? `-${magnitude}` : magnitude;
}

/** The value times 10^scale; undefined as in {@link canonicalDecimal}. */
export function unscaledFromText(text: string, precision: number, scale: number): bigint | undefined {
  const canonical = canonicalDecimal(text, precision, scale);
  return canonical === undefined ? undefined : BigInt(canonical.replace(".", ""));
}

/** The decimal text of `value` times 10^-scale, in canonical form. */
export function textFromUnscaled(value: bigint, scale: number): string {
  if (scale === 0) return String(value);
  const magnitude = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  const point = magnitude.length - scale;
  return `${value < 0n ? "-" : ""}${magnitude.slice(0, point)}.${magnitude.slice(point)}`;
}
