import * as jose from 'jose';
import { importJWK, SignJWT } from 'jose';
import t, { type Test } from 'tap';
import { createAgent, observeJose } from '@keyturn/agent';
import type { RotationDetailView, RotationView } from '@keyturn/collector/api/schemas/rotation.ts';
import type { CollectorProcess } from '../harness/collector-process.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import type { SigningKey } from '../harness/signing-key.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { keyPublished, startRotatingIssuer } from './rotating-issuer.ts';

/** An issuer that somebody else runs, a collector that watches it, and a service with jose. */
async function startWorld(t: Test) {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startRotatingIssuer(cleanup);
  const settings = {
    issuers: [
      {
        ...issuer.settings,
        ...THIRD_PARTY,
      },
    ],
    services: [{ name: 'orders', instances: 1, profile: 'npm-jose' }],
    policy: QUICK_POLICY,
  };
  const collector = await startCollectorProcess(directory, settings);
  cleanup.add('collector', () => collector.child.kill());
  const agent = createAgent({
    service: 'orders',
    instance: 'orders-1',
    issuer: issuer.issuer,
    collector: collector.grpc,
  });
  cleanup.add('agent', () => agent.close());
  const { createRemoteJWKSet, jwtVerify } = observeJose(jose, agent);
  const keys = createRemoteJWKSet(new URL(issuer.jwksUri), {
    cacheMaxAge: 500,
    cooldownDuration: 100,
  });
  const present = async (key: SigningKey): Promise<boolean> => {
    const token = await tokenOf(issuer.issuer, key);
    return jwtVerify(token, keys, { issuer: issuer.issuer }).then(
      () => true,
      () => false,
    );
  };
  await keyPublished(collector, issuer.old.ref.kid);
  return { issuer, collector, present };
}

const THIRD_PARTY = {
  control: 'third_party',
  max_token_lifetime: '1s',
  clock_skew: '0s',
  origin_spread: '0s',
  failed_fetch_allowance: '0s',
};

async function tokenOf(issuer: string, key: SigningKey): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: key.ref.kid })
    .setIssuer(issuer)
    .setIssuedAt()
    .setExpirationTime('1s')
    .sign(await importJWK(key.privateJwk, 'ES256'));
}

async function rotationsOf({ api }: CollectorProcess): Promise<readonly RotationView[]> {
  return (await api.get('/v1/rotations?state=all')).body.rotations;
}

async function shown({ api }: CollectorProcess, id: string): Promise<RotationDetailView> {
  return (await api.get(`/v1/rotations/${id}`)).body;
}

t.test('somebody else rotates a key, and nobody here declares anything', async (t) => {
  const { issuer, collector, present } = await startWorld(t);
  t.ok(await present(issuer.old));
  t.same(await rotationsOf(collector), []);

  issuer.serve(issuer.both);
  const { id } = await eventually('a rotation opens by itself', async () => {
    return (await rotationsOf(collector))[0];
  });
  await keyPublished(collector, issuer.new.ref.kid);
  const list = await keyturn(collector, 'rotation', 'list');
  t.match(list.stdout, new RegExp(`${id} .*\\(observed\\).*2026-a -> 2026-b.*observed`));
  const published = await shown(collector, id);
  t.match(published.rotation, { origin: 'observed', started_by: 'keyturn', switched_at: null });
  t.match(published.propagation, { verifiers: 1, failures: 0 });
  t.ok((published.propagation?.lead_s ?? -1) >= 0);

  const refused = await keyturn(collector, 'rotation', 'activate', id, '--by', 'test');
  t.equal(refused.code, 1);
  t.match(refused.stderr, /was observed, so activate is seen and not declared/);
  const start = ['--issuer', issuer.issuer, '--alg', 'ES256', '--new-kid', 'mine'];
  const started = await keyturn(collector, 'rotation', 'start', ...start);
  t.match(started.stderr, /nobody here controls/);
  const gate = await keyturn(collector, 'gate', 'retire');
  t.match(gate.stdout, /nothing shows that the issuer switched/, 'the only open one is found');
  t.match(gate.stdout, /advisory: nobody here takes this step/);

  await eventually('the service accepts a token of the new key', async () => {
    return (await present(issuer.new)) || undefined;
  });
  const active = await eventually('the switch is seen', async () => {
    const { rotation } = await shown(collector, id);
    return rotation.switched_at === null ? undefined : rotation;
  });
  t.match(active.phase, /^(active|drained)$/);
  const status = await keyturn(collector, 'status');
  t.match(status.stdout, /observed, not started here:[^]*risk .*[^]*would accept it[^]*lead: /);

  await eventually('the last token of the old key has expired', async () => {
    const { gates } = await shown(collector, id);
    const checks = gates.find((verdict) => verdict.gate === 'retire')?.checks ?? [];
    return (
      checks.some(({ id, status }) => id === 'old_tokens_expired' && status === 'pass') || undefined
    );
  });
  issuer.serve([issuer.new.publicJwk]);
  const ended = await eventually(
    'it ends by itself',
    async () => {
      await present(issuer.new);
      const { rotation } = await shown(collector, id);
      return rotation.open ? undefined : rotation;
    },
    30_000,
  );
  t.match(ended, {
    outcome: 'completed',
    ended_because: 'no verifier accepts 2026-a any more',
    declared: [],
  });
  t.notOk(ended.findings.some((finding) => finding.id === 'early_removal'));
  const audit = await keyturn(collector, 'audit', '--rotation', id);
  t.match(audit.stdout, /opened by itself[^]*ended: no verifier accepts/);
});

t.test('kills in between: what was known is the baseline, and nothing opens twice', async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startRotatingIssuer(cleanup);
  const started = async () => {
    const collector = await startCollectorProcess(directory, {
      issuers: [{ ...issuer.settings, ...THIRD_PARTY }],
      policy: QUICK_POLICY,
    });
    cleanup.add('collector', () => collector.child.kill());
    return collector;
  };
  const first = await started();
  await keyPublished(first, issuer.old.ref.kid);
  await first.child.kill();

  issuer.serve(issuer.both);
  const second = await started();
  const opened = await eventually('a key that came while nobody watched opens one', async () => {
    return (await rotationsOf(second))[0];
  });
  t.match(opened, { origin: 'observed', new_key: { kid: '2026-b' } });
  await second.child.kill();

  const third = await started();
  await keyPublished(third, issuer.new.ref.kid);
  const settled = async (sightings: number): Promise<void> => {
    const seen = new Set<string>();
    await eventually(`${sightings} more sightings`, async () => {
      const { body } = await third.api.get('/v1/issuers');
      seen.add(body.issuers[0].vantages[0].fetched_at);
      return seen.size > sightings || undefined;
    });
  };
  await settled(3);
  t.same(
    (await rotationsOf(third)).map((rotation) => rotation.id),
    [opened.id],
  );
});
