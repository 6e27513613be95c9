import t, { type Test } from 'tap';
import { emptyMemoryContents, openMemoryStore } from '../../src/store/memory.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { id, ISSUER, NEW_KEY, OLD_KEY, type Rig, service, startRig } from './rig.ts';

const START = { issuer: ISSUER, alg: 'RS256', new_kid: 'new', by: 'alice' };

async function rigOf(t: Test, options: Parameters<typeof startRig>[0] = {}): Promise<Rig> {
  const rig = await startRig(options);
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  return rig;
}

t.test('start, list, show', async (t) => {
  const rig = await rigOf(t);
  const started = await rig.call('POST', '/v1/rotations', { body: START });
  t.equal(started.status, 201);
  const { rotation } = started.json;
  t.equal(started.headers.location, `/v1/rotations/${rotation.id}`);
  t.match(rotation, {
    issuer: ISSUER,
    alg: 'RS256',
    old_key: { kid: 'old', thumbprint: OLD_KEY.thumbprint },
    new_key: { kid: 'new', thumbprint: null },
    phase: 'staged',
    open: true,
    started_by: 'alice',
    published_at: null,
  });
  t.match(await rig.call('POST', '/v1/rotations', { body: { ...START, new_kid: 'newer' } }), {
    status: 409,
    json: { type: 'urn:keyturn:problem:conflict', field: 'issuer' },
  });
  t.match((await rig.call('GET', '/v1/rotations')).json, {
    rotations: [{ id: rotation.id }],
    more: 0,
  });
  t.match((await rig.call('GET', '/v1/rotations?state=ended')).json, { rotations: [] });
  await rig.sight(OLD_KEY, NEW_KEY);
  const shown = await rig.call('GET', `/v1/rotations/${rotation.id}`);
  t.match(shown.json, {
    rotation: { phase: 'published', new_key: { thumbprint: NEW_KEY.thumbprint } },
    gates: [
      { gate: 'publish' },
      { gate: 'activate' },
      { gate: 'retire' },
      { gate: 'purge' },
      { gate: 'rollback' },
    ],
    attestations: [],
    waivers: [],
  });
  t.equal((await rig.call('GET', '/v1/rotations/r-none')).status, 404);
});

t.test('rehearsals over HTTP', async (t) => {
  const rig = await rigOf(t);
  const rotation = await rig.start();
  await rig.report(id('orders'), [OLD_KEY]);
  const rehearse = (body: unknown) =>
    rig.call('POST', `/v1/rotations/${rotation}/rehearsals`, { body });
  for (const [body, field] of [
    [{ by: 'alice' }, 'old_key_available'],
    [{ by: 'alice', old_key_available: 'yes' }, 'old_key_available'],
    [{ by: 'alice', old_key_available: false }, 'old_key_available'],
    [{ old_key_available: true }, 'by'],
  ] as const) {
    t.match(await rehearse(body), { status: 400, json: { field } });
  }
  t.match(await rehearse({ by: 'alice', old_key_available: true }), {
    status: 201,
    json: { rehearsal: { number: 1, by: 'alice', status: 'passed' } },
  });
  await rig.report(id('orders'), []);
  const second = await rehearse({ by: 'bob', old_key_available: true });
  t.match(second, { status: 201, json: { rehearsal: { number: 2, status: 'unknown' } } });
  const held = second.json.rehearsal.checks.find(
    (check: { id: string }) => check.id === 'old_key_held',
  );
  t.match(held, { status: 'unknown', class: 'evidence' });
  t.match((await rig.call('GET', `/v1/rotations/${rotation}`)).json.rehearsals, [
    { number: 1 },
    { number: 2 },
  ]);
  t.equal(
    (await rig.call('POST', `/v1/rotations/${rotation}/rehearsals`, { token: null })).status,
    401,
  );
  t.match(
    await rig.call('POST', '/v1/rotations/r-none/rehearsals', {
      body: { by: 'alice', old_key_available: true },
    }),
    { status: 404 },
  );
});

