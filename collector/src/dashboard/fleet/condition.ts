import type { FleetRowFlag } from '../../api/schemas/fleet-rows.ts';
import { hasFlag, type VerifierRow } from './verifier-row.ts';

/** What is the matter with a verifier, worst first; of several, the worst is named. */
export const CONDITIONS = [
  'failing_tokens',
  'silent',
  'lagging',
  'duplicate',
  'stale',
  'fetch_failing',
  'joined',
  'optional_lagging',
  'replaced',
  'synced',
  'reporting',
  'departed',
] as const;

export type Condition = (typeof CONDITIONS)[number];

/** How it is shown: `plain` says neither good nor bad. */
export type Tone = 'open' | 'closed' | 'unknown' | 'plain';

interface Wording {
  readonly word: string;
  readonly tone: Tone;
  readonly sentence: string;
}

export const WORDING: Readonly<Record<Condition, Wording>> = {
  failing_tokens: {
    word: 'failing tokens',
    tone: 'closed',
    sentence: 'It refused tokens in the last minute in a way that a key could have caused.',
  },
  silent: {
    word: 'silent',
    tone: 'unknown',
    sentence: 'It stopped reporting without a goodbye; nobody knows what it holds now.',
  },
  lagging: {
    word: 'lagging',
    tone: 'closed',
    sentence: 'What it shows of the new key is less than its service requires.',
  },
  duplicate: {
    word: 'two under one name',
    tone: 'unknown',
    sentence: 'Two processes report under this name, and only one of them is heard.',
  },
  stale: {
    word: 'stale keys',
    tone: 'closed',
    sentence: 'It decides with keys older than its kind ever keeps them.',
  },
  fetch_failing: {
    word: 'fetch failing',
    tone: 'closed',
    sentence: 'Its last fetch of the key set failed; it goes on with the keys it has.',
  },
  joined: {
    word: 'not heard yet',
    tone: 'unknown',
    sentence: 'It said hello and has not reported yet.',
  },
  optional_lagging: {
    word: 'lagging, not required',
    tone: 'closed',
    sentence:
      'It lacks the new key, and its service is not required: it is listed and never blocks.',
  },
  replaced: {
    word: 'silent, replaced',
    tone: 'unknown',
    sentence:
      'It is silent, and its service shows its declared number of others: it does not block.',
  },
  synced: {
    word: 'synced',
    tone: 'open',
    sentence: 'It shows what its service requires of the new key.',
  },
  reporting: {
    word: 'reporting',
    tone: 'plain',
    sentence: 'It reports, and no open rotation concerns it.',
  },
  departed: { word: 'stopped', tone: 'plain', sentence: 'It said goodbye and blocks nothing.' },
};

/** What there is to go by. */
export interface ConditionFacts {
  readonly has: (flag: FleetRowFlag) => boolean;
  /** Of the last minute, those that a key could have caused. */
  readonly failures: number;
  readonly required: boolean;
}

/** The worst that is the matter. */
export function worstCondition({ has, failures, required }: ConditionFacts): Condition {
  if (has('departed')) return 'departed';
  if (failures > 0) return 'failing_tokens';
  if (has('silent')) return has('replaced') ? 'replaced' : 'silent';
  if (has('lagging') && required) return 'lagging';
  if (has('duplicate')) return 'duplicate';
  if (has('stale')) return 'stale';
  if (has('failing')) return 'fetch_failing';
  if (has('joined')) return 'joined';
  if (has('lagging')) return 'optional_lagging';
  return has('synced') ? 'synced' : 'reporting';
}

/** The worst that is the matter with a verifier. */
export function conditionOf(row: VerifierRow): Condition {
  return worstCondition({
    has: (flag) => hasFlag(row, flag),
    failures: row.failures,
    required: row.service.required,
  });
}

/** 0: the worst. */
export function rankOf(row: VerifierRow): number {
  return RANKS[conditionOf(row)];
}

const RANKS = Object.fromEntries(CONDITIONS.map((condition, at) => [condition, at])) as Readonly<
  Record<Condition, number>
>;

/** When what is the matter began, Unix ms; null: not known. */
export function conditionSinceMs(row: VerifierRow): number | null {
  switch (conditionOf(row)) {
    case 'lagging':
    case 'optional_lagging': {
      const lacking = row.standings.filter(({ sufficient }) => !sufficient);
      return lacking.length === 0
        ? row.sinceMs
        : Math.min(...lacking.map(({ holdsNewSinceMs }) => holdsNewSinceMs));
    }
    case 'synced':
      return Math.max(...row.standings.map(({ holdsNewSinceMs }) => holdsNewSinceMs), 0);
    case 'failing_tokens':
    case 'duplicate':
    case 'stale':
    case 'fetch_failing':
      return null;
    case 'silent':
    case 'joined':
    case 'replaced':
    case 'reporting':
    case 'departed':
      return row.sinceMs;
  }
}
