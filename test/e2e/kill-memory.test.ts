import t from 'tap';
import type { VerdictView } from '@keyturn/collector/api/schemas/verdict.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { acceptedBytes, field, helloBytes, rawSession, reportBytes } from './raw-fleet.ts';
import { keyPublished, startRotatingIssuer } from './rotating-issuer.ts';

const HOUR_S = 3_600;

t.test('a long-lived token that a dead verifier saw once keeps retire closed', async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startRotatingIssuer(cleanup);
  const { issuer: iss } = issuer;
  const old = issuer.old.ref.kid;
  issuer.serve(issuer.both);
  const settings = { issuers: [issuer.settings], policy: QUICK_POLICY };
  let collector = await startCollectorProcess(directory, settings);
  cleanup.add('collector', () => collector.child.kill());
  await keyPublished(collector, old);

  const started = await collector.api.post('/v1/rotations', {
    issuer: iss,
    alg: 'ES256',
    old_kid: old,
    new_kid: issuer.new.ref.kid,
    by: 'test',
  });
  t.equal(started.status, 201);
  const rotation = `/v1/rotations/${started.body.rotation.id}`;
  const step = { step: 'activate', by: 'test', override_reason: 'the test is about retire' };
  t.equal((await collector.api.post(`${rotation}/steps`, step)).status, 200);
  const bound = async () => {
    const verdict: VerdictView = (await collector.api.get(`${rotation}/gates/retire`)).body;
    const check = verdict.checks.find(({ id }) => id === 'old_tokens_expired');
    t.not(verdict.status, 'open');
    return { status: check?.status, atMs: Date.parse(check?.clears_at ?? '') };
  };
  const declared = await bound();
  t.ok(declared.atMs - Date.now() < 10 * 60_000, 'minutes, by the declared lifetime');

  const session = rawSession(collector.grpc);
  cleanup.add('session', () => {
    session.close();
  });
  session.send(helloBytes({ instance: 'monthly-job', issuer: iss }));
  await session.welcome();
  const nowS = BigInt(Math.floor(Date.now() / 1_000));
  const claims = [field(6, nowS), field(7, nowS + BigInt(HOUR_S)), field(8, BigInt(HOUR_S))];
  session.send(reportBytes(1, 1, acceptedBytes(iss, old, 1n, ...claims, field(11, 0n))));
  t.match(await session.acks(), [{ result: 'applied' }]);
  const seen = await bound();
  t.ok(seen.atMs - Date.now() > 59 * 60_000, 'an hour, by the one token that was seen');

  for (const restart of ['first', 'second']) {
    await collector.child.kill();
    collector = await startCollectorProcess(directory, settings);
    await keyPublished(collector, old);
    const after = await bound();
    t.ok(after.atMs >= seen.atMs, `not earlier after the ${restart} kill -9`);
  }

  // Taking the silent verifier out of the fleet takes nothing out of what it saw.
  const token = { authorization: `Bearer ${collector.token}` };
  const query = new URLSearchParams({ by: 'test', reason: 'gone for good' });
  const path = `/v1/verifiers/orders/monthly-job?${query.toString()}`;
  await eventually('it is silent and can be removed', async () => {
    const answer = await fetch(collector.url + path, { method: 'DELETE', headers: token });
    return answer.status === 200 ? true : undefined;
  });
  t.ok((await bound()).atMs >= seen.atMs, 'and not after it was removed');
});
