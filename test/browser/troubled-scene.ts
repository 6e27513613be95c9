import { keyPublished, type RotatingIssuer, startRotatingIssuer } from '../e2e/rotating-issuer.ts';
import { type CollectorProcess, startCollectorProcess } from '../harness/collector-process.ts';
import { type KeySetServer, startKeySetServer } from '../harness/key-set-server.ts';
import {
  type ReportedVerifier,
  type ReportingFleet,
  startReportingFleet,
} from '../harness/reporting-fleet.ts';
import type { Teardown } from '../harness/teardown.ts';
import { tempDirectory } from '../harness/temp-directory.ts';

/** A kid that would do harm in a page that takes names for more than text. */
export const HOSTILE = '<img src=x onerror=hacked=1>';

export interface TroubledScene {
  readonly collector: CollectorProcess;
  /** Two addresses: `issuer`, and `lagging`, which lacks the new key. */
  readonly issuer: RotatingIssuer;
  readonly lagging: KeySetServer;
  /** Its JWKS answers 500. */
  readonly broken: KeySetServer;
  readonly rotationId: string;
  readonly fleet: ReportingFleet;
  /** A service nobody declared begins to report. */
  stranger(name: string): Promise<ReportingFleet>;
}

/** A collector with something wrong in every place the pages show. */
export async function startTroubledScene(
  cleanup: Teardown,
  kids: readonly [string, string] = ['2026-a', '2026-b'],
): Promise<TroubledScene> {
  const issuer = await startRotatingIssuer(cleanup, kids);
  const lagging = await startKeySetServer([issuer.old.publicJwk]);
  const broken = await startKeySetServer([]);
  cleanup.add('lagging', () => lagging.close());
  cleanup.add('broken', () => broken.close());
  broken.answer((response) => response.writeHead(500).end('oops'));
  const collector = await startCollectorProcess(await tempDirectory(cleanup), {
    issuers: [
      { ...issuer.settings, vantages: [lagging.jwksUri] },
      { issuer: broken.issuer, jwks_uri: broken.jwksUri, watch_interval: '500ms' },
    ],
    services: [
      { name: 'orders', profile: 'npm-jose', instances: 2, issuers: [issuer.issuer] },
      { name: 'billing', profile: 'npm-jose', instances: 1, issuers: [issuer.issuer] },
      { name: 'partner', kind: 'attested', issuers: [issuer.issuer] },
      {
        name: 'mobile',
        kind: 'unmanaged',
        issuers: [issuer.issuer],
        cohorts: [{ percentile: 99, within: '1h' }],
        cover_percentile: 99,
      },
      {
        name: 'reports',
        profile: 'npm-jose',
        instances: 1,
        required: false,
        issuers: [issuer.issuer],
      },
    ],
    receivers: [
      { name: 'on-call', type: 'webhook', url: `${broken.issuer}/hook`, allow_private: true },
    ],
    policy: {
      heartbeat: '1s',
      reconnect_window: '500ms',
      publish_safety: '1s',
      retire_safety: '1s',
      calm_for: '2s',
    },
  });
  cleanup.add('collector', () => collector.child.kill());
  const report = (verifiers: readonly ReportedVerifier[]) =>
    startReportingFleet(cleanup, collector.grpc, issuer.issuer, verifiers, 1_000);
  const fleet = await report([
    verifier(issuer, 'orders', 'orders-1'),
    verifier(issuer, 'orders', 'orders-2'),
    verifier(issuer, 'reports', 'reports-1'),
  ]);
  await keyPublished(collector, issuer.old.ref.kid);
  const { status, body } = await collector.api.post('/v1/rotations', {
    issuer: issuer.issuer,
    alg: 'ES256',
    new_kid: issuer.new.ref.kid,
    by: 'release-bot',
  });
  if (status >= 300) throw new Error(`start: ${JSON.stringify(body)}`);
  issuer.serve(issuer.both, { 'cache-control': 'max-age=300' });
  return {
    collector,
    issuer,
    lagging,
    broken,
    rotationId: String(body.rotation.id),
    fleet,
    stranger: (name) => report([verifier(issuer, name, 'unknown-1')]),
  };
}

function verifier({ old }: RotatingIssuer, service: string, instance: string): ReportedVerifier {
  return {
    service,
    instance,
    cache: 'jwks',
    profile: 'npm-jose',
    keys: [old.ref],
    dataAgeS: 40,
    consecutiveFailures: 0,
    lastError: null,
    silent: false,
    traffic: [[old.ref.kid, 'ok', 20]],
  };
}
