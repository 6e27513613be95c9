import { createHash } from 'node:crypto';
import t from 'tap';
import { ReportSchema } from '../../src/api/schemas/report.ts';
import { preferred } from '../../src/api/preferred.ts';
import { verifyReceipt } from '../../src/receipt/verify-receipt.ts';
import { reportSha256 } from '../../src/report/report-digest.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { NEW_KEY, OLD_KEY, id, type Rig, startRig } from './rig.ts';

/** A rotation that was switched against its gate, and ended. */
async function ended(rig: Rig): Promise<string> {
  await rig.sight(OLD_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  await declare(rig, rotation, 'activate', 'the pager | <b>is</b> on');
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  await declare(rig, rotation, 'retire', 'now');
  await rig.sight(NEW_KEY);
  await declare(rig, rotation, 'complete', 'now');
  return rotation;
}

async function declare(rig: Rig, rotation: string, step: string, reason: string): Promise<void> {
  const answer = await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step, by: 'ana', override_reason: reason },
  });
  if (answer.status !== 200) throw new Error(answer.text);
}

t.test('an ended rotation in all three formats, the same before and after', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const rotation = await ended(rig);
  const path = `/v1/rotations/${rotation}/report`;
  const json = await rig.call('GET', path, { token: null });
  t.equal(json.status, 200);
  t.match(json.headers['content-type'], /^application\/json/);
  t.equal(json.headers['vary'], 'accept');
  const report = ReportSchema.parse(json.json);
  t.same(report, json.json, 'nothing beyond the schema');
  t.match(report, {
    rotation: { id: rotation, outcome: 'completed', interim: false },
    overrides: [
      { step: 'activate', by: 'ana', override_reason: 'the pager | <b>is</b> on' },
      { step: 'retire' },
      { step: 'complete' },
    ],
    audit: { chain_intact: true },
  });
  const activate = report.evidence.find((one) => one.occasion === 'step activate');
  t.match(activate, {
    witnessed: true,
    gate_status: 'closed',
    verifiers: [{ service: 'orders', instance: 'orders-1', holds_new: 'absent' }],
  });
  t.ok(report.evidence.every((one) => one.witnessed));
  t.match(activate?.policy_sha256, /^[0-9a-f]{64}$/);

  const markdown = await rig.call('GET', path, {
    headers: { accept: 'text/markdown' },
    token: null,
  });
  t.match(markdown.headers['content-type'], /^text\/markdown; charset=utf-8/);
  t.match(markdown.text, /^# Evidence report of rotation r-/);
  t.notMatch(markdown.text, /[^\\]<b>/);

  const receipt = await rig.call('GET', `${path}?format=jws`, { token: null });
  t.match(receipt.headers['content-type'], /^application\/jwt/);
  const jwks = await rig.call('GET', '/.well-known/jwks.json', { token: null });
  t.equal(jwks.headers['cache-control'], 'public, max-age=3600');
  t.match(jwks.headers['content-type'], /^application\/jwk-set\+json/);
  const set = JSON.parse(jwks.text);
  const verified = await verifyReceipt(receipt.text, set, rig.engine.nowMs());
  t.match(verified, {
    valid: true,
    claims: { sub: rotation, iss: 'https://keyturn.test', report_sha256: reportSha256(json.json) },
  });

  rig.pass(3_600_000);
  await rig.call('GET', `/v1/rotations/${rotation}`);
  const later = await rig.call('GET', path, { token: null });
  t.equal(later.text, json.text, 'an hour later it is the same');
});

