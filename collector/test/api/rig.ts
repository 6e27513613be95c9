import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@keyturn/shared/clock.ts';
import type { Grade } from '@keyturn/shared/model/evidence.ts';
import type { KeyRef, VerifierId } from '@keyturn/shared/model/ids.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { KidCounts } from '@keyturn/shared/model/report.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import { pino } from 'pino';
import { createHttpApi, type HttpApiOptions } from '../../src/api/http-api.ts';
import type { AlertPolicy } from '../../src/core/alerts/alert-policy.ts';
import type { Policy, ServicePolicy } from '../../src/core/policy.ts';
import type { Sighting } from '../../src/core/sighting.ts';
import { Canaries } from '../../src/canary/canaries.ts';
import { PublishedKeys } from '../../src/canary/published-keys.ts';
import { createEngine, type RunningEngine } from '../../src/engine.ts';
import { openHistory } from '../../src/history/history.ts';
import { Notifier } from '../../src/notify/notifier.ts';
import { post } from '../../src/notify/post.ts';
import { isOutboxReceiver, type Receiver } from '../../src/notify/receiver.ts';
import type { HistoryStore } from '../../src/store/history-store.ts';
import { openMemoryHistory } from '../../src/store/history-memory.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { memoryReceiptKeys } from '../support/receipts.ts';
import type { Store } from '../../src/store/store.ts';
import { EventCounts } from '../../src/telemetry/event-counts.ts';
import { prometheusText } from '../../src/telemetry/prometheus-text.ts';

export const ISSUER = 'https://issuer.example';
export const VANTAGE = 'https://issuer.example/jwks.json';
export const TOKEN = 'test-operator-token-0123456789';
export const OLD_KEY: KeyRef = { kid: 'old', thumbprint: 'o'.repeat(43), alg: 'RS256' };
export const NEW_KEY: KeyRef = { kid: 'new', thumbprint: 'n'.repeat(43), alg: 'RS256' };

const PROFILE: ProfileFacts = {
  id: 'jose',
  name: 'jose createRemoteJWKSet',
  refreshS: 600,
  refetchesOnUnknownKid: false,
  cooldownS: 30,
  newKidRefusedS: 600,
  removedKeyAcceptedS: 600,
  replacesWholeSet: true,
  severalCaches: false,
  cachesVerifiedTokens: false,
  staticKeys: false,
  dropNow: 'Restart it.',
  jwksBytesMax: null,
  jwksKeysMax: null,
  algs: ['RS256'],
  unknownKeySpoilsSet: false,
};

/** Real time that a test can push forward. */
export interface PushedClock extends Clock {
  push(ms: number): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into any answer
  readonly json: any;
}

export interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as it is, whatever its kind. */
  readonly rawBody?: string;
  readonly token?: string | null;
}

/** A collector without its main: real engine, memory store, real HTTP on a free port. */
export interface Rig {
  readonly canaries: Canaries;
  /** The keys the collector has seen published. */
  readonly keys: PublishedKeys;
  readonly engine: RunningEngine;
  readonly clock: PushedClock;
  readonly url: string;
  readonly port: number;
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** Two readings of the JWKS in a row, so that what they hold counts as published. */
  sight(...keys: KeyRef[]): Promise<void>;
  /** A report of a verifier that holds these keys. */
  report(id: VerifierId, keys: readonly KeyRef[], counts?: readonly KidCounts[]): Promise<void>;
  goodbye(id: VerifierId): Promise<void>;
  /** Starts the rotation old → new over HTTP; gives its id. */
  start(): Promise<string>;
  /** Lets collector time pass, as for a process that never stands still. */
  pass(ms: number): void;
  /** Past the hold-down, with nothing heard. */
  settleIn(): void;
  close(): Promise<void>;
}

export function service(name: string, more: Partial<ServicePolicy> = {}): ServicePolicy {
  return {
    name,
    declared: true,
    kind: 'instrumented',
    issuers: [ISSUER],
    instances: 1,
    instancesMax: null,
    required: true,
    profile: PROFILE,
    evidence: 'present' satisfies Grade,
    population: null,
    shippingIntervalMs: null,
    keys: 'any',
    ...more,
  };
}

export function id(service: string, instance = `${service}-1`, cache = 'main'): VerifierId {
  return { service, instance, cache };
}

