/** Sums of doubles differ in their last digits with the order of adding; everything else is the same. */
export function alike(left: unknown, right: unknown): boolean {
  if (typeof left === "number" && typeof right === "number") return Math.abs(left - right) <= 1e-9 * Math.abs(right);
  if (left instanceof Date && right instanceof Date) return left.getTime() === right.getTime();
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return Object.is(left, right);
  const [names, others] = [Object.keys(left), Object.keys(right)];
  return (
    names.length === others.length &&
    names.every((name) => alike((left as Record<string, unknown>)[name], (right as Record<string, unknown>)[name]))
  );
}