t.test('stored evidence is served byte for byte, as the trail names it', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const rotation = await ended(rig);
  const { json: report } = await rig.call('GET', `/v1/rotations/${rotation}/report`);
  const audit = await rig.call('GET', `/v1/audit?rotation=${rotation}&limit=500`);
  for (const { number, sha256 } of report.evidence) {
    const stored = await rig.call('GET', `/v1/rotations/${rotation}/evidence/${number}`);
    t.equal(createHash('sha256').update(stored.text).digest('hex'), sha256);
    const entry = audit.json.entries.find(
      (one: { action: string; detail: { number: number } }) =>
        one.action === 'evidence_taken' && one.detail.number === number,
    );
    t.equal(entry.detail.sha256, sha256);
  }
  for (const path of [
    `/v1/rotations/${rotation}/evidence/9999`,
    '/v1/rotations/nobody/evidence/1',
    '/v1/rotations/nobody/report',
  ]) {
    t.equal((await rig.call('GET', path)).status, 404, path);
  }
  t.equal((await rig.call('GET', `/v1/rotations/${rotation}/evidence/x`)).status, 400);
  t.match(await rig.call('GET', `/v1/rotations/${rotation}/report?format=pdf`), {
    status: 400,
    json: { field: 'format' },
  });
});

t.test('evidence that was changed on disk is not vouched for', async (t) => {
  const store = openMemoryStore();
  const rig = await startRig({
    store: {
      ...store,
      evidence(rotationId, number) {
        const stored = store.evidence(rotationId, number);
        if (stored === undefined || number !== 1) return stored;
        const body = stored.body.replace('"absent"', '"present"');
        return {
          record: JSON.parse(body) as typeof stored.record,
          body,
          sha256: createHash('sha256').update(body).digest('hex'),
        };
      },
    },
  });
  t.teardown(() => rig.close());
  const rotation = await ended(rig);
  const { json: report } = await rig.call('GET', `/v1/rotations/${rotation}/report`);
  t.match(report.evidence, [
    { number: 1, witnessed: false },
    { number: 2, witnessed: true },
  ]);
  t.match(report.summary.join(' '), /does not vouch for 1 of/);
});

t.test('an open rotation has an interim report', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  const { json: report } = await rig.call('GET', `/v1/rotations/${rotation}/report`);
  t.match(report, { rotation: { interim: true, outcome: null }, overlap: { terms_from: null } });
  t.ok(report.overlap.terms.length > 0, 'the terms as set now');
});

t.test('what Accept asks for', (t) => {
  const offered = ['application/json', 'text/markdown', 'application/jwt'];
  const table: readonly [string | undefined, string | undefined][] = [
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['text/markdown', 'text/markdown'],
    ['TEXT/Markdown; charset=utf-8', 'text/markdown'],
    ['text/*', 'text/markdown'],
    ['application/jwt;q=0.9, text/markdown;q=0.5', 'application/jwt'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'application/json'],
    ['application/jwt;q=0', undefined],
    ['image/png', undefined],
    ['', undefined],
    [';;;,,,q=', undefined],
  ];
  for (const [header, media] of table) t.equal(preferred(header, offered), media, header ?? 'none');
  t.end();
});

t.test('who asks for many reports at once waits for himself alone', async (t) => {
  const rig = await startRig({ api: { heavyWaitingMax: 0 } });
  t.teardown(() => rig.close());
  const rotation = await ended(rig);
  const paths = ['report', 'evidence/1', 'blast-radius'].map(
    (what) => `/v1/rotations/${rotation}/${what}`,
  );
  const asked = Array.from({ length: 30 }, (_, at) => rig.call('GET', paths[at % 3] ?? ''));
  const [status, ...answers] = await Promise.all([rig.call('GET', '/v1/status'), ...asked]);
  t.equal(status.status, 200);
  const refused = answers.filter((answer) => answer.status === 503);
  t.equal(refused.length + answers.filter((answer) => answer.status === 200).length, 30);
  t.ok(refused.length > 0);
  t.match(refused[0], {
    headers: { 'retry-after': '5' },
    json: { detail: /Too many such answers/ },
  });
  t.equal((await rig.call('GET', paths[0] ?? '')).status, 200, 'and then there is room again');
});
