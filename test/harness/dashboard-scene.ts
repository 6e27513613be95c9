import { keyPublished, type RotatingIssuer, startRotatingIssuer } from '../e2e/rotating-issuer.ts';
import { type CollectorProcess, startCollectorProcess } from './collector-process.ts';
import { eventually } from './eventually.ts';
import {
  type ReportedVerifier,
  type ReportingFleet,
  startReportingFleet,
} from './reporting-fleet.ts';
import type { Teardown } from './teardown.ts';
import { tempDirectory } from './temp-directory.ts';

const REPORT_EVERY_MS = 1_000;

export interface SceneOptions {
  /** The exact `iss`. */
  readonly issuer?: string;
  /** Old and new kid. */
  readonly kids?: readonly [string, string];
  /** Services that report, with the names of their instances. */
  readonly services: Readonly<Record<string, readonly string[]>>;
  /** Settings of services that do not report. */
  readonly blind?: readonly Readonly<Record<string, unknown>>[];
  readonly policy?: Readonly<Record<string, unknown>>;
  readonly cache?: string;
}

/** A collector, an issuer and a fleet in the middle of a rotation, for the dashboard to show. */
export interface Scene {
  readonly directory: string;
  readonly collector: CollectorProcess;
  readonly issuer: RotatingIssuer;
  readonly fleet: ReportingFleet;
  readonly rotationId: string;
  /** Starts the collector, which was ended, again at the same address; without its agents. */
  restart(entry?: string): Promise<void>;
  /** The new key enters the JWKS, and the collector has seen it. */
  publish(): Promise<void>;
  /** The verifiers of these services, all by default, hold both keys. */
  learn(isOne?: (verifier: ReportedVerifier) => boolean): void;
  declare(step: string, body?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Waits until an alert of this name fires; gives its id. */
  alertFires(name: string): Promise<string>;
  /** Waits until a gate says so. */
  gateSays(gate: string, status: string): Promise<void>;
}

/** Starts the scene with its rotation begun and the new key not yet published. */
export async function startScene(cleanup: Teardown, options: SceneOptions): Promise<Scene> {
  const { services, blind = [], kids = ['2026-a', '2026-b'], cache = 'jwks' } = options;
  const origin = await startRotatingIssuer(cleanup, kids);
  const issuer = { ...origin, issuer: options.issuer ?? origin.issuer };
  const directory = await tempDirectory(cleanup);
  const settings = {
    issuers: [
      {
        ...origin.settings,
        issuer: issuer.issuer,
        origin_spread: '0s',
        failed_fetch_allowance: '0s',
      },
    ],
    services: [
      ...Object.entries(services).map(([name, instances]) => ({
        name,
        profile: 'npm-jose',
        instances: instances.length,
      })),
      ...blind,
    ],
    policy: { ...SCENE_POLICY, ...options.policy },
  };
  const collector = await startCollectorProcess(directory, settings);
  cleanup.add('collector', () => collector.child.kill());
  const fleet = await startReportingFleet(
    cleanup,
    collector.grpc,
    issuer.issuer,
    Object.entries(services).flatMap(([service, instances]) =>
      instances.map((instance, index) => verifier(issuer, service, instance, cache, index)),
    ),
    REPORT_EVERY_MS,
  );
  const rotationId = await begun(collector, issuer);
  return {
    directory,
    collector,
    issuer,
    fleet,
    rotationId,
    async restart(entry) {
      const listen = { http: new URL(collector.url).host, grpc: '127.0.0.1:0' };
      const again = await startCollectorProcess(directory, { ...settings, listen }, {}, entry);
      cleanup.add('collector started again', () => again.child.kill());
    },
    async publish() {
      issuer.serve(issuer.both);
      await keyPublished(collector, kids[1]);
    },
    learn(isOne = () => true) {
      for (const each of fleet.verifiers) {
        if (isOne(each))
          Object.assign(each, { keys: [issuer.old.ref, issuer.new.ref], dataAgeS: 2 });
      }
      fleet.report();
    },
    async declare(step, body = {}) {
      const path = `/v1/rotations/${rotationId}/steps`;
      const answer = await collector.api.post(path, { step, by: 'release-bot', ...body });
      if (answer.status >= 300) throw new Error(`${step}: ${JSON.stringify(answer.body)}`);
    },
    alertFires: (name) =>
      eventually(
        `alert ${name} fires`,
        async () => {
          const { body } = await collector.api.get('/v1/alerts?firing=true');
          const alerts = body.alerts as { readonly id: string; readonly name: string }[];
          return alerts.find((alert) => alert.name === name)?.id;
        },
        20_000,
      ),
    async gateSays(gate, status) {
      await eventually(
        `gate ${gate} says ${status}`,
        async () => {
          const { body } = await collector.api.get(`/v1/rotations/${rotationId}/gates/${gate}`);
          if (body.status === status) return true;
          throw new Error(`${body.status}: ${body.summary}`);
        },
        20_000,
      );
    },
  };
}

/** Silence is noticed soon, and alerts come and go within seconds. */
const SCENE_POLICY = {
  heartbeat: '1s',
  reconnect_window: '500ms',
  publish_safety: '1s',
  retire_safety: '1s',
  calm_for: '5s',
} as const;

function verifier(
  { old }: RotatingIssuer,
  service: string,
  instance: string,
  cache: string,
  index: number,
): ReportedVerifier {
  return {
    service,
    instance,
    cache,
    profile: 'npm-jose',
    keys: [old.ref],
    dataAgeS: 40 + ((index * 37) % 400),
    consecutiveFailures: 0,
    lastError: null,
    silent: false,
    traffic: [[old.ref.kid, 'ok', 20 + ((index * 13) % 40)]],
  };
}

async function begun(collector: CollectorProcess, issuer: RotatingIssuer): Promise<string> {
  await keyPublished(collector, issuer.old.ref.kid);
  const answer = await collector.api.post('/v1/rotations', {
    issuer: issuer.issuer,
    alg: 'ES256',
    old_kid: issuer.old.ref.kid,
    new_kid: issuer.new.ref.kid,
    by: 'release-bot',
  });
  if (answer.status >= 300) throw new Error(`start: ${JSON.stringify(answer.body)}`);
  return String(answer.body.rotation.id);
}
