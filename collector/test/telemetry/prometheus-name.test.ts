import t from 'tap';
import { ATTRIBUTES, INSTRUMENTS, type Instrument } from '../../src/metric-names.ts';
import { labelName, prometheusName } from '../../src/telemetry/prometheus-name.ts';

const instruments: readonly Instrument[] = Object.values(INSTRUMENTS);

t.test('names as a receiver of OTLP makes them', (t) => {
  const rows: [Pick<Instrument, 'name' | 'unit' | 'kind'>, string][] = [
    [{ name: 'a.b.hits', unit: '{hit}', kind: 'counter' }, 'a_b_hits_total'],
    [{ name: 'a.time', unit: 's', kind: 'counter' }, 'a_time_seconds_total'],
    [{ name: 'a.usage', unit: 'By', kind: 'up_down_counter' }, 'a_usage_bytes'],
    [{ name: 'a.duration', unit: 's', kind: 'histogram' }, 'a_duration_seconds'],
    [{ name: 'a.age', unit: 's', kind: 'gauge' }, 'a_age_seconds'],
    [{ name: 'a-b..c', unit: '', kind: 'gauge' }, 'a_b_c'],
    [{ name: 'a.seconds', unit: 's', kind: 'gauge' }, 'a_seconds'],
    [{ name: 'a.milliseconds', unit: 's', kind: 'gauge' }, 'a_milliseconds_seconds'],
    [{ name: 'a.total.b', unit: '{x}', kind: 'counter' }, 'a_b_total'],
  ];
  for (const [instrument, name] of rows) t.equal(prometheusName(instrument), name);
  t.equal(labelName('keyturn.kid.bucket'), 'keyturn_kid_bucket');
  t.end();
});

t.test("every instrument keeps to OpenTelemetry's rules", (t) => {
  t.equal(new Set(instruments.map(prometheusName)).size, instruments.length, 'no name twice');
  for (const { name, unit, kind, description, attributes, buckets } of instruments) {
    t.match(name, /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+$/, `${name}: dotted, lower case`);
    t.notMatch(name, /(?:^|[._])(?:total|seconds|bytes|ratio|s|ms)$/, `${name}: no unit, no total`);
    t.ok(['s', 'By'].includes(unit) || /^\{[a-z]+\}$/.test(unit), `${name}: unit ${unit}`);
    t.notMatch(description, /\.$/, `${name}: described`);
    t.equal(kind === 'histogram', buckets !== undefined, `${name}: buckets of histograms`);
    t.equal(new Set(attributes).size, attributes.length, `${name}: attributes once`);
  }
  t.end();
});

t.test('nothing a reporter can choose is an attribute', (t) => {
  const used = new Set(instruments.flatMap(({ attributes }) => attributes));
  t.same(
    [...used].filter((name) => !(name in ATTRIBUTES)),
    [],
  );
  for (const name of used) {
    t.notMatch(name, /(?:kid|thumbprint|instance|rotation|reason|message|peer|cache)$/, name);
  }
  t.end();
});
