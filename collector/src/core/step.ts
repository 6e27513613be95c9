import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import type { ProbeResult } from '@keyturn/shared/model/probe.ts';
import type { Ack, Assignment, Hello, Report } from '@keyturn/shared/model/report.ts';
import type { Verdict, Gate } from '@keyturn/shared/model/verdict.ts';
import type { Write } from './writes.ts';
import type { Act, ActResult } from './acts.ts';
import { noteDelivery } from './alerts/deliveries.ts';
import { forgetGivenUp, noticeGivenUp } from './alerts/given-up.ts';
import { forgetReceivers, noticeDelivered, noticeFailed } from './alerts/outbox.ts';
import { watchAlerts } from './alerts/watch.ts';
import { applyHello } from './admission.ts';
import { carryOut } from './carry-out.ts';
import { dismiss } from './departure.ts';
import { forgetCoverage, sweepSeries, watchSeries } from './detectors/watch-series.ts';
import { evaluateAll, evaluateGate, openRotationIds } from './evaluate.ts';
import { isReplaced } from './fleet.ts';
import { holdDownEndMs } from './initial.ts';
import { applySighting, forgetSightings } from './issuers.ts';
import { completeObserved, observeRotations } from './observed/follow.ts';
import { applyGoodbye, applyReport, expireLeases } from './reports.ts';
import { noteProof, noteStore } from './store-health.ts';
import { noteRejection } from './rejections.ts';
import { keepSecretLifetimes } from './secrets/secrets.ts';
import { endSession } from './sessions.ts';
import { applyProbeResult, orderProbe, type ProbeGrant, type ProbeOrder } from './probes/probes.ts';
import type { Sighting } from './sighting.ts';
import type { Now, State } from './state.ts';
import { noteBreaks } from './steadiness.ts';

/** Everything that can happen to the collector. */
export type Input =
  | { readonly type: 'hello'; readonly session: string; readonly hello: Hello }
  | {
      readonly type: 'report';
      readonly session: string;
      readonly verifier: VerifierId;
      readonly report: Report;
    }
  | {
      readonly type: 'goodbye';
      readonly session: string;
      readonly verifiers: readonly VerifierId[];
    }
  | { readonly type: 'session_ended'; readonly session: string }
  /** Something was turned away before it could be taken for a report; null: of nobody known. */
  | { readonly type: 'turned_away'; readonly service: string | null; readonly reason: string }
  /** Somebody has canaries at hand and asks whether this verifier may be probed now. */
  | ({ readonly type: 'probe' } & ProbeOrder)
  | {
      readonly type: 'probe_result';
      readonly session: string;
      readonly verifier: VerifierId;
      readonly result: ProbeResult;
    }
  | { readonly type: 'sighting'; readonly sighting: Sighting }
  | { readonly type: 'act'; readonly act: Act }
  | { readonly type: 'check'; readonly rotationId: string; readonly gate: Gate }
  /** The collector did not run, or its clock jumped, for longer than a lease: as after a start. */
  | { readonly type: 'paused' }
  /** Time passed: leases end, time rules are looked at again. */
  | { readonly type: 'tick' }
  /** Evaluate what reports and sightings have touched. */
  | { readonly type: 'settle' }
  | { readonly type: 'store_health'; readonly failing: boolean }
  /** Something was written and read back; `problem` empty when both succeeded. */
  | { readonly type: 'proof'; readonly problem: string }
  /** A receiver took a notice of the outbox. */
  | { readonly type: 'notice_delivered'; readonly id: string }
  /** A receiver did not, and is to be tried again after `retryInMs`. */
  | {
      readonly type: 'notice_failed';
      readonly id: string;
      readonly error: string;
      readonly retryInMs: number;
    }
  /** A receiver did not, and never will. */
  | { readonly type: 'notice_given_up'; readonly id: string; readonly error: string }
  /** What came of sending to a receiver is not what came of it before; `error` null: it arrived. */
  | { readonly type: 'delivery'; readonly receiver: string; readonly error: string | null };

/** What the caller is owed once the writes are committed. */
export type Reply =
  | { readonly type: 'none' }
  | { readonly type: 'assignments'; readonly assignments: readonly Assignment[] }
  | { readonly type: 'ack'; readonly ack: Ack }
  | { readonly type: 'probe'; readonly grant: ProbeGrant | undefined }
  /** `problem`: why the result does not count; empty when it does. */
  | { readonly type: 'probed'; readonly problem: string }
  | { readonly type: 'acted'; readonly result: ActResult }
  | { readonly type: 'verdict'; readonly verdict: Verdict | undefined };

export interface StepResult {
  readonly writes: readonly Write[];
  readonly reply: Reply;
}

/** A departed verifier's record is kept for display this long. */
const DEPARTED_KEPT_MS = 3_600_000;

/** While there is room: long enough for a weekly job to come back to what was counted of it. */
const DEPARTED_KEPT_WITH_ROOM_MS = 8 * 86_400_000;

/** A silent verifier whose service runs without it is forgotten after this long. */
const REPLACED_KEPT_MS = 86_400_000;

