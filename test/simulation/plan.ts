import type { Grade } from '@keyturn/shared/model/evidence.ts';
import type { KeyKind } from '@keyturn/shared/model/secret-keys.ts';
import type { Source } from '@keyturn/shared/model/report.ts';
import { Chance } from './chance.ts';
import { FAULT_KINDS, type FaultKind, type FaultPlan, faultsOf, RARELY } from './fault-plan.ts';
import { fastOf, KINDS } from './kinds.ts';
import type { CanaryPlan } from './canary-plan.ts';
import type { ThirdParty } from './observed-plan.ts';
import { NO_TURNS, type Turns, turnsOf } from './turns.ts';
import { unseenService } from './unseen.ts';

/** `rotation`: keys of an issuer of our own; the others are worlds of their own, beside it. */
export const WORLD_KINDS = ['rotation', 'secrets', 'observed', 'canaries'] as const;

export type WorldKind = (typeof WORLD_KINDS)[number];

/** One service of the fleet. */
export interface ServicePlan {
  readonly name: string;
  /** Index into KINDS. */
  readonly kind: number;
  /** It was given secrets, and fetches nothing. */
  readonly holdsSecrets: boolean;
  /** So long after a start it says which secrets it holds. */
  readonly tellsAfterMs: number;
  /** What the settings call it; `instrumented` has an agent, the others have none. */
  readonly standing: 'instrumented' | 'managed' | 'static';
  readonly source: Source;
  readonly evidence: Grade;
  readonly instances: number;
  /** What the inventory says of the number; null: nothing. */
  readonly declaredInstances: number | null;
  /** False: nobody told the collector of this service. */
  readonly declared: boolean;
  /** Fetches through this edge; null: from any origin replica. */
  readonly edge: number | null;
  /** Mean time between two tokens, ms. */
  readonly trafficMs: number;
  /** How many times slower it refreshes than its kind does by default, as its operator states. */
  readonly slower: number;
  readonly leewayMs: number;
  readonly clockOffsetMs: number;
}

/** How often what goes on by itself goes on. */
export interface Pace {
  /** A verifier tells its sidecar what it holds and counted; three missed ones are a silence. */
  readonly pushEveryMs: number;
  /** An in-process agent looks whether a watched key is missing. */
  readonly nudgeEveryMs: number;
  /** How old a document a sidecar's proxy still serves without asking upstream. */
  readonly proxyFreshMs: number;
  /** What is fetched is there at once, where seconds do not matter. */
  readonly isInstant: boolean;
}

/** Everything a world is made of, from its seed alone; plain data, so that it can be cut down. */
export interface WorldPlan {
  readonly seed: number;
  readonly kind: WorldKind;
  /** Null: the issuer is our own. */
  readonly thirdParty: ThirdParty | null;
  /** Null: none are handed over. */
  readonly canaries: CanaryPlan | null;
  /** What signs tokens: a key of which half is published, or a secret that verifiers were given. */
  readonly keyKind: KeyKind;
  readonly heartbeatMs: number;
  readonly watchMs: number;
  readonly tickMs: number;
  readonly pace: Pace;
  readonly skewMs: number;
  readonly publishSafetyMs: number;
  readonly retireSafetyMs: number;
  readonly uncountedBlocksRetire: boolean;
  /** Longest lifetime of any token; what the settings say of it is `declaredTmaxMs`. */
  readonly tmaxMs: number;
  readonly declaredTmaxMs: number | null;
  readonly origins: number;
  readonly originSpreadMs: number;
  /** max-age of each edge in series before verifiers, ms. */
  readonly edges: readonly number[];
  /** False: the collector sees origins only through their common address. */
  readonly seesEveryOrigin: boolean;
  readonly issuerOffsetMs: number;
  readonly signers: number;
  /** Within which all signers switch after they are told, ms. */
  readonly switchSpreadMs: number;
  readonly collectorOffsetMs: number;
  readonly collectorRate: number;
  readonly stableForMs: number;
  readonly namesThumbprint: boolean;
  /** Share of tokens without a kid before the rotation starts, and until when. */
  readonly kidlessUntilMs: number;
  /** Tokens do not say when they were signed. */
  readonly omitsIat: boolean;
  /** Somebody was given a token that lives four times as long as any declared one. */
  readonly presigns: boolean;
  /** A person sets checks of `activate` aside for two minutes before publication. */
  readonly waivesEarly: boolean;
  /** A restart of the collector reads settings that declare a shorter lifetime. */
  readonly lowersTmax: boolean;
  /** Between two tokens whose kid nobody ever published: attackers', and other issuers'. */
  readonly foreignMs: readonly [number, number];
  /** Within which people put new keys into what fetches none. */
  readonly installMs: readonly [number, number];
  readonly services: readonly ServicePlan[];
  readonly turns: Turns;
  readonly faultKinds: readonly FaultKind[];
  readonly faults: readonly FaultPlan[];
}

