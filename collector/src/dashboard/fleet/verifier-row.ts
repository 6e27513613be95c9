import type { FleetRow, FleetRowFlag, FleetRowsView } from '../../api/schemas/fleet-rows.ts';

export type FleetHead = NonNullable<FleetRowsView['head']>;
export type ServiceEntry = FleetRowsView['services']['entries'][number];
export type ProfileEntry = FleetRowsView['profiles']['entries'][number];

/** Bit n of a row's flags; the collector's list, held equal by a test. */
export const ROW_FLAGS = [
  'reporting',
  'silent',
  'joined',
  'departed',
  'lagging',
  'synced',
  'holds_old',
  'failing',
  'duplicate',
  'stale',
  'replaced',
] as const satisfies readonly FleetRowFlag[];

/** What rows name by place. */
export interface RowLists {
  readonly baseMs: number;
  readonly services: readonly ServiceEntry[];
  readonly profiles: readonly ProfileEntry[];
  readonly words: readonly string[];
}

/** One issuer's keys in one cache. */
export interface HeldSet {
  /** Its place in the head. */
  readonly issuer: number;
  /** Keys that the collector knows, by their places in the head. */
  readonly keys: readonly number[];
  readonly otherKeys: number;
  readonly failedFetches: number;
  readonly error: string | null;
  readonly dataAtMs: number | null;
  readonly attemptAtMs: number | null;
}

/** What is known of a verifier about one open rotation. */
export interface RowStanding {
  readonly rotation: string;
  readonly holdsNew: string;
  readonly holdsNewSinceMs: number;
  readonly holdsOld: string;
  readonly holdsOldSinceMs: number;
  readonly sufficient: boolean;
}

/** One verifier as the table has it. Times: Unix ms, collector's clock. */
export interface VerifierRow {
  readonly id: number;
  /** `service/instance/cache`. */
  readonly name: string;
  readonly service: ServiceEntry;
  readonly instance: string;
  readonly cache: string;
  readonly profile: ProfileEntry;
  readonly source: string;
  readonly flags: number;
  readonly sinceMs: number;
  readonly sets: readonly HeldSet[];
  readonly otherSets: number;
  readonly standings: readonly RowStanding[];
  /** Of the last minute, those that a key could have caused. */
  readonly failures: number;
  readonly reportedAtMs: number | null;
}

export function hasFlag(row: VerifierRow, flag: FleetRowFlag): boolean {
  return (row.flags & BITS[flag]) !== 0;
}

const BITS = Object.fromEntries(ROW_FLAGS.map((flag, at) => [flag, 1 << at])) as Readonly<
  Record<FleetRowFlag, number>
>;

/** A row with its numbers spelled out; undefined when it names something that never came. */
export function verifierRow(row: FleetRow, lists: RowLists): VerifierRow | undefined {
  const [id, serviceAt, instance, cacheAt, profileAt, sourceAt, flags, since] = row;
  const [, , , , , , , , sets, otherSets, standings, failures, reported, times] = row;
  const service = lists.services[serviceAt];
  const profile = lists.profiles[profileAt];
  const cache = lists.words[cacheAt];
  if (service === undefined || profile === undefined || cache === undefined) return undefined;
  const ms = (seconds: number): number => lists.baseMs + seconds * 1_000;
  const msOrNull = (seconds: number | null | undefined): number | null =>
    seconds == null ? null : ms(seconds);
  const word = (at: number): string => lists.words[at] ?? '';
  return {
    id,
    name: `${service.name}/${instance}/${cache}`,
    service,
    instance,
    cache,
    profile,
    source: word(sourceAt),
    flags,
    sinceMs: ms(since),
    sets: sets.map(([issuer, keys, otherKeys, failedFetches, error], at) => ({
      issuer,
      keys,
      otherKeys,
      failedFetches,
      error: error === null ? null : word(error),
      dataAtMs: msOrNull(times[at]?.[0]),
      attemptAtMs: msOrNull(times[at]?.[1]),
    })),
    otherSets,
    standings: standings.map(([rotation, holdsNew, newSince, holdsOld, oldSince, sufficient]) => ({
      rotation: word(rotation),
      holdsNew: word(holdsNew),
      holdsNewSinceMs: ms(newSince),
      holdsOld: word(holdsOld),
      holdsOldSinceMs: ms(oldSince),
      sufficient: sufficient === 1,
    })),
    failures,
    reportedAtMs: msOrNull(reported),
  };
}