t.test('a rotation that cannot start', async (t) => {
  const rig = await rigOf(t);
  const rows: [string, Record<string, unknown>, number, string][] = [
    ['no issuer', { issuer: undefined }, 400, 'issuer'],
    ['issuer not text', { issuer: 7 }, 400, 'issuer'],
    ['issuer nobody configured', { issuer: 'https://other.example' }, 404, 'issuer'],
    ['no alg', { alg: undefined }, 400, 'alg'],
    ['alg too long', { alg: 'x'.repeat(17) }, 400, 'alg'],
    ['another alg', { alg: 'ES256' }, 400, 'old_kid'],
    ['no new kid', { new_kid: undefined }, 400, 'new_kid'],
    ['empty new kid', { new_kid: '' }, 400, 'new_kid'],
    ['huge kid', { new_kid: 'k'.repeat(60_000) }, 400, 'new_kid'],
    ['kid with control characters', { new_kid: 'a\u001b[2Jb' }, 400, 'new_kid'],
    ['kid that reorders text', { new_kid: 'a\u202eb' }, 400, 'new_kid'],
    ['the old kid again', { new_kid: 'old' }, 400, 'old_kid'],
    ['old kid nobody publishes', { old_kid: 'ancient' }, 400, 'old_kid'],
    ['old kid null', { old_kid: null }, 400, 'old_kid'],
    ['short thumbprint', { new_thumbprint: 'abc' }, 400, 'new_thumbprint'],
    ['nobody acts', { by: undefined }, 400, 'by'],
    ['empty by', { by: '' }, 400, 'by'],
    ['by with a line break', { by: 'alice\nroot' }, 400, 'by'],
    ['unknown member', { newKid: 'x' }, 400, 'body'],
  ];
  for (const [what, change, status, field] of rows) {
    const answer = await rig.call('POST', '/v1/rotations', { body: { ...START, ...change } });
    t.equal(answer.status, status, what);
    t.match(answer.json, { status, field, title: /./, detail: /./ }, what);
    t.ok(answer.text.length < 3_000, `${what}: the answer stays small`);
    t.notMatch(answer.json.detail, /[\p{Cc}\p{Cf}]/u, `${what}: printable`);
  }
  t.equal(rig.engine.state().rotations.size, 0);
});

t.test('steps are refused while their gate is not open, unless overridden by name', async (t) => {
  const rig = await rigOf(t);
  const rotation = await rig.start();
  const step = (body: Record<string, unknown>) =>
    rig.call('POST', `/v1/rotations/${rotation}/steps`, { body: { by: 'alice', ...body } });

  const refused = await step({ step: 'activate' });
  t.match(refused, {
    status: 409,
    json: {
      type: 'urn:keyturn:problem:gate-not-open',
      field: 'step',
      verdict: { gate: 'activate', ready: false, status: 'closed' },
    },
  });
  t.match(await step({ step: 'activate', override_reason: 'drill' }), {
    status: 200,
    json: {
      rotation: { declared: [{ step: 'activate', by: 'alice', override_reason: 'drill' }] },
      verdict: { gate: 'activate', status: 'closed' },
    },
  });
  const confirm = { old_kid: 'old', seen_at: new Date(rig.clock.wallMs()).toISOString() };
  t.match(await step({ step: 'taint', reason: 'stolen', confirm }), {
    status: 200,
    json: { rotation: { tainted: true }, verdict: null },
  });
  for (const [body, field] of [
    [{ step: 'explode' }, 'step'],
    [{}, 'step'],
    [{ step: 'activate', override_reason: '' }, 'override_reason'],
    [{ step: 'activate', force: true }, 'body'],
    [{ step: 'taint', confirm }, 'reason'],
    [{ step: 'taint', reason: 'stolen' }, 'confirm'],
    [{ step: 'taint', reason: 'stolen', confirm: true }, 'confirm'],
    [
      { step: 'taint', reason: 'stolen', confirm: { ...confirm, old_kid: 'new' } },
      'confirm.old_kid',
    ],
    [
      { step: 'taint', reason: 'stolen', confirm: { ...confirm, seen_at: 'now' } },
      'confirm.seen_at',
    ],
    [
      { step: 'taint', reason: 'stolen', confirm: { ...confirm, seen_at: '2020-01-01T00:00:00Z' } },
      'confirm.seen_at',
    ],
    [{ step: 'destroy_old_key' }, 'reason'],
  ] as const) {
    t.match(await step(body), { status: 400, json: { field } });
  }
  t.match(await step({ step: 'abort' }), {
    status: 409,
    json: { type: 'urn:keyturn:problem:conflict', field: 'step', detail: /go back first/ },
  });
  t.match(await step({ step: 'rollback', override_reason: 'drill over' }), { status: 200 });
  const early = await step({ step: 'abort' });
  t.match(early, { status: 409, json: { field: 'step', detail: /may be live until/ } });
  const shown = await rig.call('GET', `/v1/rotations/${rotation}`);
  t.match(shown.json.rotation, { new_key_needed: 'until', switched_at: null, tainted: true });
  t.equal(shown.json.rotation.new_key_needed_until, early.json.clears_at);
  t.match(await step({ step: 'abort', override_reason: 'nothing was signed' }), {
    status: 200,
    json: { rotation: { phase: 'aborted', open: false, outcome: 'aborted' } },
  });
  t.match(await step({ step: 'publish' }), { status: 409 }, 'ended');
  t.match(
    await rig.call('POST', '/v1/rotations/r-none/steps', { body: { step: 'abort', by: 'alice' } }),
    { status: 404 },
  );
});

