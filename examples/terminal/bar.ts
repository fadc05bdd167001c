/** A bar of blocks as long as the share of a value in the largest one. */
export const bar = (value: number, largest: number, width = 20): string =>
  "█".repeat(largest > 0 ? Math.max(0, Math.round((value / largest) * width)) : 0);
