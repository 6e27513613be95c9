import t, { type Test } from 'tap';
import { openMemoryHistory } from '../../src/store/history-memory.ts';
import { ISSUER, pushedClock, startRig, type Rig } from './rig.ts';

const TOKENS = JSON.stringify(['tokens', ISSUER]);
const MINUTE_S = Math.floor(Date.now() / 60_000) * 60 - 600;

interface Kept {
  readonly atS: number;
  readonly w?: number;
  readonly r?: number | null;
  readonly c?: readonly (readonly [string, Record<string, number>])[];
}

/** A collector that remembers these buckets of 10 s. */
async function remembering(t: Test, kept: readonly Kept[], track = TOKENS): Promise<Rig> {
  const history = openMemoryHistory();
  history.write(
    kept.map(({ atS, w = 10_000, r = 2, c = [] }) => ({
      track,
      stepS: 10,
      atS,
      body: JSON.stringify({ v: 1, w, r, n: 2, c }),
    })),
    [],
  );
  const rig = await startRig({ history, clock: pushedClock() });
  t.teardown(() => rig.close());
  return rig;
}

const iso = (atS: number): string => new Date(atS * 1_000).toISOString();

function asked(query: Readonly<Record<string, string>> = {}): string {
  const all = { issuer: ISSUER, from: iso(MINUTE_S), to: iso(MINUTE_S + 60), ...query };
  return `/v1/history/tokens?${new URLSearchParams(all).toString()}`;
}

t.test('rates by kid and outcome in columns, gaps as null', async (t) => {
  const rig = await remembering(t, [
    { atS: MINUTE_S, c: [['kid old', { ok: 100, expired: 5 }]] },
    {
      atS: MINUTE_S + 10,
      c: [
        ['kid old', { ok: 30 }],
        ['kid new', { unknown_kid: 1 }],
      ],
    },
    { atS: MINUTE_S + 20, r: 0 },
    { atS: MINUTE_S + 30, w: 5_000, c: [['foreign', { unknown_kid: 25 }]] },
    { atS: MINUTE_S + 40, w: 400, c: [['kid old', { ok: 9 }]] },
  ]);
  const { status, json } = await rig.call('GET', asked(), { token: null });
  t.equal(status, 200);
  t.match(json, { issuer: ISSUER, step_s: 10, more: 0, late: 0 });
  t.strictSame(
    json.at,
    [0, 10, 20, 30, 40, 50, 60].map((each) => MINUTE_S + each),
  );
  t.strictSame(json.reporting, [2, 2, 0, 2, 2, null, null]);
  const none = [null, null];
  t.strictSame(json.series, [
    { of: 'kid', kid: 'old', outcome: 'ok', values: [10, 3, null, 0, null, ...none] },
    { of: 'foreign', kid: null, outcome: 'unknown_kid', values: [0, 0, null, 5, null, ...none] },
    { of: 'kid', kid: 'old', outcome: 'expired', values: [0.5, 0, null, 0, null, ...none] },
    { of: 'kid', kid: 'new', outcome: 'unknown_kid', values: [0, 0.1, null, 0, null, ...none] },
  ]);
  t.ok(json.settled_until > MINUTE_S && json.settled_until <= Date.now() / 1_000);
});

t.test('a kid that may be among others is not said to have had no tokens', async (t) => {
  const rig = await remembering(t, [
    { atS: MINUTE_S, c: [['kid new', { ok: 10 }]] },
    { atS: MINUTE_S + 10, c: [['other', { ok: 10 }]] },
    {
      atS: MINUTE_S + 20,
      c: [
        ['kid new', { unknown_kid: 10 }],
        ['other', { ok: 10 }],
      ],
    },
    { atS: MINUTE_S + 30, c: [] },
  ]);
  const { json } = await rig.call('GET', asked({ kid: 'new' }));
  const values = json.series.map((each: { values: unknown[] }) => each.values.slice(0, 4));
  t.strictSame(values, [
    [1, null, 0, 0],
    [0, null, 1, 0],
  ]);
});