t.test('attest and waive', async (t) => {
  const rig = await rigOf(t, {
    services: [
      service('orders'),
      service('legacy', { evidence: 'attested' }),
      service('mobile-app', {
        kind: 'unmanaged',
        required: false,
        population: { cohorts: [], coverPercentile: 100, dropsWithRefresh: true },
      }),
    ],
  });
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  const at = (path: string, body: Record<string, unknown>) =>
    rig.call('POST', `/v1/rotations/${rotation}/${path}`, { body });
  const attest = {
    service: 'legacy',
    fact: 'holds_new',
    by: 'bob',
    reason: 'looked',
    valid_for_s: 60,
  };
  await rig.sight(OLD_KEY, NEW_KEY);
  t.match(await at('attestations', attest), {
    status: 201,
    json: {
      attestation: { id: /^att-/, service: 'legacy', instance: null, in_force: true, by: 'bob' },
    },
  });
  const waive = {
    gate: 'activate',
    check_id: 'fleet_heard',
    by: 'bob',
    reason: 'known',
    valid_for_s: 60,
  };
  t.match(await at('waivers', waive), {
    status: 201,
    json: { waiver: { id: /^wvr-/, gate: 'activate', check_id: 'fleet_heard', in_force: true } },
  });
  const open = (await rig.call('GET', `/v1/rotations/${rotation}/gates/activate`)).json;
  t.match(open, {
    ready: true,
    summary: 'activate is open: every check passes but what people waived: fleet_heard',
  });
  t.match(
    (await rig.call('GET', '/status')).text,
    /waived<\/span><p>.*\(waived by bob until 20\S+Z: known\)/,
  );
  t.match(
    (await rig.call('GET', '/status')).text,
    /note<\/span><p>1 service vouched for: bob for legacy, expires at 20/,
  );
  const shown = await rig.call('GET', `/v1/rotations/${rotation}`);
  t.match(shown.json, { attestations: [{ reason: 'looked' }], waivers: [{ reason: 'known' }] });

  for (const [path, body, status, field] of [
    ['attestations', { ...attest, service: 'nobody' }, 404, 'service'],
    ['attestations', { ...attest, service: 'orders' }, 400, 'service'],
    ['attestations', { ...attest, fact: 'is_fine' }, 400, 'fact'],
    ['attestations', { ...attest, service: 'mobile-app' }, 400, 'service'],
    ['attestations', { ...attest, by: '' }, 400, 'by'],
    ['attestations', { ...attest, by: '  ' }, 400, 'by'],
    ['attestations', { ...attest, by: undefined }, 400, 'by'],
    ['attestations', { ...attest, valid_for_s: -60 }, 400, 'valid_for_s'],
    ['attestations', { ...attest, valid_for_s: 0.5 }, 400, 'valid_for_s'],
    ['attestations', { ...attest, expires_at: '2020-01-01T00:00:00Z' }, 400, 'body'],
    ['attestations', { ...attest, valid_for_s: 0 }, 400, 'valid_for_s'],
    ['attestations', { ...attest, valid_for_s: '1d' }, 400, 'valid_for_s'],
    ['attestations', { ...attest, valid_for_s: 1e12 }, 400, 'valid_for_s'],
    ['attestations', { ...attest, reason: undefined }, 400, 'reason'],
    ['attestations', { ...attest, reason: 'x'.repeat(501) }, 400, 'reason'],
    ['waivers', { ...waive, gate: 'moon' }, 400, 'gate'],
    ['waivers', { ...waive, check_id: 'weather' }, 400, 'check_id'],
    ['waivers', { ...waive, check_id: 'collector_ready' }, 400, 'check_id'],
    ['waivers', { ...waive, valid_for_s: -5 }, 400, 'valid_for_s'],
  ] as const) {
    t.match(await at(path, body), { status, json: { field } }, `${path} ${JSON.stringify(body)}`);
  }
});

