import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import type { Test } from 'tap';
import type { IssuerPolicy, ServicePolicy } from '../../src/core/policy.ts';
import type { ReportPart } from './messages.ts';
import { ISSUER, issuerOf, policyOf, serviceOf } from './policies.ts';
import { reading } from './reading.ts';
import type { TestVerifier } from './world.ts';
import { blockers, World } from './world.ts';

export const OLD_SECRET: KeyRef = { kid: 's1', thumbprint: '', alg: 'HS256' };
export const NEW_SECRET: KeyRef = { kid: 's2', thumbprint: '', alg: 'HS256' };
export const BOTH_SECRETS = [OLD_SECRET, NEW_SECRET];

/** A world whose issuer shares secrets and has no JWKS, with one rotation s1 → s2. */
export interface SecretRotating {
  readonly world: World;
  readonly id: string;
  readonly a: TestVerifier;
  readonly b: TestVerifier;
}

export interface SecretOptions {
  readonly services?: readonly ServicePolicy[];
  readonly orders?: Partial<ServicePolicy>;
  readonly issuer?: Partial<IssuerPolicy>;
  readonly until?: 'started' | 'held' | 'switched';
}

/** All the secrets a verifier holds, and nothing of a JWKS. */
export function holding(keys: readonly KeyRef[], more: ReportPart = {}): ReportPart {
  return { keys, dataAgeMs: null, secretsAgeMs: 0, ...more };
}

export function secretPolicy(options: SecretOptions = {}) {
  const orders = serviceOf('orders', { instances: 2, ...options.orders });
  const issuer = issuerOf({ vantages: [], sharedSecrets: true, ...options.issuer });
  return policyOf([orders, ...(options.services ?? [])], { issuers: new Map([[ISSUER, issuer]]) });
}

export function startSecret(world: World, part: Parameters<World['start']>[0] = {}): string {
  return world.start({ alg: 'HS256', oldKid: 's1', newKid: 's2', ...part });
}

export function secretRotating(options: SecretOptions = {}): SecretRotating {
  const { until = 'held' } = options;
  const world = new World(secretPolicy(options));
  const a = world.join('orders', 'a', { cacheKind: 'secret' });
  const b = world.join('orders', 'b', { cacheKind: 'secret' });
  for (const verifier of [a, b]) verifier.report(holding([OLD_SECRET]));
  world.pass(60_000);
  const id = startSecret(world);
  const rotation = { world, id, a, b };
  if (until === 'started') return rotation;
  for (const verifier of [a, b]) verifier.report(holding(BOTH_SECRETS));
  if (until === 'held') return rotation;
  world.declare(id, 'activate', 'the table says so');
  for (const verifier of [a, b]) verifier.report(afterSwitch(world));
  return rotation;
}

/** Tokens of the old secret from before the switch, and one of the new signed now. */
export function afterSwitch(world: World, more: ReportPart = {}): ReportPart {
  const nowS = Math.ceil(world.atMs / 1_000);
  return holding(BOTH_SECRETS, {
    counts: [
      { kid: 's1', outcomes: { ok: 10 }, iatS: nowS - 60, expS: nowS + 240, lifetimeS: 300 },
      { kid: 's2', outcomes: { ok: 1 }, iatS: nowS, expS: nowS + 300, lifetimeS: 300 },
    ],
    ...more,
  });
}

/** One situation of a gate of a secret, with every word of what does not pass, or of some checks. */
export interface SecretSituation {
  readonly name: string;
  readonly from?: SecretOptions;
  readonly given: (rotation: SecretRotating) => void;
  readonly status: Verdict['status'];
  readonly blocked?: readonly string[];
  readonly asks?: string;
  readonly reads?: {
    readonly of?: readonly string[] | 'all';
    readonly lines: readonly string[];
  };
}

/** Runs a table: one test per situation. */
export function secretTable(t: Test, gate: Gate, situations: readonly SecretSituation[]): void {
  for (const situation of situations) {
    void t.test(`${gate}: ${situation.name}`, (t) => {
      const rotation = secretRotating(situation.from);
      situation.given(rotation);
      const verdict = rotation.world.gate(situation.asks ?? rotation.id, gate);
      t.equal(verdict.status, situation.status);
      t.same(blockers(verdict), situation.blocked ?? []);
      const { reads } = situation;
      if (reads !== undefined) t.same(reading(verdict, reads.of), reads.lines);
      t.end();
    });
  }
}
