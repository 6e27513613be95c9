import { isAttributable, OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { ALERT_NAMES } from '../../src/core/alerts/catalogue.ts';
import { INSTRUMENTS, type Instrument } from '../../src/metric-names.ts';
import { labelName, prometheusName } from '../../src/telemetry/prometheus-name.ts';
import { prometheusMissing, promtool } from '../support/prometheus-tools.ts';
import { counted, id, ISSUER, NEW_KEY, OLD_KEY, type Rig, service, startRig } from './rig.ts';

/** What breaks a line of the text format, or a page, where it is not escaped. */
const HOSTILE = 'x"} 1\n<script>';

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

async function scrape(rig: Rig): Promise<{ readonly text: string; readonly series: Series[] }> {
  const { status, text } = await rig.call('GET', '/metrics', { token: null });
  if (status !== 200) throw new Error(`${status} ${text}`);
  return { text, series: text.split('\n').flatMap(seriesOf) };
}

function seriesOf(line: string): Series[] {
  const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined) return [];
  const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)];
  return [
    {
      name,
      labels: Object.fromEntries(pairs.map(([, key, of]) => [key, of])),
      value: Number(value),
    },
  ];
}

/** The value of the one series that has these labels; undefined when there is none. */
function valueOf(series: readonly Series[], name: string, labels: Record<string, string>) {
  const found = series.filter(
    (each) =>
      each.name === name &&
      Object.entries(labels).every(([key, value]) => (each.labels[key] ?? '') === value),
  );
  return found.length === 1 ? found[0]?.value : undefined;
}

const verified = (bucket: string, error = '') => ({
  keyturn_issuer: ISSUER,
  keyturn_service: 'orders',
  keyturn_kid_bucket: bucket,
  error_type: error,
});

async function rotatingRig(): Promise<Rig> {
  const rig = await startRig({ services: [service('orders'), service('billing')] });
  await rig.sight(OLD_KEY);
  await rig.report(id('orders'), [OLD_KEY], [counted('old', { ok: 5 })]);
  await rig.report(id(HOSTILE), [OLD_KEY], [counted(HOSTILE, { unknown_kid: 3 })]);
  await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(
    id('orders'),
    [OLD_KEY, NEW_KEY],
    [counted('old', { ok: 8 }), counted('new', { ok: 1, unknown_kid: 2 })],
  );
  return rig;
}

t.test('a rotation as Prometheus sees it', async (t) => {
  const rig = await rotatingRig();
  t.teardown(() => rig.close());
  const { series } = await scrape(rig);
  const name = 'keyturn_token_verifications_total';
  t.equal(valueOf(series, name, verified('active')), 8);
  t.equal(valueOf(series, name, verified('next')), 1);
  t.equal(valueOf(series, name, verified('next', 'unknown_kid')), 2);
  t.equal(
    valueOf(series, name, verified('retired', 'bad_signature')),
    0,
    'there before it happens',
  );
  for (const error of OUTCOMES.filter(isAttributable)) {
    t.not(valueOf(series, name, verified('active', error)), undefined, `${error} from the start`);
  }
  const rotation = { keyturn_issuer: ISSUER, keyturn_rotation_alg: 'RS256' };
  t.equal(
    valueOf(series, 'keyturn_rotation_phase', { ...rotation, keyturn_rotation_phase: 'published' }),
    1,
  );
  const gate = { ...rotation, keyturn_gate: 'activate' };
  t.equal(
    valueOf(series, 'keyturn_rotation_gate_status', { ...gate, keyturn_gate_status: 'open' }),
    0,
  );
  t.equal(
    valueOf(series, 'keyturn_rotation_verifiers', {
      keyturn_service: 'orders',
      keyturn_new_key: 'verified',
    }),
    1,
  );
  t.equal(
    valueOf(series, 'keyturn_verifiers', {
      keyturn_service: 'undeclared',
      keyturn_verifier_state: 'reporting',
    }),
    1,
  );
  t.equal(valueOf(series, 'keyturn_service_instances_expected', { keyturn_service: 'billing' }), 1);
  t.equal(valueOf(series, 'keyturn_keys', { keyturn_key_state: 'published' }), 2);
  t.equal(
    valueOf(series, 'keyturn_collector_status', { keyturn_collector_status: 'hold_down' }),
    1,
  );
});

