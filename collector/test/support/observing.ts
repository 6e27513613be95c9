import type { AuditEntry, RotationRecord } from '../../src/core/records.ts';
import { openRotations } from '../../src/core/rotation.ts';
import type { IssuerPolicy, ServicePolicy } from '../../src/core/policy.ts';
import { issuerOf, ISSUER, policyOf, serviceOf } from './policies.ts';
import type { TestVerifier } from './world.ts';
import { World } from './world.ts';

/** A world whose issuer somebody else runs, with two verifiers heard for longer than the hold-down. */
export interface Observing {
  readonly world: World;
  readonly a: TestVerifier;
  readonly b: TestVerifier;
}

export function observing(
  issuer: Partial<IssuerPolicy> = {},
  services: readonly ServicePolicy[] = [serviceOf('orders', { instances: 2 })],
): Observing {
  const issuers = new Map([[ISSUER, issuerOf({ control: 'third_party', ...issuer })]]);
  const world = new World(policyOf(services, { issuers }));
  world.sight();
  world.sight();
  const a = world.join('orders', 'a');
  const b = world.join('orders', 'b');
  for (const verifier of [a, b]) verifier.report();
  world.pass(60_000);
  return { world, a, b };
}

/** Open rotations, `id old>new origin` without the day. */
export function openOnes({ state }: World): readonly RotationRecord[] {
  return openRotations(state);
}

/** `old>new` of every open rotation that was only observed. */
export function observedNow(world: World): string[] {
  return openOnes(world)
    .filter((rotation) => rotation.origin === 'observed')
    .map((rotation) => `${rotation.oldKid}>${rotation.newKid}`);
}

/** The one rotation that is open. */
export function theOpen(world: World): RotationRecord {
  const [only, ...others] = openOnes(world);
  if (only === undefined || others.length > 0) throw new Error(`${others.length} others are open`);
  return only;
}

export function auditOf(world: World, action: string): readonly AuditEntry[] {
  return world.store.audit({ limit: 100_000 }).filter((entry) => entry.action === action);
}
