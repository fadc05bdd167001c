/** Numbers as a person reads them: three digits that matter, units of 1000. */

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `1,234,567` */
export const integer = (value: number | bigint): string => grouped.format(value);

/** `1 row`, `1,234 rows` */
export const counted = (count: number, one: string, many = `${one}s`): string => `${integer(count)} ${count === 1 ? one : many}`;

/** `999 B`, `62.1 MB` */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let left = count;
  // 999.5 would be printed as 1000: it belongs to the next unit.
  while (left >= 999.5 && unit < units.length - 1) {
    left /= 1000;
    unit++;
  }
  return `${unit === 0 ? left : threeDigits(left)} ${units[unit]}`;
}

/** `3.4x` */
export const times = (ratio: number): string => `${threeDigits(ratio)}x`;

function threeDigits(value: number): string {
  return value >= 99.95 ? integer(value) : value.toFixed(value >= 9.995 ? 1 : 2);
}