t.test('an alert shows as the collector has it, and every kind is there before', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const firing = (name: string) => ({
    keyturn_alert_name: name,
    keyturn_alert_severity: 'critical',
    keyturn_alert_status: 'firing',
  });
  await rig.sight(OLD_KEY);
  const before = (await scrape(rig)).series;
  for (const name of ALERT_NAMES) t.equal(valueOf(before, 'keyturn_alerts', firing(name)), 0, name);
  await rig.sight({ ...OLD_KEY, thumbprint: 'x'.repeat(43) });
  let after = before;
  while (valueOf(after, 'keyturn_alerts', firing('KidReused')) === 0) {
    await setTimeout(20);
    after = (await scrape(rig)).series;
  }
  t.equal(valueOf(after, 'keyturn_alerts', firing('KidReused')), 1);
  t.equal(valueOf(after, 'keyturn_kids_reused', {}), 1);
});

t.test('every state of a set adds up to one rotation', async (t) => {
  const rig = await rotatingRig();
  t.teardown(() => rig.close());
  const { series } = await scrape(rig);
  const sums = new Map<string, number>();
  for (const { name, labels, value } of series) {
    if (name !== 'keyturn_rotation_gate_status') continue;
    const gate = labels['keyturn_gate'] ?? '';
    sums.set(gate, (sums.get(gate) ?? 0) + value);
  }
  t.same(Object.fromEntries(sums), { publish: 1, activate: 1, retire: 1, purge: 1, rollback: 1 });
});

t.test('names and labels are those of the catalogue, and nothing a reporter chose', async (t) => {
  const rig = await rotatingRig();
  t.teardown(() => rig.close());
  const { text, series } = await scrape(rig);
  const known = new Map(
    Object.values<Instrument>(INSTRUMENTS).map((each) => [
      prometheusName(each),
      each.attributes.map(labelName),
    ]),
  );
  known.set('target_info', ['service_name', 'service_version']);
  for (const { name, labels } of series) {
    const base = name.replace(/_(?:bucket|sum|count)$/, '');
    const allowed = known.get(name) ?? known.get(base);
    t.ok(allowed, `${name} is an instrument`);
    const others = Object.keys(labels).filter(
      (label) => label !== 'le' && allowed?.includes(label) !== true,
    );
    t.same(others, [], `${name} has its own labels only`);
  }
  t.notMatch(text, /script|"old"|"new"|orders-1/, 'no kid, instance or invented name');
});

t.test('promtool has nothing to say against it', { skip: prometheusMissing }, async (t) => {
  const rig = await rotatingRig();
  t.teardown(() => rig.close());
  const { text } = await scrape(rig);
  t.same(await promtool(['check', 'metrics'], text), { code: 0, said: '' });
  const broken = await promtool(['check', 'metrics'], text.replaceAll('_total', ''));
  t.not(broken.code, 0, 'and would have');
});

t.test('a crowd of scrapers is told to come back', async (t) => {
  const held = Promise.withResolvers<string>();
  const metrics = { contentType: 'text/plain', read: () => held.promise };
  const rig = await startRig({ api: { metrics } });
  t.teardown(() => rig.close());
  const refused = Promise.withResolvers<void>();
  let refusals = 0;
  const answers = Array.from({ length: 12 }, async () => {
    const { status } = await rig.call('GET', '/metrics', { token: null });
    if (status === 503) refusals += 1;
    if (refusals === 3) refused.resolve();
    return status;
  });
  await refused.promise;
  held.resolve('up 1\n');
  const statuses = await Promise.all(answers);
  t.equal(statuses.filter((status) => status === 200).length, 9, 'one and eight that wait');
});

t.test('the route is guarded as other reads are', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const answer = await rig.call('GET', '/metrics', { token: null });
  t.equal(answer.status, 200);
  t.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const foreign = await rig.call('GET', '/metrics', { headers: { host: 'evil.example' } });
  t.equal(foreign.status, 421);
  const page = await rig.call('GET', '/metrics', { headers: { origin: 'https://evil.example' } });
  t.equal(page.status, 403);
});
