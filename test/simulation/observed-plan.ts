import { Chance } from './chance.ts';
import type { FaultKind } from './fault-plan.ts';
import { factsOf } from './kinds.ts';
import { planOf, type ServicePlan, type WorldPlan } from './plan.ts';
import { kindOf } from './policy.ts';
import { NO_TURNS } from './turns.ts';

/** What an issuer that asks nobody does with its keys, and when. */
export interface ThirdParty {
  /** From the publication of the new key to its first signature; null: it takes the key back instead. */
  readonly leadMs: number | null;
  /** How long the key is there before it is taken back. */
  readonly triedMs: number;
  /** From the switch to the removal of the old key. */
  readonly overlapMs: number;
}

/** What ends every rotation, or is another's act. */
const LEFT_OUT: ReadonlySet<FaultKind> = new Set(['kid_reuse', 'lose_disk', 'second_rotation']);

/** The world of a seed whose issuer belongs to somebody else; nobody steers its rotation. */
export function observedPlanOf(seed: number, focus: readonly FaultKind[] | null = null): WorldPlan {
  const plan = planOf(seed, focus);
  const chance = new Chance(seed, 'observed');
  const { tmaxMs } = plan;
  const isTakenBack = chance.is(0.1);
  const leadMs = chance.pick([0, 30_000, 300_000, 1_800_000]) + chance.between(0, 20_000);
  return {
    ...plan,
    kind: 'observed',
    thirdParty: {
      leadMs: isTakenBack ? null : leadMs,
      triedMs: chance.between(300_000, 1_200_000),
      overlapMs: chance.pick([0, tmaxMs / 2, 2 * tmaxMs]) + chance.between(0, 60_000),
    },
    faultKinds: plan.faultKinds.filter((kind) => !LEFT_OUT.has(kind)),
    faults: plan.faults.filter(({ kind }) => !LEFT_OUT.has(kind)),
    turns: NO_TURNS,
    kidlessUntilMs: 0,
    waivesEarly: false,
    services: withCounter(plan.services.filter(speaksForItself), plan.services),
  };
}

/** It comes to know keys, and is rid of them, without anybody's word or hand. */
function speaksForItself(service: ServicePlan): boolean {
  const { behaviour } = kindOf(service);
  const { removedKeyAcceptedS, cachesVerifiedTokens } = factsOf(kindOf(service));
  const isShown = service.source !== 'proxy' && !cachesVerifiedTokens;
  return (
    service.standing === 'instrumented' &&
    service.evidence !== 'attested' &&
    behaviour.style !== 'static' &&
    (isShown || removedKeyAcceptedS !== null)
  );
}

/** Somebody must count, or nobody ever sees that the issuer switched. */
function withCounter(kept: ServicePlan[], all: readonly ServicePlan[]): ServicePlan[] {
  const [first] = all;
  if (first === undefined || kept.some(({ source }) => source !== 'proxy')) return kept;
  const counter: ServicePlan = {
    ...first,
    name: 'counter',
    kind: 0,
    standing: 'instrumented',
    source: 'in_process',
    evidence: 'present',
    declared: true,
    declaredInstances: null,
  };
  return [...kept, counter];
}