t.test('remove a verifier', async (t) => {
  const rig = await rigOf(t);
  await rig.report(id('orders'), [OLD_KEY]);
  await rig.report(id('orders', 'orders-2', 'a/b'.replace('/', '.')), [OLD_KEY]);
  const path = '/v1/verifiers/orders/orders-1?by=alice&reason=gone';
  t.match(
    await rig.call('DELETE', path),
    { status: 409, json: { field: 'instance' } },
    'it reports',
  );
  rig.pass(120_000);
  t.match(await rig.call('DELETE', '/v1/verifiers/orders/orders-1?by=alice'), { status: 400 });
  await rig.call('GET', '/v1/status');
  await new Promise((resolve) => setTimeout(resolve, 80));
  t.match(await rig.call('DELETE', path), { status: 200, json: { removed: 1 } });
  t.match(await rig.call('DELETE', path), { status: 404 });
  t.match(await rig.call('DELETE', '/v1/verifiers/orders/orders-2/a.b?by=alice&reason=gone'), {
    status: 200,
    json: { removed: 1 },
  });
});

t.test('acts and decisions are on record, in pages', async (t) => {
  const rig = await rigOf(t);
  const rotation = await rig.start();
  await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step: 'activate', by: 'mallory' },
  });
  const all = (await rig.call('GET', `/v1/audit?rotation=${rotation}`)).json;
  t.ok(
    all.entries.some(
      (entry: { kind: string; actor: string }) =>
        entry.kind === 'refusal' && entry.actor === 'mallory',
    ),
  );
  t.equal(all.next, null);
  const first = (await rig.call('GET', '/v1/audit?limit=1')).json;
  t.match(first, { entries: [{ number: 1, hash: /^[0-9a-f]{64}$/ }], next: 1 });
  const second = (await rig.call('GET', `/v1/audit?limit=1&after=${first.next}`)).json;
  t.match(second, { entries: [{ number: 2 }] });
  const newest = (await rig.call('GET', '/v1/audit?order=newest&limit=1')).json;
  const highest = newest.entries[0].number;
  t.match(newest, { next: highest });
  t.ok(highest > 2);
  t.match((await rig.call('GET', `/v1/audit?order=newest&limit=1&before=${highest}`)).json, {
    entries: [{ number: highest - 1 }],
  });
  const wrong = ['limit=0', 'limit=501', 'limit=x', 'after=-1', 'before=0', 'order=up', 'page=2'];
  for (const query of wrong) {
    t.equal((await rig.call('GET', `/v1/audit?${query}`)).status, 400, query);
  }
});

t.test('a store that refuses writes', async (t) => {
  let failing = false;
  const store = openMemoryStore({
    contents: emptyMemoryContents(),
    beforeCommit: () => {
      if (failing) throw new StoreError('STORE_FULL', 'The disk is full.');
    },
  });
  const rig = await rigOf(t, { store });
  const rotation = await rig.start();
  failing = true;
  const answer = await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step: 'publish', by: 'alice', override_reason: 'whatever' },
  });
  t.match(answer, { status: 503, headers: { 'retry-after': '5' } });
  t.match(answer.json, { type: /^urn:keyturn:problem:(store-)?unavailable$/ });
  t.match(
    await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
      body: { step: 'abort', by: 'alice' },
    }),
    { status: 503 },
  );
  t.match(await rig.call('GET', `/v1/rotations/${rotation}/gates/activate`), {
    status: 200,
    json: { ready: false },
  });
  t.match(await rig.call('GET', '/readyz'), {
    status: 503,
    json: { ready: false, store_writable: false },
  });
  t.equal((await rig.call('GET', '/healthz')).status, 200);
  t.match((await rig.call('GET', '/v1/status')).json, { store_failing_since_at: /Z$/ });
});
