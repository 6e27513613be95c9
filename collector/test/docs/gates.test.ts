import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { GATES } from '@keyturn/shared/model/verdict.ts';
import type { Gate } from '@keyturn/shared/model/verdict.ts';
import t from 'tap';
import { rotating } from '../support/rotating.ts';

const CORE = path.join(import.meta.dirname, '../../src/core');
const PAGE = readFileSync(path.join(import.meta.dirname, '../../../docs/gates.md'), 'utf8');

interface Row {
  readonly id: string;
  readonly line: string;
  readonly gates: readonly string[];
  readonly class: string;
  readonly cells: readonly string[];
}

/** The rows of the page's tables of checks. */
function documented(): readonly Row[] {
  return PAGE.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    const id = /^`([a-z_]+)`$/.exec(cells[1] ?? '')?.[1];
    if (id === undefined || cells.length !== 9) return [];
    const named = (cells[2] ?? '').replaceAll(' (secrets)', '').split(', ');
    const gates = named.includes('all') ? [...GATES] : named;
    return [{ id, line, gates, class: cells[3] ?? '', cells: cells.slice(4, 8) }];
  });
}

/** Every check id that the core can answer with, and its class. */
function answered(): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const file of globSync('**/*.ts', { cwd: CORE })) {
    const source = readFileSync(path.join(CORE, file), 'utf8');
    for (const [, id = '', checkClass = ''] of source.matchAll(CALL)) ids.set(id, checkClass);
  }
  return ids;
}

const CALL = /\b(?:pass|fail|unknown)\(\s*'([a-z_]+)',\s*'([a-z]+)'/g;

t.test('every check is on the page, and nothing else is', async (t) => {
  const rows = documented();
  const ids = answered();
  t.ok(ids.size > 30, 'the source was read');
  t.same(rows.map((row) => row.id).sort(), [...ids.keys()].sort());
  for (const row of rows) t.equal(row.class, ids.get(row.id), `${row.id}: class`);
});

t.test('every row says what passes, fails, is unknown and helps', async (t) => {
  for (const { id, gates, cells } of documented()) {
    t.ok(
      cells.every((cell) => cell.length > 3),
      `${id} has no empty cell`,
    );
    for (const gate of gates) t.ok(GATES.includes(gate as Gate), `${id}: ${gate} is a gate`);
  }
});

/** Asked of rotations of secrets, tainted ones, ended ones, or ones whose issuer is not configured. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'rotation_open',
  'issuer_configured',
  'secrets_declared',
  'retire_declared',
  'tainted_tokens',
]);

t.test('each gate has the checks the page gives it', async (t) => {
  const { world, id } = rotating();
  const rows = documented();
  for (const gate of GATES) {
    const asked = new Set(world.gate(id, gate).checks.map((check) => check.id));
    for (const row of rows) {
      if (ELSEWHERE.has(row.id)) continue;
      const isSaid = row.gates.includes(gate);
      if (asked.has(row.id)) t.ok(isSaid, `${row.id} is asked by ${gate}`);
      else if (isSaid) t.match(row.line, `${gate} (secrets)`, `${row.id} of ${gate}`);
    }
  }
});
