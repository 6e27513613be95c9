import { posix } from 'node:path';
import { codeOf, type ImportFound, importsOf, lineAt } from './source-text.ts';

/** A source file, its path relative to the repository and with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

type Room = 'agent' | 'collector' | 'shared' | 'test';

/** Arrows point one way: test to agent and collector, those to shared. */
const MAY_IMPORT: Readonly<Record<Room, readonly Room[]>> = {
  agent: ['shared'],
  collector: ['shared'],
  shared: [],
  test: ['agent', 'collector', 'shared'],
};

const CORE = 'collector/src/core/';
const DASHBOARD = 'collector/src/dashboard/';
const MODEL = 'shared/src/model/';
const HISTORY = 'collector/src/history/';

/** Who draws history, starts it and tells of it: it is no evidence, so nobody decides by it. */
const READS_HISTORY = /^collector\/(?:src\/(?:history\/|api\/|(?:collector|events)\.ts)|test\/)/;
const GENERATED = 'shared/src/wire/gen/';
const WIRE = 'shared/src/wire/';

/** What the core must not do: time, chance, waiting and the outside come in as arguments. */
const NOT_IN_CORE: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\bDate\s*\.\s*now\b/g, 'Date.now'],
  [/\bnew\s+Date\b/g, 'new Date'],
  [/\bperformance\s*\./g, 'performance'],
  [/\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/g, 'a timer'],
  [/\bMath\s*\.\s*random\b|(?<![.\w$])crypto\s*\./g, 'chance'],
  [/\basync\b/g, 'async'],
  [/\bawait\b/g, 'await'],
  [/\bPromise\b/g, 'Promise'],
  [/(?<![.\w$])process\s*[.[]/g, 'process'],
  [/(?<![.\w$])console\s*[.[]/g, 'console'],
  [/(?<![.\w$])fetch\s*\(/g, 'fetch'],
];

/** What the oldest Node.js the packages run on, 22.15, cannot read or does not have. */
const TOO_NEW: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\busing\s+\w+\s*=/g, 'using declarations'],
  [/\b(?:Async)?DisposableStack\b/g, 'disposable stacks'],
];

const ENVIRONMENT = /(?<![.\w$])process\s*(?:\??\.\s*env\b|\[)|\benv\b[^;{}=]*\}\s*=\s*process\b/g;

const VAGUE_NAME = /(?:^|[/.-])(?:utils?|helpers?|types|managers?|common|misc)(?=[/.-])/;

/** Every breach of the rooms, `path:line what`, sorted. */
export function breaches(files: readonly SourceFile[]): readonly string[] {
  const found = files.flatMap((file) => [
    ...vagueName(file),
    ...importBreaches(file),
    ...coreBreaches(file),
    ...environmentReads(file),
    ...tooNew(file),
  ]);
  return [...found, ...cycles(files)].toSorted();
}

/** Where an import leads, as a path in the repository; undefined for other packages and Node. */
export function resolved(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  const [, name, rest] = /^@keyturn\/([a-z]+)(?:\/(.*))?$/.exec(specifier) ?? [];
  return name === undefined ? undefined : `${name}/src/${rest ?? 'index.ts'}`;
}

function vagueName({ path }: SourceFile): readonly string[] {
  return VAGUE_NAME.test(path) ? [`${path}:1 name says nothing of what is in it`] : [];
}

function importBreaches(file: SourceFile): readonly string[] {
  return importsOf(file.text).flatMap((each) => {
    const target = resolved(file.path, each.specifier);
    const what = target === undefined ? foreignBreach(file) : importBreach(file, each, target);
    return what === undefined ? [] : [`${file.path}:${each.line} ${what} (${each.specifier})`];
  });
}

function foreignBreach({ path }: SourceFile): string | undefined {
  return path.startsWith(CORE) ? 'core imports something other than shared/model' : undefined;
}

