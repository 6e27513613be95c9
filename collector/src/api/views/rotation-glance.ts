import { type Gate, GATES } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../../core/records.ts';
import { NEXT_GATE, phaseOf } from '../../core/rotation.ts';
import type { GateMemo, State } from '../../core/state.ts';
import type { Engine } from '../../engine-port.ts';
import { isoMoment } from '../../iso-moment.ts';
import type { GateGlanceView, NextGateView, RotationGlanceView } from '../schemas/glance.ts';
import type { RotationReferenceView } from '../schemas/live-alerts.ts';
import type { VerdictView } from '../schemas/verdict.ts';
import { algsOf } from './algs.ts';
import { gateView, verdictNow } from './gate.ts';
import { reasonsOf } from './verdict.ts';

const FINDINGS_SHOWN_MAX = 3;

/** What a verdict says without a new revision, such as counts, is looked at again after this long. */
const KEPT_MS = 5_000;

/** Verdicts kept; as many as there may be open rotations on a page, several times over. */
const KEPT_MAX = 1_000;

/** How many are made again in one second for their age alone; the rest has its turn in the next. */
const AGED_PER_SECOND = 10;

/** The engine is asked for one at least this often: it notices then whether this process stood still. */
const ASKED_EVERY_MS = 500;

/** Open rotations on cards. */
export interface RotationGlances {
  /** What a gate said at the engine's last look; what says nothing of its status may be older. */
  verdict(rotationId: string, gate: Gate): VerdictView;
  glance(rotation: RotationRecord): RotationGlanceView;
}

interface Kept {
  readonly verdict: VerdictView;
  readonly madeAtMs: number;
}

/**
 * Cards of rotations, cheap to make each second: how gates stand is what the engine found at its last
 * look, a moment ago, and a verdict is made again only when that says that it changed.
 */
export function rotationGlances(engine: Engine): RotationGlances {
  const kept = new Map<string, Kept>();
  const aged = { inS: 0, made: 0 };
  let askedAtMs = Number.NEGATIVE_INFINITY;

  /** All that were made together would be made again together. */
  function isTurnOf(madeAtMs: number, nowMs: number): boolean {
    if (nowMs - madeAtMs < KEPT_MS) return false;
    const inS = Math.floor(nowMs / 1_000);
    if (aged.inS !== inS) Object.assign(aged, { inS, made: 0 });
    if (aged.made >= AGED_PER_SECOND) return false;
    aged.made += 1;
    return true;
  }

  function verdictOf(rotationId: string, gate: Gate): VerdictView {
    const key = `${rotationId} ${gate}`;
    const known = kept.get(key);
    const memo = memoOf(engine.state(), rotationId, gate);
    const nowMs = engine.nowMs();
    const isSame = known !== undefined && memo?.revision === known.verdict.revision;
    const isHeard = nowMs - askedAtMs < ASKED_EVERY_MS;
    if (isSame && isHeard && !isTurnOf(known.madeAtMs, nowMs)) return known.verdict;
    askedAtMs = nowMs;
    const verdict = gateView(engine, verdictNow(engine, rotationId, gate));
    kept.delete(key);
    kept.set(key, { verdict, madeAtMs: nowMs });
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT_MAX) break;
      kept.delete(oldest);
    }
    return verdict;
  }

  return {
    verdict: verdictOf,
    glance(rotation) {
      // First, for it may change what was said of the others.
      const { advised } = verdictOf(rotation.id, 'rollback');
      const state = engine.state();
      const phase = phaseOf(state, rotation);
      const next = NEXT_GATE[phase];
      const gates = GATES.map((gate): GateGlanceView => {
        const memo = memoOf(state, rotation.id, gate);
        const { status } = memo ?? verdictOf(rotation.id, gate);
        // Going back is advised or not at any status.
        return { gate, status, advised: gate === 'rollback' && advised };
      });
      return {
        ...factsOf(rotation),
        phase,
        gates,
        next: next === null ? null : nextGate(verdictOf(rotation.id, next)),
      };
    },
  };
}

/** A rotation by name. */
export function rotationReference(rotation: RotationRecord): RotationReferenceView {
  return {
    id: rotation.id,
    issuer: rotation.issuer,
    old_kid: rotation.oldKid,
    new_kid: rotation.newKid,
    open: rotation.endedAtMs === null,
  };
}

function memoOf(state: Readonly<State>, rotationId: string, gate: Gate): GateMemo | undefined {
  return state.gates.get(rotationId)?.get(gate);
}

function factsOf(rotation: RotationRecord): Omit<RotationGlanceView, 'phase' | 'gates' | 'next'> {
  return {
    id: rotation.id,
    issuer: rotation.issuer,
    algs: algsOf({ alg: rotation.alg, old_alg: rotation.oldAlg }),
    key_kind: rotation.keyKind,
    old_kid: rotation.oldKid,
    new_kid: rotation.newKid,
    origin: rotation.origin,
    tainted: rotation.tainted,
    started_at: isoMoment(rotation.startedAtMs),
    started_by: rotation.startedBy,
    findings: rotation.findings.slice(-FINDINGS_SHOWN_MAX).map(({ message }) => message),
  };
}

function nextGate(verdict: VerdictView): NextGateView {
  const [first, ...others] = reasonsOf(verdict.checks);
  return {
    gate: verdict.gate,
    status: verdict.status,
    reason: verdict.ready ? '' : (first?.message ?? 'no reason was given'),
    more_reasons: others.length,
    help: first?.help ?? '',
    satisfied: verdict.counts?.satisfied ?? null,
    expected: verdict.counts?.expected ?? null,
    clears_at: verdict.clears_at,
    open_since_at: verdict.open_since_at,
  };
}