t.test('one kid alone; none of a kid that is not there', async (t) => {
  const rig = await remembering(t, [
    {
      atS: MINUTE_S,
      c: [
        ['kid old', { ok: 100 }],
        ['kid new', { ok: 1 }],
        ['none', { ok: 3 }],
      ],
    },
  ]);
  const kids = async (kid: string): Promise<unknown> => {
    const { json } = await rig.call('GET', asked({ kid }));
    return json.series.map((each: { kid: string }) => each.kid);
  };
  t.strictSame(await kids('new'), ['new']);
  t.strictSame(await kids('none'), []);
  t.strictSame(await kids('<script>'), []);
});

t.test('hostile kids come back as the text they are, and only so many', async (t) => {
  const kids = ['</script><script>', '\u{1f600}', '__proto__', 'constructor', 'x'.repeat(128)];
  const outcomes = { ok: 9, expired: 8, claims: 7, unknown_kid: 6, bad_signature: 5 };
  const many = Array.from({ length: 20 }, (_, at) => [`kid k${at}`, outcomes] as const);
  const rig = await remembering(t, [
    { atS: MINUTE_S, c: kids.map((kid) => [`kid ${kid}`, { ok: 1_000 }] as const) },
    { atS: MINUTE_S + 10, c: many },
  ]);
  const { json } = await rig.call('GET', asked());
  const names = json.series.map(({ kid }: { kid: string }) => kid);
  t.strictSame(new Set(names.slice(0, 5)), new Set(kids));
  t.equal(json.series.length, 64);
  t.equal(json.more, 105 - 64);
});

t.test('bad questions are answered by field, what was expected and what came', async (t) => {
  const rig = await remembering(t, []);
  const cases = [
    [{ issuer: 'https://nobody.example' }, 404, 'issuer', /no issuer of this name/],
    [{ issuer: '' }, 400, 'issuer', /1 character.*got ""/],
    [{ kid: 'x'.repeat(129) }, 400, 'kid', /128 characters/],
    [{ from: 'yesterday' }, 400, 'from', /ISO datetime.*got "yesterday"/],
    [{ from: String(MINUTE_S) }, 400, 'from', /ISO datetime/],
    [{ to: '2026-01-01' }, 400, 'to', /ISO datetime/],
    [{ from: iso(MINUTE_S), to: iso(MINUTE_S) }, 400, 'from', /a moment before to, ".*, got "/],
    [{ from: iso(MINUTE_S), to: iso(MINUTE_S - 60) }, 400, 'from', /a moment before to/],
    [{ points: '0' }, 400, 'points', />=1.*got "0"/],
    [{ points: '1501' }, 400, 'points', /<=1500/],
    [{ points: 'many' }, 400, 'points', /received NaN|got "many"/],
    [{ step: '-1' }, 400, 'step', />=0/],
    [{ step: '86401' }, 400, 'step', /<=86400/],
    [{ colour: 'red' }, 400, 'querystring', /"colour"/],
  ] as const;
  for (const [query, status, field, detail] of cases) {
    const answer = await rig.call('GET', asked(query));
    t.match(answer, { status, json: { status, field, detail } }, JSON.stringify(query));
  }
  const none = await rig.call('GET', '/v1/history/tokens');
  t.match(none, { status: 400, json: { field: 'issuer' } });
  const later = await rig.call(
    'GET',
    `/v1/history/tokens?issuer=${encodeURIComponent(ISSUER)}&from=${iso(MINUTE_S + 86_400)}`,
  );
  t.match(later, { status: 400, json: { field: 'from', detail: /a moment before now/ } });
});

t.test('without a stretch it is the last hour; a year has what was kept', async (t) => {
  const rig = await remembering(t, []);
  const hour = await rig.call('GET', `/v1/history/tokens?issuer=${encodeURIComponent(ISSUER)}`);
  t.equal(hour.json.step_s, 10);
  t.equal(hour.json.at.length, 361);
  const year = await rig.call('GET', asked({ from: '2020-01-01T00:00:00Z', points: '100' }));
  t.equal(year.status, 200);
  t.ok(year.json.at.length <= 100 && year.json.at[0] > MINUTE_S - 32 * 86_400);
});
