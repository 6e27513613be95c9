// Reads what `pnpm mutate` measured of the present commit, or the reports that are named, and prints the
// score of every folder of the core; with `--survivors` also what survived, and with `--write` it makes
// docs/mutation.md anew.

import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  CORE,
  coreFiles,
  measuredCommit,
  ROOT,
  resultsFolder,
  type SourceFile,
} from './core-files.ts';

interface Mutant {
  readonly mutatorName: string;
  readonly replacement: string;
  readonly status: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}

interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: Mutant[] }>>;
}

interface Score {
  readonly file: string;
  readonly killed: number;
  readonly survived: readonly Mutant[];
  readonly source: string;
}

/** Per cent of a file's mutants that its tests should notice. */
const AIM = 85;

const { values: options, positionals } = parseArgs({
  options: { survivors: { type: 'boolean' }, write: { type: 'boolean' } },
  allowPositionals: true,
});
const named = positionals.length > 0 ? positionals : globSync(join(resultsFolder(), '*.json'));
if (named.length === 0) {
  console.error(`nothing was measured of ${measuredCommit()}: pnpm mutate`);
  process.exit(1);
}
// Of a file in several reports the last one counts.
const latest = new Map(named.flatMap(scoresOf).map((score) => [score.file, score]));
const scores = [...latest.values()].toSorted((a, b) => a.file.localeCompare(b.file));
if (options.survivors === true) console.log(scores.flatMap(survivors).join('\n'));
console.log(table(scores).join('\n'));
if (options.write === true) {
  const page = join(ROOT, 'docs', 'mutation.md');
  const [before = '', , after = ''] = readFileSync(page, 'utf8').split(/<!-- scores.*?-->\n/);
  const marks = ['<!-- scores, made by pnpm mutate -->\n', '<!-- scores end -->\n'] as const;
  writeFileSync(page, `${before}${marks[0]}\n${table(scores).join('\n')}\n\n${marks[1]}${after}`);
}

function scoresOf(path: string): readonly Score[] {
  const { files } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  return Object.entries(files)
    .filter(([file]) => file.startsWith(CORE))
    .map(([file, { source, mutants }]) => ({
      file: file.slice(CORE.length),
      killed: mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length,
      survived: mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage'),
      source,
    }));
}

/** The score by folder, every file below the aim, and what the figures are not of. */
function table(all: readonly Score[]): string[] {
  const folders = Map.groupBy(all, ({ file }) => (file.includes('/') ? dirname(file) : '(top)'));
  const weak = all.filter((score) => shareOf(score) < AIM);
  const measured = new Map(all.map((score) => [score.file, score]));
  const missing = coreFiles().filter(({ file, hasCode }) => hasCode && !measured.has(file));
  const changed = all.filter(
    ({ file, source }) => readFileSync(join(ROOT, CORE, file), 'utf8') !== source,
  );
  return [
    '| folder of the core | files | mutants | killed | survived | score |',
    '|---|--:|--:|--:|--:|--:|',
    ...[...folders].map(([folder, scores]) => row(folder, scores)),
    row('**all**', all),
    '',
    sentence(`Files below ${AIM} %`, weak.map(nameAndShare)),
    ...sentences('Not measured', namesOf(missing)),
    ...sentences(
      'Changed since it was measured',
      changed.map(({ file }) => `\`${file}\``),
    ),
  ];
}

/** Files by name, and a folder of which all are meant as a whole. */
function namesOf(files: readonly SourceFile[]): readonly string[] {
  return [...Map.groupBy(files, ({ folder }) => folder)].flatMap(([folder, own]) => {
    const all = coreFiles().filter((it) => it.hasCode && it.folder === folder);
    return all.length === own.length && folder !== '.'
      ? [`all ${all.length} of \`${folder}/\``]
      : own.map(({ file }) => `\`${file}\``);
  });
}

function sentences(about: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : ['', sentence(about, names)];
}

function sentence(about: string, names: readonly string[]): string {
  return `${about}: ${names.length === 0 ? 'none' : names.join(', ')}.`;
}

function nameAndShare(score: Score): string {
  return `\`${score.file}\` ${shareOf(score).toFixed(0)} %`;
}

function row(name: string, scores: readonly Score[]): string {
  const killed = scores.reduce((sum, score) => sum + score.killed, 0);
  const survived = scores.reduce((sum, score) => sum + score.survived.length, 0);
  const share = (100 * killed) / Math.max(1, killed + survived);
  return `| ${name} | ${scores.length} | ${killed + survived} | ${killed} | ${survived} | ${share.toFixed(1)} % |`;
}

function shareOf({ killed, survived }: Score): number {
  const all = killed + survived.length;
  return all === 0 ? 100 : (100 * killed) / all;
}

function survivors({ file, survived, source }: Score): string[] {
  const lines = source.split('\n');
  return survived.map(({ mutatorName, replacement, status, location: { start } }) => {
    const line = lines[start.line - 1]?.trim() ?? '';
    const by = replacement.replaceAll(/\s+/g, ' ').slice(0, 100);
    return `${file}:${start.line}:${start.column} ${mutatorName}${status === 'NoCoverage' ? ' (never reached)' : ''}: ${line}  =>  ${by}`;
  });
}
