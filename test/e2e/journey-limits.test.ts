import t from 'tap';
import { createAgent } from '@keyturn/agent';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { startKeySetServer } from '../harness/key-set-server.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import { makeSigningKey } from '../harness/signing-key.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { keyPublished } from './rotating-issuer.ts';

const RAW = {
  ...QUICK_POLICY,
  stable_for: '8s',
};

t.test(
  'a change of algorithm is stopped by what verifiers take, and goes on when they do',
  async (t) => {
    const cleanup = teardownWith(t);
    const directory = await tempDirectory(cleanup);
    const old = await makeSigningKey('2026-a', 'RS256');
    const next = await makeSigningKey('2026-b', 'ES256');
    const issuer = await startKeySetServer([]);
    cleanup.add('issuer', () => issuer.close());
    issuer.serve([old.publicJwk], { 'cache-control': 'max-age=3600' });
    const settings = (overrides: object) => ({
      issuers: [
        {
          issuer: issuer.issuer,
          jwks_uri: issuer.jwksUri,
          watch_interval: '500ms',
          max_token_lifetime: '5s',
          planned_lead: '10m',
        },
      ],
      services: [{ name: 'orders', instances: 1, evidence: 'present', overrides }],
      policy: RAW,
    });
    let collector = await startCollectorProcess(
      directory,
      settings({ algs: ['RS256'], jwks_keys_max: 1, unknown_key_spoils_set: true }),
    );
    cleanup.add('collector', () => collector.child.kill());
    const report = () => {
      const agent = createAgent({
        service: 'orders',
        instance: 'orders-1',
        issuer: issuer.issuer,
        collector: collector.grpc,
      });
      cleanup.add('agent', () => agent.close());
      return agent.verifier({ cache: 'jwks' });
    };
    report().setKeys(issuer.issuer, { jwks: [old.publicJwk] });
    await keyPublished(collector, '2026-a');

    const start = ['rotation', 'start', '--alg', 'ES256', '--new-kid', '2026-b'];
    const unnamed = await keyturn(collector, ...start);
    t.not(unnamed.code, 0);
    t.match(unnamed.stderr, /got none for ES256; where the algorithm changes, name the old key/);
    t.equal((await keyturn(collector, ...start, '--old-kid', '2026-a')).code, 0);
    t.match((await keyturn(collector, 'rotation', 'list')).stdout, /RS256 -> ES256/);

    const shut = await keyturn(collector, 'gate', 'publish');
    t.equal(shut.code, 3);
    for (const said of [
      /with 2026-b the JWKS is too large for 1 service/,
      /orders jwks_too_large takes at most 1 key, 2 would come/,
      /the algorithm changes \(RS256 -> ES256\), and 1 service would refuse ES256/,
      /caches may keep the JWKS of \S+ for 3600 s, longer than the 600 s planned/,
    ]) {
      t.match(shut.stdout.replaceAll(/\s+/g, ' '), said);
    }

    await collector.child.kill();
    collector = await startCollectorProcess(
      directory,
      settings({ algs: ['RS256', 'ES256'], jwks_keys_max: 2 }),
    );
    const verifier = report();
    verifier.setKeys(issuer.issuer, { jwks: [old.publicJwk] });
    issuer.serve([old.publicJwk], { 'cache-control': 'max-age=60' });
    await keyPublished(collector, '2026-a');
    const lingering = await keyturn(collector, 'gate', 'publish', '--wait', '--timeout', '3s');
    t.equal(lingering.code, 3, 'copies of the old document live on, over the restart');
    t.match(lingering.stdout.replaceAll(/\s+/g, ' '), /as it was served before for 3600 s/);
    const waived = await keyturn(
      collector,
      'waive',
      'publish',
      'cache_lead',
      '--reason',
      'caches purged',
      '--valid-for',
      '1h',
    );
    t.equal(waived.code, 0, waived.stderr);
    t.equal((await keyturn(collector, 'gate', 'publish', '--wait', '--timeout', '20s')).code, 0);

    issuer.serve([old.publicJwk, next.publicJwk], { 'cache-control': 'max-age=60' });
    verifier.setKeys(issuer.issuer, { jwks: [old.publicJwk, next.publicJwk] });
    await keyPublished(collector, '2026-b');
    const open = await keyturn(collector, 'gate', 'activate', '--wait', '--timeout', '40s');
    t.equal(open.code, 0, open.stdout);
    t.match(open.stdout, /without a break/, 'it has to be stable first');
  },
);
