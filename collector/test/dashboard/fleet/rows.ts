import type { Held } from '../../../src/dashboard/fleet/row-store.ts';
import {
  type FleetHead,
  ROW_FLAGS,
  type RowStanding,
  type VerifierRow,
} from '../../../src/dashboard/fleet/verifier-row.ts';

export const HEAD: FleetHead = {
  issuers: ['https://a.example', 'https://b.example'],
  keys: [
    key(0, 'old', null),
    key(0, 'new', null),
    key(0, 'ancient', '2026-01-01T00:00:00.000Z'),
    key(1, 'other', null),
  ],
  rotations: [
    {
      id: 'r-1',
      issuer: 0,
      alg: 'RS256',
      phase: 'published',
      old_kid: 'old',
      new_kid: 'new',
      old_key: 0,
      new_key: 1,
    },
  ],
};

function key(issuer: number, kid: string, withdrawn: string | null): FleetHead['keys'][number] {
  return {
    issuer,
    kid,
    thumbprint: 'x'.repeat(43),
    alg: 'RS256',
    published_at: '2026-01-01T00:00:00.000Z',
    withdrawn_at: withdrawn,
  };
}

export function standing(more: Partial<RowStanding> = {}): RowStanding {
  return {
    rotation: 'r-1',
    holdsNew: 'present',
    holdsNewSinceMs: 1_000,
    holdsOld: 'held',
    holdsOldSinceMs: 1_000,
    sufficient: true,
    ...more,
  };
}

export type RowOptions = Partial<Omit<VerifierRow, 'flags' | 'service' | 'name'>> & {
  readonly flags?: readonly (typeof ROW_FLAGS)[number][];
  readonly service?: string;
  readonly required?: boolean;
};

export function row(id: number, options: RowOptions = {}): VerifierRow {
  const { flags = ['reporting'], service = 'orders', required = true, ...more } = options;
  const instance = more.instance ?? `i-${id}`;
  return {
    id,
    name: `${service}/${instance}/main`,
    service: { name: service, kind: 'instrumented', declared: true, required, evidence: 'present' },
    instance,
    cache: 'main',
    profile: {
      id: 'jose',
      name: 'jose',
      refresh_s: 600,
      removed_key_accepted_s: 600,
      static_keys: false,
    },
    source: 'in_process',
    flags: flags.reduce((bits, flag) => bits | (1 << ROW_FLAGS.indexOf(flag)), 0),
    sinceMs: 1_000,
    sets: [set()],
    otherSets: 0,
    standings: [],
    failures: 0,
    reportedAtMs: 5_000,
    ...more,
  };
}

export function set(more: Partial<VerifierRow['sets'][number]> = {}): VerifierRow['sets'][number] {
  return {
    issuer: 0,
    keys: [0, 1],
    otherKeys: 0,
    failedFetches: 0,
    error: null,
    dataAtMs: 4_000,
    attemptAtMs: 4_000,
    ...more,
  };
}

export function held(of: VerifierRow): Held {
  return { row: of };
}
