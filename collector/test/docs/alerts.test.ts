import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { ALERT_KINDS, ALERT_NAMES, type AlertName } from '../../src/core/alerts/catalogue.ts';
import { postedAlert } from '../../src/notify/alertmanager.ts';
import { alertRecord, SENDER } from '../notify/notices.ts';

const DOCS = path.join(import.meta.dirname, '../../../docs');
const SECTIONS = ['What it means', 'Look', 'Do', 'Gates', 'It ends when', 'False alarms'];
/** Somebody reads it at three in the morning. */
const WORDS_MAX = 420;

const read = (file: string): string => readFileSync(path.join(DOCS, file), 'utf8');

/** What a table says of a kind: severity, fires after, shuts gates, advises rollback. */
function factsOf(name: AlertName): readonly string[] {
  const { severity, pendingMs, shutsGates, advisesRollback } = ALERT_KINDS[name];
  const yesNo = (is: boolean): string => (is ? 'yes' : 'no');
  const after = pendingMs === 0 ? 'at once' : `${pendingMs / 1_000} s`;
  return [severity, after, yesNo(shutsGates), yesNo(advisesRollback)];
}

function cellsOf(row: string): readonly string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

t.test('every alert has its page, and no page is left over', async (t) => {
  const pages = readdirSync(path.join(DOCS, 'alerts')).sort();
  t.strictSame(pages, ALERT_NAMES.map((name) => `${name}.md`).sort());
});

for (const name of ALERT_NAMES) {
  t.test(`the page about ${name} says what the catalogue says, and what to do`, async (t) => {
    const text = read(`alerts/${name}.md`);
    const lines = text.split('\n');
    t.equal(lines[0], `# ${name}`);
    t.equal(lines[2], `${ALERT_KINDS[name].title}.`);
    const row = cellsOf(lines.find((line) => /^\| (?:critical|warning|info)/.test(line)) ?? '');
    const [severity = '', ...rest] = row;
    // A page may add when it is worse or less.
    t.strictSame([severity.split(';')[0], ...rest], factsOf(name));
    const headings = lines.filter((line) => line.startsWith('## ')).map((line) => line.slice(3));
    t.strictSame(headings, SECTIONS);
    t.match(text, /```sh\nkeyturn /, 'a command to look with');
    t.match(text, /## Do\n\n1\. /, 'a first thing to do');
    t.ok(text.split(/\s+/).length <= WORDS_MAX, 'short');
  });
}

t.test('the index lists every alert as the catalogue has it, in its order', async (t) => {
  const rows = read('alerts.md')
    .split('\n')
    .filter((line) => line.startsWith('| ['))
    .map(cellsOf);
  t.strictSame(
    rows,
    ALERT_NAMES.map((name) => [
      `[${name}](alerts/${name}.md)`,
      ...factsOf(name),
      ALERT_KINDS[name].title,
    ]),
  );
});

t.test('what keeps others from being told says so', async (t) => {
  for (const name of ALERT_NAMES) {
    const page = read(`alerts/${name}.md`);
    for (const inhibited of ALERT_KINDS[name].inhibits) {
      t.ok(page.includes(inhibited), `${name}: ${inhibited}`);
    }
  }
});

t.test('the route for the watchdog goes by the name that Alertmanager is told', async (t) => {
  const { labels } = postedAlert(alertRecord({ name: 'Watchdog', labels: {} }), null, 0, SENDER);
  t.ok(read('alerts/Watchdog.md').includes(`alertname="${labels['alertname']}"`));
});

t.test('the one exception to missing data is told', async (t) => {
  t.match(read('alerts/Watchdog.md'), /one alert that ends on missing data/);
  t.match(read('alerts.md'), /`Watchdog` alone ends on\s+missing data/);
});
