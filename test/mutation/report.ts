// Reads the mutation report of `pnpm mutate` and prints the score of every folder of the core, and what
// survived; with `--write` it also makes docs/mutation.md anew.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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
  readonly source: readonly string[];
}

const ROOT = join(import.meta.dirname, '..', '..');
const CORE = 'collector/src/core/';

/** Per cent of a file's mutants that its tests should notice. */
const AIM = 85;

const report = JSON.parse(
  readFileSync(join(ROOT, 'reports', 'mutation', 'mutation.json'), 'utf8'),
) as Report;
const scores = Object.entries(report.files)
  .filter(([file]) => file.startsWith(CORE))
  .map(([file, { source, mutants }]): Score => {
    return {
      file: file.slice(CORE.length),
      killed: mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length,
      survived: mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage'),
      source: source.split('\n'),
    };
  })
  .sort((a, b) => a.file.localeCompare(b.file));

if (process.argv.includes('--survivors')) console.log(scores.flatMap(survivors).join('\n'));
console.log(table(scores).join('\n'));
if (process.argv.includes('--write')) {
  const page = join(ROOT, 'docs', 'mutation.md');
  const [before = '', , after = ''] = readFileSync(page, 'utf8').split(/<!-- scores.*?-->\n/);
  const marks = ['<!-- scores, made by pnpm mutate -->\n', '<!-- scores end -->\n'] as const;
  writeFileSync(page, `${before}${marks[0]}\n${table(scores).join('\n')}\n\n${marks[1]}${after}`);
}

/** The score by folder, and every file below the aim. */
function table(all: readonly Score[]): string[] {
  const folders = Map.groupBy(all, ({ file }) => (file.includes('/') ? dirname(file) : '(top)'));
  const weak = all.filter((score) => shareOf(score) < AIM);
  return [
    '| folder of the core | files | mutants | killed | survived | score |',
    '|---|--:|--:|--:|--:|--:|',
    ...[...folders].map(([folder, scores]) => row(folder, scores)),
    row('**all**', all),
    '',
    `Files below ${AIM} %: ${weak.length === 0 ? 'none' : weak.map((score) => `\`${score.file}\` ${shareOf(score).toFixed(0)} %`).join(', ')}.`,
  ];
}

function row(name: string, scores: readonly Score[]): string {
  const killed = scores.reduce((sum, score) => sum + score.killed, 0);
  const survived = scores.reduce((sum, score) => sum + score.survived.length, 0);
  const share = (100 * killed) / Math.max(1, killed + survived);
  return `| ${name} | ${scores.length} | ${killed + survived} | ${killed} | ${survived} | ${share.toFixed(1)} % |`;
}

function shareOf({ killed, survived }: Score): number {
  return (100 * killed) / Math.max(1, killed + survived.length);
}

function survivors({ file, survived, source }: Score): string[] {
  return survived.map(({ mutatorName, replacement, status, location: { start } }) => {
    const line = source[start.line - 1]?.trim() ?? '';
    const by = replacement.replaceAll(/\s+/g, ' ').slice(0, 100);
    return `${file}:${start.line}:${start.column} ${mutatorName}${status === 'NoCoverage' ? ' (never reached)' : ''}: ${line}  =>  ${by}`;
  });
}
