import { Chance } from './chance.ts';
import type { FaultKind, FaultPlan } from './fault-plan.ts';
import { type Kind, KINDS } from './kinds.ts';
import { planOf, type ServicePlan, type WorldPlan } from './plan.ts';
import { NO_TURNS } from './turns.ts';

/** What can only happen to a published key set. */
const OF_PUBLISHED: ReadonlySet<FaultKind> = new Set([
  'stale_edge',
  'regressing_origin',
  'jwks_5xx',
  'jwks_hang',
  'kid_reuse',
]);

/** One that remembers tokens, one with several workers, and ordinary ones. */
const PROFILES = ['npm-jose', 'npm-jose', 'npm-fast-jwt', 'go-oidc', 'envoy-jwt-authn-sync'];

/**
 * The world of a seed in which tokens are signed with a secret that verifiers were given: in files,
 * which people change one by one, and nothing is published or fetched.
 */
export function secretPlanOf(seed: number, focus: readonly FaultKind[] | null = null): WorldPlan {
  const plan = planOf(seed, focus);
  const chance = new Chance(seed, 'secrets');
  const { rollback } = plan.turns;
  return {
    ...plan,
    kind: 'secrets',
    keyKind: 'secret',
    faultKinds: plan.faultKinds.filter((kind) => !OF_PUBLISHED.has(kind)),
    faults: plan.faults.filter(({ kind }) => !OF_PUBLISHED.has(kind)).map(lasting),
    origins: 1,
    edges: [],
    seesEveryOrigin: true,
    // Without it nothing shows the clock of an issuer that publishes nothing, and `retire` stays unknown.
    omitsIat: false,
    namesThumbprint: false,
    // Without a check of its own publication nothing would keep people from acting on it at once.
    waivesEarly: false,
    installMs: [30_000, chance.pick([120_000, 600_000, 1_500_000])],
    services: servicesOf(seed, plan),
    turns: { ...NO_TURNS, rollback },
  };
}

/** No `Date` header tells of a clock that is off, so nobody soon sets it right. */
function lasting(fault: FaultPlan): FaultPlan {
  return fault.kind === 'collector_clock_step' ? { ...fault, forMs: 12 * fault.forMs } : fault;
}

/** A kind that is given secrets: nothing of how it would fetch keys is left, but what it remembers is. */
export function holdingSecrets(kind: Kind): Kind {
  const behaviour: Kind['behaviour'] = {
    ...kind.behaviour,
    style: 'static',
    refreshMs: null,
    refetches: false,
    refetchesOnBadSignature: false,
    aheadMs: 0,
    wipesOnFailure: false,
    revives: false,
    usesOldMeanwhile: false,
    keepsPreviousMs: 0,
    lagMs: 0,
    documentMs: null,
    ignoresKid: false,
  };
  return { ...kind, behaviour };
}

function servicesOf(seed: number, { skewMs }: WorldPlan): ServicePlan[] {
  const count = new Chance(seed, 'secret services').whole(2, 5);
  return Array.from({ length: count }, (_, at) =>
    serviceOf(new Chance(seed, `secret service ${at}`), at, skewMs),
  );
}

/** The first has an agent, or nobody would ever see that the signer was switched. */
function serviceOf(chance: Chance, at: number, skewMs: number): ServicePlan {
  const profile = chance.pick(PROFILES);
  const kind = KINDS.findIndex((known) => known.profile === profile);
  const isSeen = chance.is(0.8) || at === 0;
  const isVouched = chance.is(0.2) && at > 0;
  const instances = chance.whole(1, 3);
  return {
    name: `s${at}`,
    kind,
    holdsSecrets: true,
    tellsAfterMs: chance.is(0.3) ? chance.between(1_000, 120_000) : 0,
    standing: isSeen ? 'instrumented' : 'managed',
    source: chance.is(0.5) && isSeen ? 'in_process' : 'pushed',
    evidence: !isSeen || isVouched ? 'attested' : 'present',
    instances,
    declaredInstances: isSeen && chance.is(0.7) ? instances : null,
    declared: true,
    edge: null,
    trafficMs: chance.pick([5_000, 20_000, 60_000, 300_000]),
    slower: 1,
    leewayMs: chance.pick([0, skewMs / 4]),
    clockOffsetMs: chance.between(-skewMs / 4, skewMs / 4),
  };
}