/** Counts of one kid, accepted a moment ago where `ok` is among them. */
export function counted(kid: string, outcomes: Partial<Record<Outcome, number>>): KidCounts {
  const accepted = (outcomes.ok ?? 0) > 0;
  return {
    issuer: ISSUER,
    key: { kind: 'kid', kid },
    outcomes,
    highestIat: null,
    highestExp: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAgeMs: accepted ? 0 : null,
  };
}

export interface RigOptions {
  readonly services?: readonly ServicePolicy[];
  readonly store?: Store;
  readonly history?: HistoryStore;
  readonly api?: Partial<HttpApiOptions>;
  readonly port?: number;
  readonly clock?: PushedClock;
  readonly receivers?: readonly Receiver[];
  readonly alerts?: Partial<AlertPolicy>;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const clock = options.clock ?? pushedClock();
  const counts = new EventCounts();
  const engine = createEngine({
    policy: policyOf(
      options.services ?? [service('orders')],
      options.receivers ?? [],
      options.alerts,
    ),
    store: options.store ?? openMemoryStore(),
    clock,
    events: {
      storeFailing: () => undefined,
      storeRecovered: () => undefined,
      committed: (_writes, durationMs) => counts.committed(durationMs / 1_000),
    },
    tickMs: 50,
  });
  const keys = new PublishedKeys();
  const canaries = new Canaries(engine, keys, clock);
  const notifier = new Notifier(options.receivers ?? [], {
    engine,
    clock,
    sender: { name: 'https://keyturn.test', publicUrl: 'https://keyturn.test' },
    events: {
      deliveryFailing: () => undefined,
      deliveryRecovered: () => undefined,
      noticeGivenUp: () => undefined,
    },
    random: Math.random,
    post,
  });
  const history = openHistory({
    engine,
    store: options.history ?? openMemoryHistory(),
    clock,
    events: { historyFailing: () => undefined },
  });
  const app = createHttpApi({
    engine,
    canaries,
    notifier,
    history,
    operatorToken: { matches: (presented) => presented === TOKEN },
    bind: { hosts: [], tls: null },
    version: '0.0.0-test',
    name: 'https://keyturn.test',
    receiptKeys: memoryReceiptKeys(),
    metrics: prometheusText(
      { engine, counts },
      { name: 'keyturn-collector', version: '0.0.0-test' },
    ),
    logger: pino({ level: 'silent' }),
    clock,
    ...options.api,
  });
  await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  notifier.start();
  const { port } = app.server.address() as AddressInfo;
  const epochs = new Map<string, { epoch: number; seq: number }>();

  async function hello(verifier: VerifierId): Promise<{ epoch: number; seq: number }> {
    const key = `${verifier.service}/${verifier.instance}/${verifier.cache}`;
    const known = epochs.get(key);
    if (known !== undefined) return known;
    const welcome = await engine.hello(`session ${key}`, {
      bootId: Buffer.from(key.padEnd(16, '.')).toString('hex').slice(0, 32),
      agentVersion: 'test',
      wallUnixMs: clock.wallMs(),
      verifiers: [
        {
          handle: 1,
          id: verifier,
          profile: 'jose',
          source: 'in_process',
          issuers: [ISSUER],
          cacheKind: 'any',
        },
      ],
    });
    const assigned = welcome.assignments[0];
    const fresh = { epoch: assigned?.epoch ?? 0, seq: assigned?.committedSeq ?? 0 };
    epochs.set(key, fresh);
    return fresh;
  }

