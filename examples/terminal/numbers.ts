/** Numbers as a person reads them. Three digits that matter, units of 1000. */

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `1,234,567` */
export const integer = (value: number | bigint): string => grouped.format(value);

/** `1,234.50` */
export const fixed = (value: number, digits: number): string =>
  new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** `12.3 %` of a share from 0 to 1. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** `3.4x` */
export const times = (ratio: number): string => `${threeDigits(ratio)}x`;

/** `999 B`, `62.1 MB` */
export const bytes = (count: number | bigint): string => scaled(Number(count), ["B", "kB", "MB", "GB", "TB"]);

/** `12.3 M rows/s` for so many in so many milliseconds. */
export const rate = (count: number, milliseconds: number, unit = "rows"): string =>
  milliseconds > 0 ? `${scaled((count / milliseconds) * 1000, ["", "k", "M", "G"]).trimEnd()} ${unit}/s` : `- ${unit}/s`;

/** `41.3 µs`, `3.20 ms`, `1.24 s`, `2 min 03 s` */
export function duration(milliseconds: number): string {
  if (milliseconds >= 59_999.5) {
    const seconds = Math.round(milliseconds / 1000);
    return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  }
  return scaled(milliseconds * 1e6, ["ns", "µs", "ms", "s"]);
}

function scaled(value: number, units: readonly string[]): string {
  let unit = 0;
  let left = value;
  // 999.5 would be printed as 1000: it belongs to the next unit.
  while (Math.abs(left) >= 999.5 && unit < units.length - 1) {
    left /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(left) : threeDigits(left)} ${units[unit]}`;
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  return size >= 99.95 ? integer(value) : value.toFixed(size >= 9.995 ? 1 : 2);
}
