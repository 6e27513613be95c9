import { type Scene, startScene } from '../../harness/dashboard-scene.ts';
import {
  type ReportedVerifier,
  type ReportingFleet,
  startReportingFleet,
} from '../../harness/reporting-fleet.ts';
import type { Teardown } from '../../harness/teardown.ts';

const SERVICES = 40;

/** Verifiers of one session, as agents of that many caches would send them. */
const PER_SESSION = 1_000;

const REPORT_EVERY_MS = 10_000;

/** A collector with a rotation begun, and so many verifiers that report to it every ten seconds. */
export interface ManyVerifiers {
  readonly scene: Scene;
  readonly fleets: readonly ReportingFleet[];
  /** These hold both keys from their next report on. */
  learn(isOne: (index: number) => boolean): void;
}

/** Starts `size` verifiers in 40 services, in a published rotation of which they know nothing yet. */
export async function startManyVerifiers(cleanup: Teardown, size: number): Promise<ManyVerifiers> {
  const names = Array.from(
    { length: SERVICES },
    (_, at) => `service-${String(at).padStart(2, '0')}`,
  );
  const scene = await startScene(cleanup, {
    services: { 'first-of-all': ['first-1'] },
    blind: names.map((name, at) => ({
      name,
      profile: 'npm-jose',
      instances: Math.max(1, Math.ceil((size - at) / SERVICES)),
    })),
    policy: { heartbeat: '10s', reconnect_window: '10s', publish_safety: '1h' },
  });
  await scene.publish();
  const fleets: ReportingFleet[] = [];
  for (let from = 0; from < size; from += PER_SESSION) {
    const verifiers = Array.from({ length: Math.min(PER_SESSION, size - from) }, (_, at) =>
      verifierOf(scene, names, from + at),
    );
    const { grpc } = scene.collector;
    fleets.push(
      await startReportingFleet(cleanup, grpc, scene.issuer.issuer, verifiers, REPORT_EVERY_MS),
    );
    // Sessions beat one after the other, as they would.
    await new Promise((resolve) => setTimeout(resolve, (REPORT_EVERY_MS * PER_SESSION) / size / 4));
  }
  return {
    scene,
    fleets,
    learn(isOne) {
      const keys = [scene.issuer.old.ref, scene.issuer.new.ref];
      let index = 0;
      for (const { verifiers } of fleets) {
        for (const verifier of verifiers) {
          if (isOne(index)) Object.assign(verifier, { keys, dataAgeS: 1 });
          index += 1;
        }
      }
    },
  };
}

function verifierOf(scene: Scene, names: readonly string[], index: number): ReportedVerifier {
  const { old, new: next } = scene.issuer;
  const knowsBoth = index % 3 !== 0;
  const fetchFails = index % 97 === 0;
  return {
    service: names[index % names.length] ?? '',
    instance: `pod-${String(index).padStart(5, '0')}`,
    cache: 'jwks',
    profile: 'npm-jose',
    keys: knowsBoth ? [old.ref, next.ref] : [old.ref],
    dataAgeS: knowsBoth ? 1 : 300 + (index % 200),
    consecutiveFailures: fetchFails ? 3 : 0,
    lastError: fetchFails ? 'timeout' : null,
    silent: false,
    traffic: [
      [old.ref.kid, 'ok', 20 + (index % 40)],
      ...(index % 211 === 0 ? ([[old.ref.kid, 'bad_signature', 2]] as const) : []),
    ],
  };
}
