import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Child } from '../harness/child.ts';
import type { CollectorProcess } from '../harness/collector-process.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { startKeySetServer } from '../harness/key-set-server.ts';
import { seededRandom } from '../harness/seeded-random.ts';
import { makeSigningKey } from '../harness/signing-key.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { excess, readJournal, sum, totalsOf } from './journal.ts';
import { startReporter } from './reporter.ts';
import { countedTotals, readStored } from './stored-totals.ts';

const SEED = Number(process.env['KEYTURN_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const BUDGET_MS = 12_000;

/** One verifier and the journals of all processes that ever reported for it. */
interface Reporter {
  readonly instance: string;
  readonly journals: string[];
  /** Null while its process is dead. */
  child: Child | null;
}

t.test('kill -9 of agents and collector, again and again', async (t) => {
  t.comment(`KEYTURN_TEST_SEED=${SEED}`);
  const random = seededRandom(SEED);
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const keys = await Promise.all(['2026-a', '2026-b'].map((kid) => makeSigningKey(kid, 'ES256')));
  const jwks = keys.map((key) => key.publicJwk as { kid: string });
  const issuer = await startKeySetServer(jwks);
  cleanup.add('issuer', () => issuer.close());
  const grpcPort = await freePort();
  const settings = {
    listen: { http: '127.0.0.1:0', grpc: `127.0.0.1:${grpcPort}` },
    issuers: [{ issuer: issuer.issuer, jwks_uri: issuer.jwksUri }],
    services: [{ name: 'orders' }],
    policy: QUICK_POLICY,
  };

  let collector: CollectorProcess | null = null;
  cleanup.add('collector', () => collector?.child.kill());
  const startCollector = async (): Promise<CollectorProcess> => {
    collector = await startCollectorProcess(directory, settings);
    return collector;
  };

  // The first is never killed, so that its counts must come out exactly.
  const reporters: Reporter[] = ['steady', 'killed-1', 'killed-2'].map((instance) => ({
    instance,
    journals: [],
    child: null,
  }));
  for (const reporter of reporters) {
    cleanup.add(reporter.instance, () => reporter.child?.kill());
  }
  const start = async (reporter: Reporter): Promise<void> => {
    const { instance, journals } = reporter;
    const journal = join(directory, `${instance}-${journals.length}.journal`);
    journals.push(journal);
    reporter.child = await startReporter({
      collector: `127.0.0.1:${grpcPort}`,
      service: 'orders',
      instance,
      issuer: issuer.issuer,
      jwks,
      journal,
      everyMs: 4,
      seed: Math.floor(random() * 2 ** 31),
    });
  };
  const killReporter = async (reporter: Reporter): Promise<void> => {
    await reporter.child?.kill();
    reporter.child = null;
  };

  /** With the collector dead: nothing acked is missing, nothing counted is there twice. */
  const compare = async (round: string): Promise<boolean> => {
    const stored = await readStored(join(directory, 'data'));
    const problems: string[] = stored.brokenAudit === null ? [] : ['the audit chain is broken'];
    for (const { instance, journals } of reporters) {
      const truth = journals.map(readJournal);
      const record = stored.verifiers.get(`orders/${instance}/jwks`);
      const kept = record === undefined ? {} : countedTotals(record);
      const lost = excess(sum(truth.map(({ acked }) => acked)), kept);
      const twice = excess(kept, sum(truth.map(({ counted }) => counted)));
      problems.push(...lost.map((row) => `${instance}: acked and lost, ${row}`));
      problems.push(...twice.map((row) => `${instance}: more than was counted, ${row}`));
    }
    return t.same(problems, [], round);
  };

  await startCollector();
  await Promise.all(reporters.map(start));
  const startedMs = performance.now();
  let kills = 0;
  for (let round = 1; performance.now() - startedMs < BUDGET_MS; round += 1) {
    await sleep(100 + random() * 900);
    const victims = reporters.slice(1).filter(() => random() < 0.5);
    const collectorDies = victims.length === 0 || random() < 0.6;
    await Promise.all([
      ...victims.map(killReporter),
      ...(collectorDies ? [(collector as CollectorProcess | null)?.child.kill()] : []),
    ]);
    kills += victims.length + (collectorDies ? 1 : 0);
    if (collectorDies) {
      const names = ['collector', ...victims.map(({ instance }) => instance)].join(', ');
      if (!(await compare(`round ${round}: killed ${names}`))) return;
      await startCollector();
    }
    await Promise.all(victims.map(start));
  }
  t.comment(`${kills} kills`);

  // Everybody is heard once more, says goodbye, and the collector stops in its own time.
  const running: CollectorProcess | null = collector;
  if (running === null) return;
  const { api, child } = running as CollectorProcess;
  const { started_at: startedAt } = (await api.get('/v1/status')).body;
  await eventually('every agent is back', async () => {
    const { verifiers } = (await api.get('/v1/verifiers?state=reporting')).body;
    const back = verifiers.filter((each: { reported_at: string }) => each.reported_at > startedAt);
    return back.length === reporters.length ? true : undefined;
  });
  await Promise.all(reporters.map(async ({ child }) => child?.stop()));
  await eventually('every verifier said goodbye', async () => {
    const { body } = await api.get('/v1/verifiers?state=departed');
    return body.verifiers.length === reporters.length ? true : undefined;
  });
  await child.stop();
  if (!(await compare('after the last goodbye'))) return;

  const stored = await readStored(join(directory, 'data'));
  for (const { instance, journals } of reporters) {
    const record = stored.verifiers.get(`orders/${instance}/jwks`);
    const truth = journals.map(readJournal);
    const last = truth.at(-1);
    t.same(
      totalsOf(record?.counts ?? []),
      last?.counted,
      `${instance}: exactly what its last process counted`,
    );
    t.ok(last?.closed, `${instance}: closed in time`);
    const epochs = truth.flatMap((journal) => journal.epochs);
    t.same(
      epochs,
      [...new Set(epochs)].sort((a, b) => a - b),
      `${instance}: epochs only grow`,
    );
    const odd = truth
      .flatMap((journal) => journal.events)
      .filter(({ kind }) => kind !== 'connected' && kind !== 'disconnected');
    t.same(odd, [], `${instance}: no fault, refusal or rejection`);
  }
  const steady = readJournal(reporters[0]?.journals[0] ?? '');
  t.same(totalsOf(stored.verifiers.get('orders/steady/jwks')?.carried ?? []), [], 'one epoch');
  t.ok(steady.acks >= 5, `${steady.acks} reports of the steady agent were acked`);
});
