import { groupsOfIssuer } from '../core/fleet.ts';
import type { State } from '../core/state.ts';
import { noteHeard, TOKENS } from './token-bucket.ts';
import type { Tracks } from './tracks.ts';

/** Notes for every issuer how many of its verifiers are heard, and that somebody looked. */
export function watchHeard(
  state: Readonly<State>,
  tracks: Tracks,
  fromMs: number,
  nowMs: number,
): void {
  for (const issuer of state.policy.issuers.keys()) {
    const track = tracks.of(TOKENS, issuer);
    track.watch(fromMs, nowMs);
    if (fromMs >= nowMs) continue;
    const { known, reporting } = heardOf(state, issuer);
    noteHeard(track.at(nowMs - 1), reporting, known);
  }
}

function heardOf(
  { fleet }: Readonly<State>,
  issuer: string,
): { readonly known: number; readonly reporting: number } {
  let known = 0;
  let unheard = 0;
  for (const group of groupsOfIssuer(fleet, issuer)) {
    known += group.members.size;
    // Those that cannot count may be silent, too; what is taken off twice is a gap and no false zero.
    unheard += group.silent.size + group.joined.size + group.uncounted.size;
  }
  return { known, reporting: Math.max(0, known - unheard) };
}
