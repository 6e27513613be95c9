import t, { type Test } from 'tap';
import { openMemoryHistory } from '../../src/store/history-memory.ts';
import { ISSUER, OLD_KEY, startRig, type Rig } from './rig.ts';

const MINUTE_S = Math.floor(Date.now() / 60_000) * 60 - 600;

const iso = (atS: number): string => new Date(atS * 1_000).toISOString();

const STRETCH = `from=${iso(MINUTE_S)}&to=${iso(MINUTE_S + 30)}`;

/** A rotation with two buckets behind it, and a gap between them. */
async function remembering(t: Test): Promise<{ rig: Rig; id: string }> {
  const history = openMemoryHistory();
  const rig = await startRig({ history });
  t.teardown(() => rig.close());
  await rig.sight(OLD_KEY);
  const id = await rig.start();
  const row = (kind: string, of: string, atS: number, body: object) => ({
    track: JSON.stringify([kind, of]),
    stepS: 10,
    atS,
    body: JSON.stringify({ v: 1, w: 10_000, ...body }),
  });
  const tokens = (atS: number, c: unknown) => row('tokens', ISSUER, atS, { r: 2, n: 2, c });
  const sample = (knowing: number, knowingFewest: number) => ({
    verifiers: 3,
    knowing,
    knowingFewest,
    lacking: 3 - knowing,
    unheard: 0,
    byGrade: { present: knowing, stale: 3 - knowing },
    byOld: { held: 3, served: 0, dropped: 0, unknown: 0 },
  });
  history.write(
    [
      row('rotation', id, MINUTE_S, { p: sample(1, 0), m: [] }),
      row('rotation', id, MINUTE_S + 20, { p: sample(3, 3), m: [['key', [3.5, 20, false]]] }),
      row('detectors', ISSUER, MINUTE_S + 20, { m: [['all', [21, 20, true]]] }),
      tokens(MINUTE_S, [['kid old', { ok: 95, unknown_kid: 5, expired: 50, malformed: 7 }]]),
      tokens(MINUTE_S + 20, [
        ['kid new', { ok: 40, bad_signature: 10 }],
        ['none', { ok: 1 }],
      ]),
      tokens(MINUTE_S + 30, [
        ['kid old', { ok: 20 }],
        ['other', { ok: 1 }],
      ]),
    ],
    [
      { status: 'closed', atS: MINUTE_S - 300, reason: 'the <b>reason</b>' },
      { status: 'open', atS: MINUTE_S + 5, reason: '' },
    ].map(({ status, atS, reason }) => ({
      kind: 'gates',
      track: id,
      atMs: atS * 1_000,
      number: 1,
      body: JSON.stringify({ v: 1, gate: 'activate', status, reason }),
    })),
  );
  return { rig, id };
}

t.test('a rotation over time, in columns', async (t) => {
  const { rig, id } = await remembering(t);
  const path = `/v1/history/rotations/${id}?${STRETCH}`;
  const { status, json } = await rig.call('GET', path, { token: null });
  t.equal(status, 200);
  t.strictSame(
    json.at,
    [0, 10, 20, 30].map((each) => MINUTE_S + each),
  );
  t.match(json, { rotation_id: id, issuer: ISSUER, step_s: 10 });
  t.strictSame(json.propagation, {
    verifiers: [3, null, 3, null],
    knowing: [1, null, 3, null],
    knowing_fewest: [0, null, 3, null],
    lacking: [2, null, 0, null],
    unheard: [0, null, 0, null],
    by_grade: [
      { grade: 'present', values: [1, null, 3, null] },
      { grade: 'stale', values: [2, null, 0, null] },
    ],
    by_old: [
      { standing: 'held', values: [3, null, 3, null] },
      { standing: 'served', values: [0, null, 0, null] },
      { standing: 'dropped', values: [0, null, 0, null] },
      { standing: 'unknown', values: [0, null, 0, null] },
    ],
  });
  t.strictSame(json.control, {
    // In the last bucket a token of it may have been among the others.
    new: { kid: 'new', tokens: [0, null, 5, null], failures: [0, null, 1, null] },
    old: { kid: 'old', tokens: [15, null, 0, 2], failures: [0.5, null, 0, 0] },
    key: {
      score: [null, null, 3.5, null],
      threshold: [null, null, 20, null],
      firing: [null, null, false, null],
    },
    holders: {
      score: [null, null, null, null],
      threshold: [null, null, null, null],
      firing: [null, null, null, null],
    },
  });
  const [before, after] = json.gates.find(
    ({ gate }: { gate: string }) => gate === 'activate',
  ).spans;
  const closed = { status: 'closed', from_at: iso(MINUTE_S - 300), to_at: iso(MINUTE_S + 5) };
  t.strictSame(before, { ...closed, reason: 'the <b>reason</b>' });
  t.match(after, { status: 'open', from_at: iso(MINUTE_S + 5), reason: '' });
});

t.test('an issuer’s detectors over time, in columns', async (t) => {
  const { rig } = await remembering(t);
  const { json } = await rig.call(
    'GET',
    `/v1/history/detectors?issuer=${encodeURIComponent(ISSUER)}&${STRETCH}`,
  );
  t.strictSame(
    json.detectors.map(({ name }: { name: string }) => name),
    ['all', 'foreign', 'next', 'active', 'retired'],
  );
  t.strictSame(json.detectors[0], {
    name: 'all',
    score: [null, null, 21, null],
    threshold: [null, null, 20, null],
    firing: [null, null, true, null],
  });
});

t.test('without a stretch a rotation is seen from its start', async (t) => {
  const { rig, id } = await remembering(t);
  const { json } = await rig.call('GET', `/v1/history/rotations/${id}`);
  const { started_at: startedAt } = (await rig.call('GET', `/v1/rotations/${id}`)).json.rotation;
  const firstS = Math.floor(Date.parse(startedAt) / 1_000) - 60;
  t.equal(json.at[0], Math.floor(firstS / 10) * 10);
  t.ok(json.at.length <= 8);
});

t.test('bad questions', async (t) => {
  const { rig, id } = await remembering(t);
  const cases = [
    ['/v1/history/rotations/nothing', 404, 'rotation_id', /no rotation/],
    [`/v1/history/rotations/${'x'.repeat(129)}`, 400, 'rotation_id', /128 characters/],
    [`/v1/history/rotations/${id}?from=now`, 400, 'from', /ISO datetime.*got "now"/],
    [`/v1/history/rotations/${id}?points=1e9`, 400, 'points', /<=1500/],
    [`/v1/history/rotations/${id}?kid=new`, 400, 'querystring', /"kid"/],
    ['/v1/history/detectors', 400, 'issuer', /expected string/],
    ['/v1/history/detectors?issuer=nobody', 404, 'issuer', /no issuer/],
  ] as const;
  for (const [path, status, field, detail] of cases) {
    t.match(await rig.call('GET', path), { status, json: { status, field, detail } }, path);
  }
});
