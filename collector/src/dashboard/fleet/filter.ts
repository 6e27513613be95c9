import type { FleetRowFlag } from '../../api/schemas/fleet-rows.ts';
import { conditionOf, CONDITIONS, type Condition } from './condition.ts';
import { type Holding, holdingOf } from './holding.ts';
import { type FleetHead, hasFlag, ROW_FLAGS, type VerifierRow } from './verifier-row.ts';

/** Which verifiers to show; empty or null: any. */
export interface FleetFilter {
  /** Words, each somewhere in the name, profile or last error. */
  readonly text: string;
  /** What is worst about it, or a state it is in whatever else is the matter. */
  readonly state: Condition | FleetRowFlag | null;
  readonly service: string | null;
  readonly issuer: string | null;
  readonly rotation: string | null;
  /** With `issuer`: whether it holds the key of this kid. */
  readonly kid: string | null;
  readonly holds: Holding | null;
}

export const NO_FILTER: FleetFilter = {
  text: '',
  state: null,
  service: null,
  issuer: null,
  rotation: null,
  kid: null,
  holds: null,
};

/** Every word is looked for in every row: longer than any name and error is nothing anybody types. */
export const TEXT_CHARS_MAX = 200;

const HOLDINGS: readonly string[] = ['yes', 'no', 'unknown'] satisfies Holding[];
const STATES: ReadonlySet<string> = new Set<string>([...CONDITIONS, ...ROW_FLAGS]);

/** The filter an address asks for; what it cannot mean is left out. */
export function filterFrom(query: URLSearchParams): FleetFilter {
  const state = query.get('state');
  const holds = query.get('holds');
  return {
    text: (query.get('q') ?? '').slice(0, TEXT_CHARS_MAX),
    state: state !== null && STATES.has(state) ? (state as FleetFilter['state']) : null,
    service: query.get('service'),
    issuer: query.get('issuer'),
    rotation: query.get('rotation'),
    kid: query.get('kid'),
    holds: holds !== null && HOLDINGS.includes(holds) ? (holds as Holding) : null,
  };
}

/** The address of the table with a filter. */
export function filterQuery(filter: Partial<FleetFilter>): string {
  const query = new URLSearchParams();
  const { text, ...others } = filter;
  if (text !== undefined && text !== '') query.set('q', text);
  for (const [name, value] of Object.entries(others)) {
    if (value !== null && value !== undefined) query.set(name, value);
  }
  return query.toString();
}

/** Whether a row is one of those asked for. */
export function matcher(filter: FleetFilter, head: FleetHead): (row: VerifierRow) => boolean {
  const words = filter.text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const issuer = filter.issuer === null ? null : head.issuers.indexOf(filter.issuer);
  const keys = keysOf(filter, head);
  return (row) =>
    (filter.service === null || row.service.name === filter.service) &&
    (filter.state === null || isIn(row, filter.state)) &&
    (filter.rotation === null || row.standings.some((one) => one.rotation === filter.rotation)) &&
    (issuer === null || row.sets.some((set) => set.issuer === issuer)) &&
    (keys === null || keys.some((key) => holdingOf(row, key, head) === filter.holds)) &&
    words.every((word) => searchText(row).includes(word));
}

function keysOf({ kid, holds, issuer }: FleetFilter, head: FleetHead): readonly number[] | null {
  if (kid === null || holds === null) return null;
  const found: number[] = [];
  for (const [at, key] of head.keys.entries()) {
    if (key.kid === kid && (issuer === null || head.issuers[key.issuer] === issuer)) found.push(at);
  }
  return found;
}

function isIn(row: VerifierRow, state: NonNullable<FleetFilter['state']>): boolean {
  return conditionOf(row) === state || (isFlag(state) && hasFlag(row, state));
}

function isFlag(state: string): state is FleetRowFlag {
  return (ROW_FLAGS as readonly string[]).includes(state);
}

function searchText(row: VerifierRow): string {
  const errors = row.sets.map(({ error }) => error ?? '').join(' ');
  return `${row.name} ${row.profile.id} ${row.profile.name} ${errors}`.toLowerCase();
}