/** The world of a seed; `focus`: with these kinds of faults, and no others. */
export function planOf(seed: number, focus: readonly FaultKind[] | null = null): WorldPlan {
  const chance = new Chance(seed, 'plan');
  const tmaxMs = chance.pick([300_000, 600_000, 900_000, 1_800_000]);
  const skewMs = chance.pick([20_000, 40_000, 60_000]);
  const edges = Array.from({ length: chance.whole(0, 2) }, () => chance.pick([30_000, 120_000]));
  const turns = turnsOf(seed, tmaxMs, edges.length);
  const services = [
    ...servicesOf(seed, edges.length, skewMs),
    ...unseenServicesOf(seed, turns, edges.length, skewMs),
  ];
  const kindRate = chance.pick([0, 0.15, 0.3, 0.5]);
  const faultKinds =
    focus ??
    FAULT_KINDS.filter((kind) =>
      new Chance(seed, `use ${kind}`).is(kindRate * (RARELY[kind] ?? 1)),
    );
  return {
    seed,
    kind: 'rotation',
    thirdParty: null,
    canaries: null,
    keyKind: 'public',
    heartbeatMs: chance.pick([20_000, 40_000, 60_000]),
    watchMs: chance.pick([20_000, 30_000, 60_000]),
    tickMs: 20_000,
    pace: { pushEveryMs: 10_000, nudgeEveryMs: 20_000, proxyFreshMs: 60_000, isInstant: false },
    skewMs,
    publishSafetyMs: chance.pick([60_000, 120_000]),
    // Clocks up to five minutes apart go unnoticed, so the margin is no smaller.
    retireSafetyMs: chance.pick([300_000, 420_000]),
    uncountedBlocksRetire: false,
    tmaxMs,
    // Without iat nobody can see how long tokens live, so somebody must have said it.
    declaredTmaxMs: chance.is(0.85) || new Chance(seed, 'iat').is(0.1) ? tmaxMs : null,
    origins: chance.whole(1, 3),
    originSpreadMs: chance.pick([5_000, 60_000, 180_000]),
    edges,
    seesEveryOrigin: chance.is(0.9),
    issuerOffsetMs: chance.between(-skewMs / 4, skewMs / 4),
    signers: chance.whole(1, 3),
    switchSpreadMs: chance.between(0, skewMs / 2),
    collectorOffsetMs: chance.between(-20_000, 20_000),
    collectorRate: 1 + chance.between(-0.0001, 0.0001),
    stableForMs: chance.pick([0, 60_000]),
    namesThumbprint: chance.is(0.5),
    kidlessUntilMs: chance.is(0.1) ? chance.between(60_000, 900_000) : 0,
    presigns: new Chance(seed, 'presigned').is(0.15),
    omitsIat: new Chance(seed, 'iat').is(0.1),
    waivesEarly: chance.is(0.15),
    lowersTmax: chance.is(0.25),
    foreignMs: [30_000, 540_000],
    installMs: [30_000, 400_000],
    services,
    turns,
    faultKinds,
    faults: faultsOf(seed, faultKinds, focus === null ? 1 : 4),
  };
}

/** The same world without what most rotations never see. */
export function straight(plan: WorldPlan, but: Partial<Turns> = {}): WorldPlan {
  const turns = { ...NO_TURNS, ...but };
  const services =
    turns.unseen === null
      ? plan.services.filter(({ standing }) => standing === 'instrumented')
      : plan.services;
  return { ...plan, turns, services };
}

function unseenServicesOf(seed: number, turns: Turns, edges: number, skewMs: number) {
  return Array.from({ length: turns.unseen?.services ?? 0 }, (_, at) => {
    const chance = new Chance(seed, `unseen ${at}`);
    return unseenService(chance, `m${at}`, serviceOf(chance, at, edges, skewMs));
  });
}

function servicesOf(seed: number, edges: number, skewMs: number): ServicePlan[] {
  const chance = new Chance(seed, 'services');
  const count = chance.whole(2, 6);
  const services: ServicePlan[] = [];
  for (let at = 0; at < count; at += 1) {
    services.push(serviceOf(new Chance(seed, `service ${at}`), at, edges, skewMs));
  }
  // Somebody must count, or nobody ever sees that the signer was switched.
  const counts = services.some(
    ({ source, evidence }) => source !== 'proxy' && evidence !== 'attested',
  );
  if (!counts) services.push(serviceOf(new Chance(seed, 'counter'), count, edges, skewMs, 0));
  return services;
}

function serviceOf(
  chance: Chance,
  at: number,
  edges: number,
  skewMs: number,
  only?: number,
): ServicePlan {
  const kind = only ?? chance.whole(0, KINDS.length - 1);
  const ways = KINDS[kind]?.ways ?? [];
  const [source, evidence] =
    only === undefined ? chance.pick(ways) : (ways[0] ?? chance.pick(ways));
  const instances = chance.whole(1, 3);
  const declared = evidence === 'served' && source !== 'proxy' ? chance.is(0.6) : true;
  return {
    name: `s${at}`,
    kind,
    holdsSecrets: false,
    tellsAfterMs: 0,
    standing: 'instrumented',
    source,
    evidence,
    instances,
    declaredInstances: declared && chance.is(0.7) ? instances : null,
    declared,
    edge: edges > 0 && chance.is(0.7) ? chance.whole(0, edges - 1) : null,
    trafficMs: chance.pick([5_000, 20_000, 60_000]),
    slower: fastOf(kind),
    leewayMs: chance.pick([0, skewMs / 4]),
    clockOffsetMs: chance.between(-skewMs / 4, skewMs / 4),
  };
}