const SWEEP_EVERY_MS = 600_000;

const NONE: Reply = { type: 'none' };

/**
 * The one door into the core: takes one input at one moment, brings the state (which the caller owns
 * and hands over) to what follows from it, and says what to persist and what to answer. No clock, no
 * promise, no I/O.
 */
export function step(state: State, input: Input, now: Now): StepResult {
  const writes: Write[] = [];
  noteBreaks(state, input, now);
  const reply = replyTo(state, input, now, writes);
  return { writes, reply };
}

function replyTo(state: State, input: Input, now: Now, writes: Write[]): Reply {
  switch (input.type) {
    case 'hello':
      return {
        type: 'assignments',
        assignments: applyHello(state, input.session, input.hello, now, writes),
      };
    case 'report':
      return {
        type: 'ack',
        ack: applyReport(state, input.session, input.verifier, input.report, now, writes),
      };
    case 'goodbye':
      applyGoodbye(state, input.session, input.verifiers, now, writes);
      return NONE;
    case 'session_ended':
      endSession(state, input.session);
      return NONE;
    case 'turned_away':
      noteRejection(state, input.service ?? '', input.reason, now);
      return NONE;
    case 'probe':
      return { type: 'probe', grant: orderProbe(state, input, now) };
    case 'probe_result': {
      const { session, verifier, result } = input;
      const problem = applyProbeResult(state, session, verifier, result, now, writes);
      return { type: 'probed', problem: problem ?? '' };
    }
    case 'sighting':
      applySighting(state, input.sighting, now, writes);
      observeRotations(state, now, writes);
      return NONE;
    case 'act':
      // An act stands on a verdict, and a verdict on leases that are in force now.
      expireLeases(state, now);
      return { type: 'acted', result: carryOut(state, input.act, now, writes) };
    case 'check':
      return { type: 'verdict', verdict: check(state, input.rotationId, input.gate, now, writes) };
    case 'tick':
      tick(state, now, writes);
      return NONE;
    case 'settle':
      settle(state, now, writes);
      return NONE;
    case 'paused':
      state.health.startedAtMs = now.atMs;
      state.health.holdDownUntilMs = holdDownEndMs(state.policy, now);
      forgetSightings(state);
      state.recentUse.clear();
      state.steadySinceMs.clear();
      forgetCoverage(state);
      for (const id of openRotationIds(state)) state.unevaluated.add(id);
      settle(state, now, writes);
      return NONE;
    case 'store_health':
      noteStore(state, input.failing, now);
      return NONE;
    case 'proof':
      noteProof(state, input.problem, now);
      return NONE;
    case 'notice_delivered':
      noticeDelivered(state, input.id, writes);
      return NONE;
    case 'notice_failed':
      noticeFailed(state, input.id, input, now, writes);
      return NONE;
    case 'notice_given_up':
      noticeGivenUp(state, input.id, input.error, now, writes);
      return NONE;
    case 'delivery':
      noteDelivery(state, input.receiver, input.error, now);
      return NONE;
  }
}

function check(
  state: State,
  rotationId: string,
  gate: Gate,
  now: Now,
  writes: Write[],
): Verdict | undefined {
  const rotation = state.rotations.get(rotationId);
  if (rotation === undefined) return undefined;
  expireLeases(state, now);
  return evaluateGate(state, rotation, gate, now, writes);
}

function tick(state: State, now: Now, writes: Write[]): void {
  keepSecretLifetimes(state, writes);
  if (now.atMs - state.sweptAtMs >= SWEEP_EVERY_MS) sweep(state, now, writes);
  for (const id of openRotationIds(state)) state.unevaluated.add(id);
  expireLeases(state, now);
  watchSeries(state, now, writes);
  watchAlerts(state, now, writes);
  settle(state, now, writes);
}

function settle(state: State, now: Now, writes: Write[]): void {
  expireLeases(state, now);
  observeRotations(state, now, writes);
  const touched = [...state.unevaluated];
  state.unevaluated.clear();
  evaluateAll(state, touched, now, writes);
  completeObserved(state, now, writes);
}

function sweep(state: State, now: Now, writes: Write[]): void {
  state.sweptAtMs = now.atMs;
  sweepSeries(state, now, writes);
  forgetReceivers(state, writes);
  forgetGivenUp(state, now, writes);
  const hasRoom = state.fleet.verifiers.size * 2 <= state.policy.verifiersMax;
  const departedKeptMs = hasRoom ? DEPARTED_KEPT_WITH_ROOM_MS : DEPARTED_KEPT_MS;
  for (const verifier of state.fleet.verifiers.values()) {
    const departedAtMs = verifier.record.departedAtMs;
    const gone = departedAtMs !== null && now.atMs - departedAtMs > departedKeptMs;
    const replaced =
      verifier.liveness === 'silent' &&
      now.atMs - verifier.livenessSinceMs > REPLACED_KEPT_MS &&
      verifier.groups.every((group) => isReplaced(group, verifier));
    if (gone || replaced) dismiss(state, verifier.key, now, writes);
  }
}