  const rig: Rig = {
    canaries,
    keys,
    engine,
    clock,
    port,
    url: `http://127.0.0.1:${port}`,
    call: (method, path, call = {}) => send(port, method, path, call),
    async sight(...keys) {
      for (let twice = 0; twice < 2; twice += 1) {
        await engine.sighting(sightingOf(keys, clock));
        clock.push(5);
      }
    },
    async report(verifier, keys, counts = []) {
      clock.push(5);
      const at = await hello(verifier);
      at.seq += 1;
      await engine.report(`session ${verifier.service}/${verifier.instance}/${verifier.cache}`, [
        {
          verifier,
          report: {
            handle: 1,
            epoch: at.epoch,
            seq: at.seq,
            observedAgeMs: 0,
            dropped: 0,
            counts,
            keySets: [
              {
                issuer: ISSUER,
                keys,
                dataAgeMs: 0,
                attemptAgeMs: 0,
                consecutiveFailures: 0,
                lastError: null,
                nextRefreshInMs: 600_000,
                cooldownInMs: null,
                documentSha256: null,
                servedAgeMs: null,
                secretsAgeMs: null,
              },
            ],
          },
        },
      ]);
    },
    async goodbye(verifier) {
      await engine.goodbye(`session ${verifier.service}/${verifier.instance}/${verifier.cache}`, [
        verifier,
      ]);
    },
    async start() {
      const answer = await rig.call('POST', '/v1/rotations', {
        body: { issuer: ISSUER, alg: 'RS256', new_kid: 'new', by: 'alice' },
      });
      if (answer.status !== 201) throw new Error(`start: ${answer.status} ${answer.text}`);
      return answer.json.rotation.id as string;
    },
    pass(ms) {
      for (let leftMs = ms; leftMs > 0; leftMs -= 10_000) {
        clock.push(Math.min(leftMs, 10_000));
        engine.sessionEnded('nobody');
      }
    },
    settleIn() {
      rig.pass(engine.settings().holdDownRemainingMs + 1);
    },
    async close() {
      await notifier.close();
      await app.close();
      history.close();
      engine.close();
    },
  };
  return rig;
}

export function pushedClock(): PushedClock {
  let pushedMs = 0;
  return {
    wallMs: () => Date.now() + pushedMs,
    monotonicMs: () => performance.now() + pushedMs,
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      timer.unref();
      return () => {
        clearTimeout(timer);
      };
    },
    push(ms) {
      pushedMs += ms;
    },
  };
}

function policyOf(
  services: readonly ServicePolicy[],
  receivers: readonly Receiver[],
  alerts: Partial<AlertPolicy> = {},
): Policy {
  return {
    issuers: new Map([
      [
        ISSUER,
        {
          issuer: ISSUER,
          control: 'ours',
          vantages: [VANTAGE],
          watchIntervalMs: 3_600_000,
          maxTokenLifetimeMs: 600_000,
          skewMs: 0,
          originSpreadMs: 0,
          switchSpreadMs: 0,
          plannedLeadMs: null,
          sharedCachesMs: 0,
          failedFetchMs: 0,
          canary: null,
          sharedSecrets: false,
        },
      ],
    ]),
    services: new Map(services.map((entry) => [entry.name, entry])),
    profiles: new Map([[PROFILE.id, PROFILE]]),
    unknownProfile: { ...PROFILE, id: 'unknown', newKidRefusedS: null, removedKeyAcceptedS: null },
    publishSafetyMs: 0,
    retireSafetyMs: 0,
    heartbeatMs: 10_000,
    leaseHeartbeats: 3,
    reconnectWindowMs: 1_000,
    verifiersMax: 10_000,
    uncountedBlocksRetire: false,
    stableForMs: 0,
    rollback: { windowMs: 86_400_000, requireRehearsal: false, rehearsalValidForMs: 86_400_000 },
    emergency: { publishSafetyMs: 0, retireGraceMs: 0, skip: [] },
    alerts: {
      onAlert: 'close',
      calmForMs: 300_000,
      stalledAfterMs: 604_800_000,
      receivers: namesOf(receivers, true),
      alertmanagers: namesOf(receivers, false),
      ...alerts,
    },
  };
}

function namesOf(receivers: readonly Receiver[], outbox: boolean): readonly string[] {
  return receivers.filter((one) => isOutboxReceiver(one) === outbox).map(({ name }) => name);
}

function sightingOf(keys: readonly KeyRef[], clock: Clock): Sighting {
  return {
    issuer: ISSUER,
    vantage: VANTAGE,
    result: {
      ok: true,
      keys,
      untrackedKeys: 0,
      bytes: 1_000,
      documentSha256: 'a'.repeat(64),
      maxAgeS: null,
      staleS: 0,
      ageS: null,
      originDateMs: clock.wallMs(),
    },
  };
}

function send(port: number, method: string, path: string, call: Call): Promise<Answer> {
  const body = call.rawBody ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  const token = call.token === undefined ? TOKEN : call.token;
  const headers: Record<string, string> = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...call.headers,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.once('error', reject);
        response.once('end', () => {
          const json = /json/.test(response.headers['content-type'] ?? '')
            ? (JSON.parse(text) as unknown)
            : undefined;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}
