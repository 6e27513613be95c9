import { isReplaced, servicePolicyOf, type Verifier } from '../../core/fleet.ts';
import { isPositive } from '../../core/gates/dependents.ts';
import type { ServicePolicy } from '../../core/policy.ts';
import type { HeldKeySet } from '../../core/records.ts';
import type { State } from '../../core/state.ts';
import { isAtLeast } from '@keyturn/shared/model/evidence.ts';
import { FLEET_ROW_FLAGS, type FleetRow, type FleetRowFlag } from '../schemas/fleet-rows.ts';
import { statesOf } from '../views/verifier.ts';
import { Dictionary } from './dictionary.ts';
import type { RowHead } from './head.ts';

/** One row in the parts that are passed on at different paces; each is JSON without its brackets. */
export interface RowParts {
  /** What somebody waits to hear. */
  readonly facts: string;
  /** When it was last heard, and when it fetched. */
  readonly times: string;
}

type Places = readonly [service: number, profile: number];

/** What rows name by place, and what their moments count from. */
export interface RowWords {
  readonly head: RowHead;
  readonly services: Dictionary;
  readonly profiles: Dictionary;
  readonly words: Dictionary;
  /** Of service and profile, by a declared service's one policy. */
  readonly places: WeakMap<ServicePolicy, Places>;
  readonly baseMs: number;
}

export function rowWords(head: RowHead, baseMs: number): RowWords {
  return {
    head,
    services: new Dictionary(),
    profiles: new Dictionary(),
    words: new Dictionary(),
    places: new WeakMap(),
    baseMs,
  };
}

/** How many values have a place. */
export function wordCount({ services, profiles, words }: RowWords): number {
  return services.size + profiles.size + words.size;
}

/** A verifier as a row without its number and its failures. */
export function rowParts(
  state: Readonly<State>,
  verifier: Verifier,
  words: RowWords,
  version: number,
): RowParts {
  const { record } = verifier;
  const policy = servicePolicyOf(state.policy, record);
  const known = record.keySets.filter(({ issuer }) => words.head.issuer(issuer) !== undefined);
  const word = (text: string): number => words.words.placeOf(text, version);
  const [service, profile] = placesOf(policy, words, version);
  const facts = [
    service,
    record.id.instance,
    word(record.id.cache),
    profile,
    word(record.source),
    flagsOf(state, verifier),
    secondsOf(verifier.livenessSinceMs, words.baseMs),
    known.map((set) => setFacts(set, words, word)),
    record.keySets.length - known.length,
    standingRows(verifier, policy.evidence, words, word),
  ] satisfies FactsOf<FleetRow>;
  const times = [
    secondsOrNull(record.receivedAtMs, words.baseMs),
    known.map(({ dataAtMs, attemptAtMs }) => [
      secondsOrNull(dataAtMs, words.baseMs),
      secondsOrNull(attemptAtMs, words.baseMs),
    ]),
  ];
  return { facts: JSON.stringify(facts).slice(1, -1), times: JSON.stringify(times).slice(1, -1) };
}

/** Where a service and its profile stand. */
function placesOf(policy: ServicePolicy, words: RowWords, version: number): Places {
  const known = words.places.get(policy);
  if (known !== undefined) return known;
  const { name, kind, declared, required, evidence, profile } = policy;
  const places: Places = [
    words.services.placeOf({ name, kind, declared, required, evidence }, version),
    words.profiles.placeOf(
      {
        id: profile.id,
        name: profile.name,
        refresh_s: profile.refreshS,
        removed_key_accepted_s: profile.removedKeyAcceptedS,
        static_keys: profile.staticKeys,
      },
      version,
    ),
  ];
  words.places.set(policy, places);
  return places;
}

/** The middle of a row: what `rowParts` gives as `facts`. */
type FactsOf<R extends readonly unknown[]> = R extends readonly [
  number,
  ...infer Facts,
  number,
  unknown,
  unknown,
]
  ? Facts
  : never;

function setFacts(
  set: HeldKeySet,
  { head }: RowWords,
  word: (text: string) => number,
): FleetRow[8][number] {
  const keys: number[] = [];
  for (const key of set.keys) {
    const place = head.key(set.issuer, key);
    if (place !== undefined) keys.push(place);
  }
  return [
    head.issuer(set.issuer) ?? 0,
    keys,
    set.keys.length - keys.length,
    set.consecutiveFailures,
    set.lastError === null ? null : word(set.lastError),
  ];
}

function standingRows(
  verifier: Verifier,
  required: Parameters<typeof isAtLeast>[1],
  { baseMs }: RowWords,
  word: (text: string) => number,
): FleetRow[10] {
  return [...verifier.standings].map(([rotationId, standing]) => [
    word(rotationId),
    word(standing.holdsNew),
    secondsOf(standing.holdsNewSinceMs, baseMs),
    word(standing.holdsOld),
    secondsOf(standing.holdsOldSinceMs, baseMs),
    isPositive(standing.holdsNew) && isAtLeast(standing.holdsNew, required) ? 1 : 0,
  ]);
}

function flagsOf(state: Readonly<State>, verifier: Verifier): number {
  let flags = 0;
  for (const name of statesOf(state.policy, verifier, null)) flags |= bitOf(name);
  if (verifier.contestedUntilMs > 0) flags |= bitOf('duplicate');
  if (verifier.groups.some((group) => group.stale.has(verifier))) flags |= bitOf('stale');
  if (isSilentAndReplaced(verifier)) flags |= bitOf('replaced');
  return flags;
}

/** Silent, and nobody waits for it: the only part of a row that changes with other verifiers. */
export function isSilentAndReplaced(verifier: Verifier): boolean {
  const { liveness, groups } = verifier;
  return (
    liveness === 'silent' &&
    groups.length > 0 &&
    groups.every((group) => isReplaced(group, verifier))
  );
}

function bitOf(name: FleetRowFlag): number {
  return BITS[name];
}

const BITS = Object.fromEntries(FLEET_ROW_FLAGS.map((name, at) => [name, 1 << at])) as Readonly<
  Record<FleetRowFlag, number>
>;

function secondsOf(atMs: number, baseMs: number): number {
  return Math.floor((atMs - baseMs) / 1_000);
}

function secondsOrNull(atMs: number | null, baseMs: number): number | null {
  return atMs === null ? null : secondsOf(atMs, baseMs);
}
