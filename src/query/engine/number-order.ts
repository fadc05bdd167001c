/** Doubles and integers in one order: exact, NaN greatest and equal to itself, -0 equal to 0. */
export function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  // biome-ignore lint/suspicious/noDoubleEquals: a number and a bigint are equal by value only to ==
  if (a == b) return 0;
  // One is NaN.
  return (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0);
}

/** `unscaled` times 10^-scale against a double: exact. */
export function compareDecimalToDouble(unscaled: bigint, scale: number, value: number): number {
  if (!Number.isFinite(value)) return value === Number.NEGATIVE_INFINITY ? 1 : -1;
  const [mantissa, exponent] = binaryParts(value);
  const left = exponent < 0 ? unscaled << BigInt(-exponent) : unscaled;
  const right = (exponent > 0 ? mantissa << BigInt(exponent) : mantissa) * 10n ** BigInt(scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

const bits = new DataView(new ArrayBuffer(8));

/** A finite double as mantissa times 2^exponent. */
function binaryParts(value: number): [mantissa: bigint, exponent: number] {
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const biased = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  return [high >>> 31 === 1 ? -mantissa : mantissa, Math.max(biased, 1) - 1075];
}

/** `numerator / denominator`, rounded once to the nearest double. The denominator is positive. */
export function ratio(numerator: bigint, denominator: bigint): number {
  const magnitude = numerator < 0n ? -numerator : numerator;
  if (magnitude <= MAX_SAFE && denominator <= MAX_SAFE) return Number(numerator) / Number(denominator);
  // A quotient of at least 64 bits, its last one set where digits were cut off, rounds as the exact one does.
  const shift = Math.max(0, 66 + bitLength(denominator) - bitLength(magnitude));
  const scaled = magnitude << BigInt(shift);
  let quotient = scaled / denominator;
  if (quotient * denominator !== scaled) quotient |= 1n;
  const value = Number(quotient) * 2 ** -shift;
  return numerator < 0n ? -value : value;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const bitLength = (value: bigint): number => value.toString(16).length * 4;
