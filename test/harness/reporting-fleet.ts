import { randomBytes } from 'node:crypto';
import { credentials } from '@grpc/grpc-js';
import { type KeyRef, verifierKey } from '@keyturn/shared/model/ids.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { FetchError, KidCounts, Report, Welcome } from '@keyturn/shared/model/report.ts';
import { helloToWire, reportsToWire, welcomeFromWire } from '@keyturn/shared/wire/codec.ts';
import { FleetServiceClient, type SessionResponse } from '@keyturn/shared/wire/services.ts';
import type { Teardown } from './teardown.ts';

const LIFETIME_S = 300;

/** What one verifier of the fleet says from now on; changed in place. */
export interface ReportedVerifier {
  readonly service: string;
  readonly instance: string;
  readonly cache: string;
  readonly profile: string;
  keys: readonly KeyRef[];
  /** Seconds since it fetched its keys. */
  dataAgeS: number;
  consecutiveFailures: number;
  lastError: FetchError | null;
  /** It says nothing at all. */
  silent: boolean;
  /** Tokens it meets between two reports: kid, outcome, how many. */
  traffic: readonly (readonly [kid: string, outcome: Outcome, count: number])[];
}

/** Verifiers that are nothing but their reports, as many as one likes, over one session. */
export interface ReportingFleet {
  readonly verifiers: readonly ReportedVerifier[];
  /** Reports now what changed, besides the steady beat. */
  report(): void;
  close(): void;
}

/** Starts to report for these verifiers every `everyMs`; resolves when they are welcome. */
export async function startReportingFleet(
  teardown: Teardown,
  address: string,
  issuer: string,
  verifiers: readonly ReportedVerifier[],
  everyMs: number,
): Promise<ReportingFleet> {
  const client = new FleetServiceClient(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  const stream = client.session();
  const welcome = Promise.withResolvers<Welcome>();
  stream.on('error', (error) => welcome.reject(error));
  stream.on('data', ({ message }: SessionResponse) => {
    if (message?.$case !== 'welcome') return;
    const read = welcomeFromWire(message.value);
    if (read.ok) welcome.resolve(read.value);
    else welcome.reject(new Error(read.message));
  });
  const hello = helloToWire({
    bootId: randomBytes(16).toString('hex'),
    agentVersion: '0.0.0-fleet',
    wallUnixMs: Date.now(),
    verifiers: verifiers.map((verifier, handle) => ({
      handle,
      id: verifier,
      profile: verifier.profile,
      source: 'in_process',
      issuers: [issuer],
      cacheKind: 'public',
    })),
  });
  stream.write({ message: { $case: 'hello', value: hello } });
  const { assignments } = await welcome.promise;
  const refused = assignments.find((assignment) => assignment.refused !== '');
  if (refused !== undefined) throw new Error(`verifier ${refused.handle}: ${refused.refused}`);
  const epochs = new Map(assignments.map(({ handle, epoch }) => [handle, epoch]));

  const totals = new Map<string, Map<string, Partial<Record<Outcome, number>>>>();
  let seq = 0;
  const report = (): void => {
    seq += 1;
    const reports = verifiers.flatMap((verifier, handle) => {
      if (verifier.silent) return [];
      const key = verifierKey(verifier);
      const counted = totals.get(key) ?? new Map<string, Partial<Record<Outcome, number>>>();
      totals.set(key, counted);
      addTraffic(counted, verifier.traffic);
      return [reportOf(verifier, issuer, counted, { handle, epoch: epochs.get(handle) ?? 0, seq })];
    });
    stream.write({ message: { $case: 'reports', value: reportsToWire(reports) } });
  };
  report();
  const timer = setInterval(report, everyMs);
  const close = (): void => {
    clearInterval(timer);
    stream.cancel();
    client.close();
  };
  teardown.add('reporting fleet', close);
  return { verifiers, report, close };
}

function addTraffic(
  counted: Map<string, Partial<Record<Outcome, number>>>,
  traffic: ReportedVerifier['traffic'],
): void {
  for (const [kid, outcome, count] of traffic) {
    const outcomes = counted.get(kid) ?? {};
    outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
    counted.set(kid, outcomes);
  }
}

function reportOf(
  verifier: ReportedVerifier,
  issuer: string,
  counted: ReadonlyMap<string, Partial<Record<Outcome, number>>>,
  stamp: Pick<Report, 'handle' | 'epoch' | 'seq'>,
): Report {
  const dataAgeMs = verifier.dataAgeS * 1_000;
  return {
    ...stamp,
    observedAgeMs: 0,
    keySets: [
      {
        issuer,
        keys: verifier.keys,
        dataAgeMs,
        attemptAgeMs: dataAgeMs,
        consecutiveFailures: verifier.consecutiveFailures,
        lastError: verifier.lastError,
        nextRefreshInMs: Math.max(0, 600_000 - dataAgeMs),
        cooldownInMs: null,
        documentSha256: null,
        servedAgeMs: null,
        secretsAgeMs: null,
      },
    ],
    counts: [...counted].map(([kid, outcomes]) => countsOf(issuer, kid, outcomes)),
    dropped: 0,
  };
}

function countsOf(
  issuer: string,
  kid: string,
  outcomes: Readonly<Partial<Record<Outcome, number>>>,
): KidCounts {
  const nowS = Math.floor(Date.now() / 1_000);
  const accepted = (outcomes.ok ?? 0) > 0;
  return {
    issuer,
    key: { kind: 'kid', kid },
    outcomes: { ...outcomes },
    highestIat: accepted ? nowS : null,
    highestExp: accepted ? nowS + LIFETIME_S : null,
    longestLifetimeS: accepted ? LIFETIME_S : null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAgeMs: accepted ? 0 : null,
  };
}
