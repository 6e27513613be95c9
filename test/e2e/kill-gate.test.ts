import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { VerdictView } from '@keyturn/collector/api/schemas/verdict.ts';
import type { Child } from '../harness/child.ts';
import type { CollectorProcess } from '../harness/collector-process.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { startKeySetServer } from '../harness/key-set-server.ts';
import { makeSigningKey } from '../harness/signing-key.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { startReporter } from './reporter.ts';

const OLD = '2026-a';
const NEW = '2026-b';

/** A collector and two verifiers that hold both keys, with gate `activate` of a rotation open. */
async function openGate(t: Test) {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const keys = await Promise.all([OLD, NEW].map((kid) => makeSigningKey(kid, 'ES256')));
  const [old, both] = [1, 2].map((count) =>
    keys.slice(0, count).map((key) => key.publicJwk as { kid: string }),
  ) as [{ kid: string }[], { kid: string }[]];
  const issuer = await startKeySetServer(old);
  cleanup.add('issuer', () => issuer.close());
  const grpcPort = await freePort();
  const settings = {
    listen: { http: '127.0.0.1:0', grpc: `127.0.0.1:${grpcPort}` },
    issuers: [{ issuer: issuer.issuer, jwks_uri: issuer.jwksUri, watch_interval: '500ms' }],
    services: [{ name: 'orders', instances: 2, profile: 'npm-jose', evidence: 'present' }],
    policy: QUICK_POLICY,
  };

  let collector: CollectorProcess | undefined;
  cleanup.add('collector', () => collector?.child.kill());
  const start = async (): Promise<CollectorProcess> => {
    collector = await startCollectorProcess(directory, settings);
    return collector;
  };
  const verifiers = new Map<string, Child>();
  cleanup.add('verifiers', async () => {
    await Promise.all([...verifiers.values()].map((child) => child.kill()));
  });
  const startVerifier = async (instance: string, jwks: typeof old): Promise<void> => {
    const child = await startReporter({
      collector: `127.0.0.1:${grpcPort}`,
      service: 'orders',
      instance,
      issuer: issuer.issuer,
      jwks,
      journal: join(directory, `${instance}.journal`),
      everyMs: 0,
      seed: 1,
    });
    verifiers.set(instance, child);
  };

  await Promise.all([start(), startVerifier('v1', both), startVerifier('v2', both)]);
  const api = () => (collector as CollectorProcess).api;
  await eventually('the old key is seen', async () => {
    const { body } = await api().get('/v1/issuers');
    return body.issuers[0].keys[0]?.published_at ?? undefined;
  });
  const started = await api().post('/v1/rotations', {
    issuer: issuer.issuer,
    alg: 'ES256',
    new_kid: NEW,
    by: 'test',
  });
  t.equal(started.status, 201, 'the rotation is started');
  issuer.serve(both);
  const gatePath = `/v1/rotations/${started.body.rotation.id}/gates/activate`;
  const gate = async (): Promise<VerdictView> => (await api().get(gatePath)).body;
  const isOpen = () =>
    eventually('the gate is open', async () => {
      const verdict = await gate();
      return verdict.status === 'open' ? verdict : undefined;
    });
  await isOpen();

  /** Asks all the time, from the first moment the collector answers; gives each answer once. */
  const watch = async (forMs: number, until?: VerdictView['status']) => {
    const seen: VerdictView[] = [];
    const endMs = performance.now() + forMs;
    while (performance.now() < endMs) {
      const verdict = await gate();
      if (verdict.revision !== seen.at(-1)?.revision) seen.push(verdict);
      if (verdict.status === until) break;
      await sleep(20);
    }
    return seen;
  };
  return {
    directory,
    old,
    both,
    gatePath,
    gate,
    isOpen,
    watch,
    start,
    startVerifier,
    api,
    killCollector: () => (collector as CollectorProcess).child.kill(),
    verifier: (instance: string) => verifiers.get(instance) as Child,
  };
}

function statuses(verdicts: readonly VerdictView[]): readonly string[] {
  return [...new Set(verdicts.map(({ status }) => status))];
}

function checkOf(verdict: VerdictView | undefined, id: string) {
  return verdict?.checks.find((check) => check.id === id);
}

t.jobs = 3;

t.test('a restart closes the gate until everybody was heard', async (t) => {
  const fleet = await openGate(t);
  await fleet.killCollector();
  await fleet.start();
  const { started_at: startedAt } = (await fleet.api().get('/v1/status')).body;

  const first = await fleet.gate();
  t.equal(first.status, 'unknown');
  t.match(checkOf(first, 'collector_ready'), { status: 'unknown', class: 'health' });
  const check = await fleet.api().get(`${fleet.gatePath}/check`);
  t.equal(check.status, 503);
  t.ok(Number(check.headers.get('retry-after')) >= 1, 'says when to ask again');

  const seen = await fleet.watch(10_000, 'open');
  const unsettled = seen.filter((verdict) => checkOf(verdict, 'stable')?.status !== 'fail');
  t.same(statuses(unsettled), ['unknown', 'open'], 'unknown all the time, then open');
  const openedAfterMs = (seen.at(-1)?.evaluated_at_ms ?? 0) - Date.parse(startedAt);
  t.ok(openedAfterMs >= 2_400, `a lease and its margin have passed: ${openedAfterMs} ms`);
  for (const verifier of (await fleet.api().get('/v1/verifiers')).body.verifiers) {
    t.ok(verifier.reported_at > startedAt, `${verifier.instance} was heard since the restart`);
  }
});

t.test('a verifier that hangs while the collector is down keeps it closed', async (t) => {
  const fleet = await openGate(t);
  await fleet.killCollector();
  process.kill(fleet.verifier('v2').pid, 'SIGSTOP');
  await fleet.start();
  const seen = await fleet.watch(1_000);
  // Killed again in its hold-down, the collector starts a new one.
  await fleet.killCollector();
  await fleet.start();
  seen.push(...(await fleet.watch(4_000)));
  t.same(statuses(seen), ['unknown'], 'never open');
  t.match(checkOf(seen.at(-1), 'collector_ready'), { status: 'pass' }, 'hold-down is over');
  t.match(checkOf(seen.at(-1), 'fleet_heard'), {
    status: 'unknown',
    offenders: [{ service: 'orders', instance: 'v2', state: 'silent' }],
  });
  process.kill(fleet.verifier('v2').pid, 'SIGCONT');
  await fleet.isOpen();
});

t.test('a verifier that comes back with an old cache keeps it closed', async (t) => {
  const fleet = await openGate(t);
  await Promise.all([fleet.killCollector(), fleet.verifier('v2').kill()]);
  await Promise.all([fleet.start(), fleet.startVerifier('v2', fleet.old)]);
  const seen = await fleet.watch(4_000);
  t.notOk(statuses(seen).includes('open'), 'never open');
  t.equal(seen.at(-1)?.status, 'closed');
  t.match(checkOf(seen.at(-1), 'new_key_known'), {
    status: 'fail',
    offender_count: 1,
    offenders: [{ service: 'orders', instance: 'v2', state: 'fetchable' }],
  });
  await fleet.verifier('v2').kill();
  await fleet.startVerifier('v2', fleet.both);
  await fleet.isOpen();
});
