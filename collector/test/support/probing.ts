import type { CanaryAnswer, CanaryOutcome } from '@keyturn/shared/model/probe.ts';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { ProbeGrant } from '../../src/core/probes/probes.ts';
import type { Policy, ServicePolicy } from '../../src/core/policy.ts';
import type { Source } from '@keyturn/shared/model/report.ts';
import { ISSUER, issuerOf, NEW, OLD, policyOf, serviceOf } from './policies.ts';
import type { TestVerifier } from './world.ts';
import { World } from './world.ts';

export const CANARY = {
  audience: 'keyturn-canary',
  maxLifetimeMs: 900_000,
  apartMs: 60_000,
  perSecond: 20,
};

/** What an endpoint makes of next, current and bogus; null: not presented. */
export type Answers = readonly (CanaryOutcome | null)[];

export const KNOWS: Answers = ['accepted', 'accepted', 'rejected'];
export const LACKS: Answers = ['rejected', 'accepted', 'rejected'];
export const TAKES_ANYTHING: Answers = ['accepted', 'accepted', 'accepted'];

export function answersOf(answers: Answers): readonly CanaryAnswer[] {
  const roles = ['next', 'current', 'bogus'] as const;
  return roles.flatMap((role, at) => {
    const outcome = answers[at] ?? null;
    return outcome === null ? [] : [{ role, outcome, status: null }];
  });
}

/** A world whose one verifier of `orders` can be probed. */
export class ProbingWorld extends World {
  a: TestVerifier;
  rotationId = '';
  session = 'stream 1';
  readonly #source: Source;
  #probes = 0;

  constructor(
    service: Partial<ServicePolicy> = {},
    how: { readonly source?: Source; readonly policy?: Partial<Policy> } = {},
  ) {
    const issuers = new Map([[ISSUER, issuerOf({ canary: CANARY })]]);
    super(policyOf([serviceOf('orders', service)], { issuers, ...how.policy }));
    this.#source = how.source ?? 'in_process';
    this.sight();
    this.sight();
    this.a = this.#join();
    this.a.report({ keys: [OLD] });
    this.pass(60_000);
    this.rotationId = this.start();
  }

  /** The new key is served, and seen so twice. */
  publish(): void {
    this.served = [OLD, NEW];
    this.pass(31_000);
  }

  /** The process starts anew. */
  reboot(keys: readonly KeyRef[] = [OLD, NEW]): void {
    this.session = `stream ${this.session.length}`;
    this.a = this.#join();
    this.a.report({ keys });
  }

  order(part: { readonly session?: string; readonly id?: string } = {}): ProbeGrant | undefined {
    const reply = this.take({
      type: 'probe',
      session: part.session ?? this.session,
      verifier: { service: 'orders', instance: 'a', cache: 'jwks' },
      rotationId: this.rotationId,
      probeId: part.id ?? `p${++this.#probes}`,
    });
    return reply.type === 'probe' ? reply.grant : undefined;
  }

  /** Gives why the result does not count; empty when it does. */
  answer(
    answers: Answers,
    part: {
      readonly id?: string;
      readonly ageMs?: number;
      readonly session?: string;
      readonly instance?: string;
    } = {},
  ): string {
    const reply = this.take({
      type: 'probe_result',
      session: part.session ?? this.session,
      verifier: { service: 'orders', instance: part.instance ?? 'a', cache: 'jwks' },
      result: {
        probeId: part.id ?? `p${this.#probes}`,
        handle: 1,
        ageMs: part.ageMs ?? 0,
        answers: answersOf(answers),
      },
    });
    return reply.type === 'probed' ? reply.problem : 'no reply';
  }

  /** One probe from order to result, after its pace allows it. */
  probe(answers: Answers): void {
    if (this.order() === undefined) throw new Error('expected that a probe may go out');
    this.pass(1_000);
    const problem = this.answer(answers);
    if (problem !== '') throw new Error(problem);
  }

  grade(): string {
    const verifier = this.state.fleet.verifiers.get('orders/a/jwks');
    return verifier?.standings.get(this.rotationId)?.holdsNew ?? 'none';
  }

  #join(): TestVerifier {
    return this.join('orders', 'a', { session: this.session, source: this.#source });
  }
}
