import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { ATTRIBUTES, INSTRUMENTS, type Instrument } from '../../src/metric-names.ts';
import { labelName, prometheusName } from '../../src/telemetry/prometheus-name.ts';

const PAGE = readFileSync(path.join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');

/** The cells of every table row whose first cell is code. */
const rows = PAGE.split('\n').flatMap((line) => {
  const cells = line.split('|').map((cell) => cell.trim());
  return /^`[a-z_.]+`$/.test(cells[1] ?? '') ? [cells.slice(1, -1)] : [];
});

const code = (text: string): string => `\`${text}\``;

t.test('every metric is on the page as it is in the source, and nothing else is', async (t) => {
  const documented = rows.filter(
    ([first]) => first?.includes('.') === false && first.includes('_'),
  );
  t.strictSame(
    documented.filter(([, second]) => second?.includes('.')),
    Object.values<Instrument>(INSTRUMENTS).map((each) => [
      code(prometheusName(each)),
      code(each.name),
      `${each.kind.replaceAll('_', ' ')}, ${code(each.unit)}`,
      each.attributes.map((name) => code(labelName(name))).join(', ') || 'none',
      each.description,
    ]),
  );
});

t.test('every label is on the page with what bounds it', async (t) => {
  const used = new Set<string>(
    Object.values<Instrument>(INSTRUMENTS).flatMap((each) => each.attributes),
  );
  t.strictSame(
    rows.filter((cells) => cells.length === 2),
    Object.entries(ATTRIBUTES)
      .filter(([name]) => used.has(name))
      .map(([name, bound]) => [code(labelName(name)), bound]),
  );
});
