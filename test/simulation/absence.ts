import type { Chance } from './chance.ts';
import type { Anchor } from './fault-plan.ts';
import type { World } from './world.ts';

/** Nobody can read the JWKS for longer than the collector may look away: a quarter of an hour. */
export interface AbsencePlan {
  /** Who is away: the collector, or the JWKS itself. */
  readonly of: 'collector' | 'jwks';
  readonly anchor: Anchor;
  readonly afterMs: number;
  readonly forMs: number;
  /** Which origin serves its first document unseen, in [0, 1); null: none does. */
  readonly regresses: number | null;
}

/** What an origin does unseen is over so long before somebody looks again. */
const UNDONE_BEFORE_MS = 30_000;
/** Between two tries to go away, while the collector is down anyway. */
const RETRY_MS = 60_000;

export function absenceOf(chance: Chance): AbsencePlan | null {
  if (!chance.is(0.08)) return null;
  return {
    of: chance.is(0.7) ? 'collector' : 'jwks',
    anchor: chance.pick(['published', 'activated', 'retired']),
    afterMs: chance.wait(120_000),
    forMs: chance.between(1_000_000, 3_000_000),
    regresses: chance.is(0.8) ? chance.next() : null,
  };
}

/** Lets the collector, or the JWKS, be away when the plan says so. */
export function armAbsence(world: World): void {
  const { absence } = world.plan.turns;
  const before = world.onAnchor;
  if (absence === null) return;
  world.onAnchor = (anchor) => {
    before(anchor);
    if (anchor === absence.anchor)
      world.schedule.after(absence.afterMs, () => strike(world, absence));
  };
}

function strike(world: World, absence: AbsencePlan): void {
  const { schedule, story, issuer } = world;
  const { forMs } = absence;
  if (world.isOver) return;
  const minutes = `${Math.round(forMs / 60_000)} min`;
  world.faultUntil(schedule.nowMs + forMs);
  if (absence.of === 'jwks') {
    issuer.downUntilMs = Math.max(issuer.downUntilMs, schedule.nowMs + forMs);
    return story.tell('FAULT', `the JWKS endpoint answers 503 for ${minutes}`);
  }
  if (world.collector?.life.isAlive !== true) {
    schedule.after(RETRY_MS, () => strike(world, absence));
    return;
  }
  story.tell('FAULT', `the collector is away for ${minutes}`);
  world.crashCollector(forMs);
  if (absence.regresses !== null) regress(world, absence.regresses, forMs - UNDONE_BEFORE_MS);
}

function regress(world: World, which: number, forMs: number): void {
  const { issuer, schedule, story } = world;
  const origin = issuer.origins[Math.floor(which * issuer.origins.length)];
  if (origin === undefined) return;
  origin.old = issuer.first;
  world.lastRegressionMs = Math.max(world.lastRegressionMs, schedule.nowMs + forMs);
  story.tell('FAULT', 'an origin serves its first document, which nobody sees');
  schedule.after(forMs, () => {
    origin.old = null;
  });
}
