/**
 * The examples of a Markdown text that promise to run: code fences under a line `<!-- run -->`, each with the fence under
 * the `<!-- prints -->` that follows it, if one does before the next example.
 */
export function readmeExamples(markdown) {
  const fence = /<!-- (run|prints) -->\s*\n```\w*[^\n]*\n([\s\S]*?)\n```/g;
  const examples = [];
  for (const [, kind, text] of markdown.matchAll(fence)) {
    if (kind === "run") examples.push({ code: text, prints: undefined });
    else if (examples.length === 0 || examples.at(-1).prints !== undefined)
      throw new Error("<!-- prints --> without an example before it");
    else examples.at(-1).prints = text;
  }
  return examples;
}
