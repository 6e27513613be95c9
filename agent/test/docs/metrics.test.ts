import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { AGENT_INSTRUMENTS, type AgentInstrument } from '../../src/metric-names.ts';

const PAGE = readFileSync(path.join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');

const code = (text: string): string => `\`${text}\``;

t.test('every metric of an agent is on the page as it is in the source', async (t) => {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('| `keyturn.agent.'));
  t.strictSame(
    rows.map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, ''))),
    Object.values<AgentInstrument>(AGENT_INSTRUMENTS).map((each) => [
      code(each.name),
      `${each.kind.replaceAll('_', ' ')}, ${code(each.unit)}`,
      each.attributes.map(code).join(', ') || 'none',
      each.description,
    ]),
  );
});
