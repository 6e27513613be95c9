import t from 'tap';
import { createAgent } from '@keyturn/agent';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { keyPublished, startRotatingIssuer } from './rotating-issuer.ts';

t.test('a rehearsal, a stolen key, and the way to 100 %', async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startRotatingIssuer(cleanup);
  const collector = await startCollectorProcess(directory, {
    issuers: [issuer.settings],
    services: [{ name: 'orders', instances: 1, profile: 'npm-jose', evidence: 'present' }],
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
  const holds = (jwks: readonly object[]): void => {
    verifier.setKeys(issuer.issuer, { jwks });
  };
  holds([issuer.old.publicJwk]);
  await keyPublished(collector, '2026-a');
  const start = ['rotation', 'start', '--alg', 'ES256', '--new-kid', '2026-b', '--by', 'ana'];
  t.equal((await keyturn(collector, ...start)).code, 0);

  t.equal((await keyturn(collector, 'rotation', 'rehearse')).code, 2, 'who says the key is there?');
  const rehearse = ['rotation', 'rehearse', '--old-key-available', '--by', 'ana'];
  await eventually('a rehearsal passes', async () =>
    (await keyturn(collector, ...rehearse)).code === 0 ? true : undefined,
  );

  const taint = ['rotation', 'taint', '--reason', 'found in a repository', '--by', 'ana'];
  const mute = await keyturn(collector, ...taint);
  t.equal(mute.code, 2, 'nobody to ask, and nobody said --yes');
  t.match(mute.stderr, /blast-radius/);
  const done = await keyturn(collector, ...taint, '--yes');
  t.equal(done.code, 0, done.stderr);
  t.match(done.stderr, /blast radius of 2026-a[^]*orders[^]*Restart the process/);
  const lost = await keyturn(collector, ...rehearse);
  t.equal(lost.code, 3, 'no way back to a stolen key');

  issuer.serve(issuer.both);
  await keyPublished(collector, '2026-b');
  t.equal((await keyturn(collector, 'rotation', 'activate')).code, 3, 'a taint is no evidence');
  holds(issuer.both);
  const activated = await keyturn(collector, 'gate', 'activate', '--wait', '--timeout', '30s');
  t.equal(activated.code, 0, activated.stdout);
  t.equal((await keyturn(collector, 'rotation', 'activate')).code, 0);
  const retire = await keyturn(collector, 'gate', 'retire');
  t.match(retire.stdout, /new key is seen in use/);

  const early = await keyturn(collector, 'rotation', 'containment');
  t.equal(early.code, 3);
  t.match(early.stdout, /contained 0 %[^]*until the key is removed/);
  issuer.serve([issuer.new.publicJwk]);
  holds([issuer.new.publicJwk]);
  const whole = await keyturn(collector, 'rotation', 'containment', '--wait', '--timeout', '30s');
  t.equal(whole.code, 0, whole.stdout);
  t.match(whole.stdout, /contained 100 %/);
  t.match((await collector.api.get('/status')).body, /Contained 100 %/);
  const trail = await keyturn(collector, 'audit');
  t.match(trail.stdout, /declares taint: found in a repository/);
});