function importBreach(
  { path }: SourceFile,
  { specifier, erased }: ImportFound,
  target: string,
): string | undefined {
  const from = roomOf(path);
  const to = roomOf(target);
  if (to === undefined) return 'leads out of the rooms';
  if (target.startsWith(GENERATED) && !path.startsWith(WIRE)) {
    return 'generated code is behind shared/src/wire';
  }
  if (from === undefined || from === to) {
    if (from === to && specifier.startsWith('@')) return 'imports its own package by name';
    if (target.startsWith(HISTORY) && from === 'collector' && !READS_HISTORY.test(path)) {
      return path.startsWith(CORE) ? 'core imports history' : 'decides by history';
    }
    const outOfCore = path.startsWith(CORE) && !target.startsWith(CORE);
    return outOfCore
      ? 'core imports the rest of the collector'
      : dashboardBreach(path, erased, target);
  }
  if (!MAY_IMPORT[from].includes(to)) return `${from} imports ${to}`;
  // The agent exports its public face only; benches and harnesses look behind it.
  if (specifier.startsWith('.') && from !== 'test') return 'reaches into another package by path';
  if (path.startsWith(CORE) && !target.startsWith(MODEL)) {
    return 'core imports something other than shared/model';
  }
  return undefined;
}

/** What runs in browsers takes the shapes of answers from the collector, and none of its code. */
function dashboardBreach(path: string, erased: boolean, target: string): string | undefined {
  if (!path.startsWith('collector/src/')) return undefined;
  const inside = target.startsWith(DASHBOARD);
  if (path.startsWith(DASHBOARD)) {
    return inside || erased ? undefined : 'the dashboard imports code of the collector';
  }
  return inside ? 'the collector imports the dashboard' : undefined;
}

function roomOf(path: string): Room | undefined {
  const first = path.split('/')[0];
  return first === 'agent' || first === 'collector' || first === 'shared' || first === 'test'
    ? first
    : undefined;
}

function coreBreaches({ path, text }: SourceFile): readonly string[] {
  if (!path.startsWith(CORE)) return [];
  const code = codeOf(text);
  return NOT_IN_CORE.flatMap(([pattern, what]) =>
    [...code.matchAll(pattern)].map(
      (match) => `${path}:${lineAt(text, match.index)} core uses ${what}`,
    ),
  );
}

function tooNew({ path, text }: SourceFile): readonly string[] {
  if (!/^(?:agent|collector|shared)\/src\//.test(path)) return [];
  const code = codeOf(text);
  return TOO_NEW.flatMap(([pattern, what]) =>
    [...code.matchAll(pattern)].map(
      ({ index }) => `${path}:${lineAt(text, index)} Node.js 22 has no ${what}`,
    ),
  );
}

/** The environment is read where a program starts; tests and tools may pass it on to a child. */
function environmentReads({ path, text }: SourceFile): readonly string[] {
  const counts = /^(?:(?:agent|collector|shared)\/src|test\/(?:demo|bench))\//.test(path);
  if (!counts || /(?:^|\/)main\.ts$/.test(path)) return [];
  const imported = importsOf(text).some(({ specifier }) => /^(?:node:)?process$/.test(specifier));
  const reads = [...codeOf(text).matchAll(ENVIRONMENT)].map((match) => match.index);
  const lines = [...reads.map((at) => lineAt(text, at)), ...(imported ? [1] : [])];
  return lines.map((line) => `${path}:${line} process.env is read in main.ts only`);
}

/** One line for each circle of imports that are there at run time: `a -> b -> a`. */
function cycles(files: readonly SourceFile[]): readonly string[] {
  const graph = new Map(
    files.map((file) => [
      file.path,
      importsOf(file.text)
        .filter(({ erased }) => !erased)
        .map(({ specifier }) => resolved(file.path, specifier))
        .filter((target) => target !== undefined),
    ]),
  );
  const found = new Map<string, string>();
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const circle = trail.slice(start);
      found.set(
        circle.toSorted().join(),
        `${path}:1 imports go round: ${[...circle, path].join(' -> ')}`,
      );
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return [...found.values()];
}
