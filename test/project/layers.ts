/**
 * The rule that keeps the rooms apart, and its checker. Imports (of types too) point downward only, no file reaches
 * itself through its imports, and the core knows nothing of Node.
 */
import { builtinModules } from "node:module";
import { posix } from "node:path";
import ts from "typescript-5.9";

export interface LayerRules {
  /** Folders or files of src/, lowest first. Each may import from itself and from those before it. */
  readonly layers: readonly string[];
  /** Packages that may be imported, and the lowest layer that may. */
  readonly packages: Readonly<Record<string, string>>;
  /** Folders that may use Node: the backends whose storage is Node's, and the command line. Everything else is the core. */
  readonly nodeRooms: readonly string[];
}

export const rules: LayerRules = {
  layers: ["errors.ts", "entity", "columns", "soa", "arrow", "query", "store", "persistence", "index.ts", "cli"],
  packages: {
    "apache-arrow": "arrow",
    // Codecs where the platform has none of its own, loaded when they are used.
    "@bokuweb/zstd-wasm": "persistence",
    "brotli-wasm": "persistence",
    fflate: "persistence",
  },
  nodeRooms: ["persistence/duckdb", "cli"],
};

const NODE_GLOBALS = new Set([
  "Buffer",
  "__dirname",
  "__filename",
  "clearImmediate",
  "exports",
  "global",
  "module",
  "process",
  "require",
  "setImmediate",
]);

interface SourceFacts {
  /** What the file imports, as written. */
  readonly imports: readonly string[];
  /** Names it uses that only Node defines. */
  readonly nodeGlobals: readonly string[];
}

/**
 * Every breach of the rules, in words; none is an empty list.
 * @param files text by path relative to src/, with forward slashes
 */
export function checkLayers(files: ReadonlyMap<string, string>, { layers, packages, nodeRooms }: LayerRules = rules): string[] {
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  const layerOf = (path: string) => layers.indexOf(path.split("/")[0]!);

  for (const [path, text] of files) {
    const layer = layerOf(path);
    const targets: string[] = [];
    graph.set(path, targets);
    if (layer < 0) {
      problems.push(`${path} is in no layer (${layers.join(" < ")})`);
      continue;
    }
    const mayUseNode = nodeRooms.some((room) => path.startsWith(`${room}/`));
    const { imports, nodeGlobals } = readSource(path, text);
    for (const specifier of imports) {
      if (specifier.startsWith(".")) {
        const target = posix.join(posix.dirname(path), specifier);
        if (!files.has(target)) problems.push(`${path} imports ${specifier}, which is no file of src/`);
        else {
          targets.push(target);
          if (layerOf(target) > layer) problems.push(`${path} imports upward: ${target}`);
        }
      } else if (specifier.startsWith("node:") || builtinModules.includes(specifier)) {
        if (!mayUseNode) problems.push(`${path} is of the core but imports ${specifier}`);
      } else if (!mayUseNode) {
        const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
        const from = packages[name];
        if (from === undefined) problems.push(`${path} imports the package ${name}, which the core may not use`);
        else if (layer < layers.indexOf(from)) problems.push(`${path} imports ${name}, which begins at the layer ${from}`);
      }
    }
    if (!mayUseNode) for (const name of nodeGlobals) problems.push(`${path} is of the core but uses Node's ${name}`);
  }
  for (const cycle of findCycles(graph)) problems.push(`imports in a circle: ${cycle.join(" > ")}`);
  return problems;
}

function readSource(path: string, text: string): SourceFacts {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const imports: string[] = [];
  const declared = new Set<string>();
  const used = new Set<string>();

  const visit = (node: ts.Node): void => {
    const specifier = importedBy(node);
    if (specifier !== undefined) imports.push(specifier);
    if (ts.isIdentifier(node)) {
      const parent = node.parent;
      const role = "name" in parent && parent.name === node ? "name" : "propertyName" in parent && parent.propertyName === node;
      if (role === "name" && declaresBinding(parent)) declared.add(node.text);
      else if (role === false || ts.isShorthandPropertyAssignment(parent)) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { imports, nodeGlobals: [...used].filter((name) => NODE_GLOBALS.has(name) && !declared.has(name)) };
}

const declaresBinding = (node: ts.Node): boolean =>
  ts.isVariableDeclaration(node) ||
  ts.isParameter(node) ||
  ts.isBindingElement(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isImportSpecifier(node) ||
  ts.isImportClause(node) ||
  ts.isNamespaceImport(node);

/** The module that this node imports: declarations, re-exports, `import()` in values and in types. */
function importedBy(node: ts.Node): string | undefined {
  let specifier: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) specifier = node.moduleSpecifier;
  else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) specifier = node.arguments[0];
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) specifier = node.argument.literal;
  return specifier !== undefined && ts.isStringLiteralLike(specifier) ? specifier.text : undefined;
}

/** One cycle for every back edge of a depth-first walk, each as the files along it. */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) cycles.push([...trail.slice(seenAt), path]);
    if (seenAt >= 0 || done.has(path)) return;
    for (const target of graph.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return cycles;
}
