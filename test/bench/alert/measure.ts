import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SignJWT, importJWK } from 'jose';
import { startAlertmanager } from '../../harness/alertmanager.ts';
import type { Child } from '../../harness/child.ts';
import { startChild } from '../../harness/child.ts';
import type { CollectorProcess } from '../../harness/collector-process.ts';
import { startCollectorProcess } from '../../harness/collector-process.ts';
import { eventually } from '../../harness/eventually.ts';
import { freePort } from '../../harness/free-port.ts';
import { startKeySetServer } from '../../harness/key-set-server.ts';
import { plainEnvironment } from '../../harness/run-to-end.ts';
import { makeSigningKey, type SigningKey } from '../../harness/signing-key.ts';
import type { Teardown } from '../../harness/teardown.ts';
import type { Hooked } from '../../harness/webhook-server.ts';
import { startWebhookServer } from '../../harness/webhook-server.ts';
import type { FailingVerifierSettings, FirstFailure } from './failing-verifier.ts';
import { routesTo, startRivals, type Way } from './rivals.ts';

export interface AlertBenchOptions {
  readonly runs: number;
  readonly perSecond: number;
  readonly share: number;
  readonly random: () => number;
  readonly say: (line: string) => void;
}

/** Delays of one way, ms from the first refused token to the webhook, one per run; null: none came. */
export interface WayResult {
  readonly name: string;
  readonly delaysMs: readonly (number | null)[];
}

export interface AlertBenchResult {
  readonly ways: readonly WayResult[];
  /** Keyturn's own webhook: until the alert fired at the collector, and from there to the webhook. */
  readonly foundMs: readonly number[];
  readonly deliveredMs: readonly number[];
}

const ENTRY = fileURLToPath(new URL('./failing-verifier.ts', import.meta.url));

/** Three scrapes of the slowest, so that every counter was seen at zero. */
const WARM_UP_MS = 50_000;

/** Between two runs at least; they do not wait for each other, and have issuers and groups of their own. */
const APART_MS = 7_000;

/** The slowest way: a scrape, an evaluation, and thirty seconds of grouping. */
const LAST_MS = 75_000;

/** Runs everything at once, on the same failures. */
export async function measureAlerts(
  cleanup: Teardown,
  directory: string,
  options: AlertBenchOptions,
): Promise<AlertBenchResult> {
  const { runs, say, random } = options;
  const keys = await Promise.all(['old', 'new'].map((kid) => makeSigningKey(kid, 'ES256')));
  const served = await startKeySetServer(keys.map((key) => key.publicJwk));
  const stale = await startKeySetServer(keys.slice(0, 1).map((key) => key.publicJwk));
  cleanup.add('issuer', () => served.close());
  cleanup.add('stale copy', () => stale.close());
  const issuers = Array.from({ length: runs }, (_, run) => `https://issuer-${run}.example`);

  const own = await ownWays(cleanup, directory);
  const collector = await startCollectorProcess(directory, {
    issuers: issuers.map((issuer) => ({ issuer, jwks_uri: served.jwksUri })),
    receivers: own.receivers,
  });
  cleanup.add('collector', () => collector.child.kill());

  await Promise.all(issuers.map((issuer) => startRotation(collector, issuer)));

  const verifiers: Child[] = [];
  const targets = new Map<string, string>();
  for (const [run, issuer] of issuers.entries()) {
    const metricsPort = await freePort();
    targets.set(issuer, `127.0.0.1:${metricsPort}`);
    const [goodToken, newToken] = await Promise.all(keys.map((key) => tokenOf(key, issuer)));
    const child = startVerifier({
      issuer,
      staleJwksUri: stale.jwksUri,
      collector: collector.grpc,
      instance: `orders-${run}`,
      metricsPort,
      perSecond: options.perSecond,
      share: options.share,
      goodToken: goodToken ?? '',
      newToken: newToken ?? '',
    });
    cleanup.add(`verifier ${run}`, () => child.kill());
    await child.message(20_000);
    verifiers.push(child);
  }
  const ways = [...own.ways, ...(await startRivals(cleanup, directory, targets))];
  say(`${runs} verifiers run; ${WARM_UP_MS / 1_000} s until every counter was scraped …`);
  await sleep(WARM_UP_MS);

  const firstFailures: number[] = [];
  for (const [run, child] of verifiers.entries()) {
    const failed = child.message(20_000);
    child.send('break');
    firstFailures.push(((await failed) as FirstFailure).firstFailureAtMs);
    say(`run ${run + 1}: the first token was refused`);
    await sleep(APART_MS + random() * APART_MS);
  }
  await sleep(LAST_MS);
  return resultOf(issuers, firstFailures, ways);
}

