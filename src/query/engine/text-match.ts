/** LIKE: `%` is any run of characters, `_` one of them; `escaper` makes the next one stand for itself. */
export function likeMatcher(pattern: string, escaper: string | null): (text: string) => boolean {
  const parts = parse(pattern, escaper);
  if (parts.length === 1) {
    const only = parts[0];
    if (only.every((one) => one !== ANY)) return equals(only.join(""));
  }
  const literal = parts.every((part) => !part.includes(ANY));
  if (literal && parts.length <= 3 && parts.slice(1, -1).every((part) => part.length > 0)) {
    const [first, last] = [parts[0].join(""), parts[parts.length - 1].join("")];
    const middle = parts.length === 3 ? parts[1].join("") : "";
    return (text) =>
      text.length >= first.length + middle.length + last.length &&
      text.startsWith(first) &&
      text.endsWith(last) &&
      (middle === "" || text.slice(first.length, text.length - last.length).includes(middle));
  }
  return (text) => matches(Array.from(text), parts);
}

/** One character, whichever. No string of one code point, so it meets no literal. */
const ANY = "";

const equals = (wanted: string) => (text: string) => text === wanted;

/** The pattern cut at each `%` into runs of single characters. */
function parse(pattern: string, escaper: string | null): string[][] {
  const parts: string[][] = [[]];
  const characters = Array.from(pattern);
  for (let i = 0; i < characters.length; i++) {
    const part = parts[parts.length - 1];
    if (characters[i] === escaper) part.push(characters[++i]);
    else if (characters[i] === "%") parts.push([]);
    else part.push(characters[i] === "_" ? ANY : characters[i]);
  }
  return parts;
}

/** The first and last run stand at the ends; those between are each found as early as can be. O(text x pattern) at worst. */
function matches(text: readonly string[], parts: readonly string[][]): boolean {
  const first = parts[0];
  const last = parts[parts.length - 1];
  if (parts.length === 1) return text.length === first.length && at(text, 0, first);
  let from = first.length;
  const end = text.length - last.length;
  if (end < from || !at(text, 0, first) || !at(text, end, last)) return false;
  for (let p = 1; p < parts.length - 1; p++) {
    const part = parts[p];
    while (from + part.length <= end && !at(text, from, part)) from++;
    if (from + part.length > end) return false;
    from += part.length;
  }
  return true;
}

function at(text: readonly string[], from: number, part: readonly string[]): boolean {
  for (let i = 0; i < part.length; i++) if (part[i] !== ANY && part[i] !== text[from + i]) return false;
  return true;
}
