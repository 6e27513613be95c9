import t from 'tap';
import { createAgent } from '@keyturn/agent';
import { keyPublished, startRotatingIssuer } from '../e2e/rotating-issuer.ts';
import { BROWSER_MISSING, openPage, startBrowser } from '../harness/browser.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { headingFaults, headingLevels } from './heading-order.ts';
import { says, textOf } from './reading.ts';

t.setTimeout(120_000);

t.test('a key that somebody else rotates', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const issuer = await startRotatingIssuer(cleanup);
  const collector = await startCollectorProcess(await tempDirectory(cleanup), {
    issuers: [{ ...issuer.settings, control: 'third_party' }],
    services: [{ name: 'orders', instances: 2, profile: 'npm-jose' }],
    policy: QUICK_POLICY,
  });
  cleanup.add('collector', () => collector.child.kill());
  const agent = createAgent({
    service: 'orders',
    instance: 'orders-1',
    issuer: issuer.issuer,
    collector: collector.grpc,
  });
  cleanup.add('agent', () => agent.close());
  const verifier = agent.verifier({ cache: 'jwks', profile: 'npm-jose' });
  verifier.setKeys(issuer.issuer, { jwks: [issuer.old.publicJwk] });
  await keyPublished(collector, '2026-a');
  issuer.serve(issuer.both);
  const id = await eventually('a rotation is observed', async () => {
    const { body } = await collector.api.get('/v1/rotations');
    return body.rotations[0]?.id as string | undefined;
  });
  const { page, problems } = await openPage(browser, `${collector.url}/rotations/${id}`);

  await says(page, /observed, verdicts are advice/, { selector: '.chips' });
  const part = await says(page, /What the issuer does.*Risk (low|raised|high)/);
  t.match(part, /Nobody here takes these steps and the issuer does not ask/);
  t.match(part, /\d of 2 verifiers would accept the new key/);
  t.match(part, /The issuer gave|The key is not served everywhere/);
  t.match(await textOf(page, '.marks'), /rotation started/);
  t.same(headingFaults(await headingLevels(page)), []);
  t.same(problems, []);
});

t.test('a shared secret, known by ids alone', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const collector = await startCollectorProcess(await tempDirectory(cleanup), {
    issuers: [{ issuer: 'billing', shared_secrets: true, max_token_lifetime: '2s' }],
    services: [{ name: 'orders', instances: 1, profile: 'npm-jose', evidence: 'present' }],
    policy: QUICK_POLICY,
  });
  cleanup.add('collector', () => collector.child.kill());
  const agent = createAgent({
    service: 'orders',
    instance: 'orders-1',
    issuer: 'billing',
    collector: collector.grpc,
  });
  cleanup.add('agent', () => agent.close());
  const hold = (...kids: readonly string[]): void =>
    agent.holdSecrets(
      'billing',
      kids.map((kid) => ({ kid, alg: 'HS256' })),
    );
  hold('2026-05');
  const keys = { old_kid: '2026-05', new_kid: '2026-11' };
  const started = await eventually('the secret in use is known', async () => {
    const body = { issuer: 'billing', alg: 'HS256', ...keys, by: 'ana' };
    const answer = await collector.api.post('/v1/rotations', body);
    return answer.status === 201 ? (answer.body.rotation.id as string) : undefined;
  });
  const { page, problems } = await openPage(browser, `${collector.url}/rotations/${started}`);

  await says(page, /shared secret/, { selector: '.chips' });
  await says(page, /staged: the new secret has not been handed out yet/);
  await says(page, /Safe to publish the new key\?.*OPEN/, { selector: '.next-verdict' });
  await collector.api.post(`/v1/rotations/${started}/steps`, { step: 'publish', by: 'ana' });
  await says(page, /Safe to sign with the new key\?.*CLOSED.*orders 1/, {
    selector: '.next-verdict',
  });
  hold('2026-05', '2026-11');
  await says(page, /Safe to sign with the new key\?.*OPEN/, { selector: '.next-verdict' });
  await says(page, /1 of 1 satisfy gate activate/);
  t.notMatch(await textOf(page), /thumbprint/i, 'there is none of a secret');
  t.same(problems, []);
});

t.test('a rotation nobody knows', { skip: BROWSER_MISSING }, async (t) => {
  const cleanup = teardownWith(t);
  const browser = await startBrowser(cleanup);
  const collector = await startCollectorProcess(await tempDirectory(cleanup), {});
  cleanup.add('collector', () => collector.child.kill());
  const { page, problems } = await openPage(browser, `${collector.url}/rotations/r-nobody`);
  await says(page, /Rotation r-nobody.*The collector knows no rotation of this id/);
  await page.goto(`${collector.url}/rotations`);
  await says(page, /No rotation is open.*None has ended yet/);
  t.same(problems, []);
});