/** A cutover is the moment of a rotation: agents are told which kids to watch. */
async function startRotation({ api }: CollectorProcess, issuer: string): Promise<void> {
  await eventually('both keys were seen', async () => {
    const { issuers } = (await api.get('/v1/issuers')).body;
    const seen = issuers.find((each: { issuer: string }) => each.issuer === issuer);
    return seen.keys.length === 2 ? true : undefined;
  });
  const keys = { alg: 'ES256', old_kid: 'old', new_kid: 'new' };
  const started = await api.post('/v1/rotations', { issuer, ...keys, by: 'bench' });
  if (started.status !== 201) throw new Error(JSON.stringify(started.body));
}

/** Keyturn's webhook, and Keyturn through an Alertmanager. */
async function ownWays(cleanup: Teardown, directory: string) {
  const direct = await startWebhookServer(cleanup);
  const routed = await startWebhookServer(cleanup);
  const alertmanager = await startAlertmanager(
    cleanup,
    join(directory, 'alertmanager'),
    routesTo(routed, '1s', ['alertname', 'issuer']),
  );
  const ways: readonly Way[] = [
    { name: 'Keyturn', hook: direct, runOf: issuerOfEvent },
    {
      name: 'Keyturn + Alertmanager (group_wait 1 s)',
      hook: routed,
      runOf: ({ json }) => {
        const { alertname, issuer } = json.alerts[0]?.labels ?? {};
        return /^Keyturn(?:VerificationFailures|NewKeyFailing)$/.test(alertname)
          ? issuer
          : undefined;
      },
    },
  ];
  const receivers = [
    { name: 'hook', type: 'webhook', url: direct.url, allow_private: true },
    { name: 'am', type: 'alertmanager', urls: [alertmanager.url], allow_private: true },
  ];
  return { ways, receivers };
}

function issuerOfEvent({ json }: Hooked): string | undefined {
  const { alert } = json.data;
  return /^(?:VerificationFailures|NewKeyFailing)$/.test(alert?.name)
    ? alert.labels.issuer
    : undefined;
}

function startVerifier(settings: FailingVerifierSettings): Child {
  return startChild({
    name: settings.instance,
    entry: ENTRY,
    args: [JSON.stringify(settings)],
    env: plainEnvironment(),
  });
}

async function tokenOf({ ref, privateJwk }: SigningKey, issuer: string): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: ref.alg, kid: ref.kid })
    .setIssuer(issuer)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(await importJWK(privateJwk, ref.alg));
}

function resultOf(
  issuers: readonly string[],
  firstFailures: readonly number[],
  ways: readonly Way[],
): AlertBenchResult {
  const firstOf = (way: Way, issuer: string) =>
    way.hook.got.find((hooked) => way.runOf(hooked) === issuer);
  const [direct] = ways;
  const events = issuers.map((issuer) =>
    direct === undefined ? undefined : firstOf(direct, issuer),
  );
  const firedAtMs = (hooked: Hooked) => Date.parse(hooked.json.data.alert.fired_at);
  return {
    ways: ways.map((way) => ({
      name: way.name,
      delaysMs: issuers.map((issuer, run) => {
        const hooked = firstOf(way, issuer);
        return hooked === undefined ? null : hooked.wallMs - (firstFailures[run] ?? 0);
      }),
    })),
    foundMs: events.flatMap((event, run) =>
      event === undefined ? [] : [firedAtMs(event) - (firstFailures[run] ?? 0)],
    ),
    deliveredMs: events.flatMap((event) =>
      event === undefined ? [] : [event.wallMs - firedAtMs(event)],
    ),
  };
}
