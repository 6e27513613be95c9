import type { Verifier } from '../../core/fleet.ts';
import type { State } from '../../core/state.ts';
import type { VerifierState } from '../schemas/fleet.ts';
import { statesOf } from './verifier.ts';

/** Which verifiers to list, and from where. */
export interface VerifierQuery {
  readonly service: string | undefined;
  readonly state: VerifierState | undefined;
  readonly rotationId: string | undefined;
  /** `service/instance/cache`: list those after it. */
  readonly after: string | undefined;
  readonly limit: number;
}

export interface VerifierPage {
  readonly verifiers: readonly Verifier[];
  /** Pass as `after` for the next page; null on the last. */
  readonly next: string | null;
}

/** One page of the matching verifiers in the order of their names. */
export function verifierPage(state: Readonly<State>, query: VerifierQuery): VerifierPage {
  const wanted = query.limit + 1;
  let first: Verifier[] = [];
  let bound: string | null = null;
  for (const verifier of state.fleet.verifiers.values()) {
    if (bound !== null && verifier.key > bound) continue;
    if (query.after !== undefined && verifier.key <= query.after) continue;
    if (!matches(state, verifier, query)) continue;
    first.push(verifier);
    // Sorted now and then instead of all at once: the fleet can be a hundred times the page.
    if (first.length >= wanted * 2) {
      first = byName(first).slice(0, wanted);
      bound = first.at(-1)?.key ?? null;
    }
  }
  const page = byName(first);
  const verifiers = page.slice(0, query.limit);
  return { verifiers, next: page.length > query.limit ? (verifiers.at(-1)?.key ?? null) : null };
}

function matches(state: Readonly<State>, verifier: Verifier, query: VerifierQuery): boolean {
  if (query.service !== undefined && verifier.record.id.service !== query.service) return false;
  if (query.rotationId !== undefined && !verifier.standings.has(query.rotationId)) return false;
  if (query.state === undefined) return true;
  return statesOf(state.policy, verifier, query.rotationId ?? null).has(query.state);
}

function byName(verifiers: Verifier[]): Verifier[] {
  return verifiers.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}
