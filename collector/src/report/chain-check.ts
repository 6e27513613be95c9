import type { Clock } from '@keyturn/shared/clock.ts';
import type { Engine } from '../engine-port.ts';
import type { ChainState } from './report-facts.ts';

/** A longer trail takes seconds to hash, in which no report is taken in. */
const ENTRIES_MAX = 200_000;

/** One look serves every report of this long. */
const LOOK_EVERY_MS = 60_000;

/** Says whether the audit trail holds from end to end, looking again at most once a minute. */
export function chainCheck(engine: Engine, clock: Clock): () => ChainState {
  let latest: { readonly atMs: number; readonly state: ChainState } | null = null;
  return () => {
    const atMs = clock.monotonicMs();
    if (latest === null || atMs - latest.atMs >= LOOK_EVERY_MS) {
      latest = { atMs, state: look(engine) };
    }
    return latest.state;
  };
}

function look(engine: Engine): ChainState {
  if (engine.auditHead().number > ENTRIES_MAX) return { intact: null, firstBroken: null };
  const firstBroken = engine.verifyAudit();
  return { intact: firstBroken === null, firstBroken };
}
