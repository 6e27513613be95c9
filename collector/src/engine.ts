import type { Span } from '@opentelemetry/api';
import type { Clock } from '@keyturn/shared/clock.ts';
import { messageOf } from '@keyturn/shared/errors.ts';
import type { Ack, Welcome } from '@keyturn/shared/model/report.ts';
import type { Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import type { ActResult } from './core/acts.ts';
import { blastRadius } from './core/blast-radius.ts';
import { containmentOf } from './core/containment.ts';
import { initialState } from './core/initial.ts';
import { leaseMs, type Policy } from './core/policy.ts';
import type { Now, State } from './core/state.ts';
import { type Input, type Reply, step } from './core/step.ts';
import { type CommitEvents, Commits } from './commits.ts';
import { settingsOf } from './agent-settings.ts';
import type { Engine } from './engine-port.ts';
import { STORE_UNAVAILABLE, stopping } from './engine-refusals.ts';
import { evidenceWitness } from './evidence-witness.ts';
import { EngineReaders } from './engine-readers.ts';
import { PendingWrites } from './pending-writes.ts';
import { PROVE_EVERY_MS, readBackProblem } from './prove-store.ts';
import { policySha256 } from './policy-digest.ts';
import { latestMomentMs, type SteadyTime, steadyTime } from './steady-time.ts';
import type { Store } from './store/store.ts';
import { activeSpan } from './telemetry/spans.ts';

/** What the engine tells of itself; one call per event. */
export interface EngineEvents extends CommitEvents {
  storeFailing(message: string): void;
  storeRecovered(): void;
}

export interface EngineOptions {
  readonly policy: Policy;
  readonly store: Store;
  readonly clock: Clock;
  readonly events: EngineEvents;
  /** How long inputs gather before they are committed together, milliseconds. */
  readonly gatherMs?: number;
  readonly tickMs?: number;
}

/** An engine with a lifetime: ticking from its making until `close`. */
export interface RunningEngine extends Engine {
  /** Commits what is pending and stops. The store stays open. */
  close(): void;
}

/** Inputs taken in one turn of the event loop, to the end of a caller's batch; the rest waits. */
const TURN_INPUTS = 1_000;

/** Evaluating gates costs the number of services, so bursts of reports are evaluated together. */
const SETTLE_EVERY_MS = 100;

const RETRY_STORE_MS = 1_000;

interface Job {
  readonly inputs: readonly Input[];
  /** What waits for it, where that is traced. */
  readonly caller: Span | undefined;
  resolve(replies: readonly Reply[]): void;
  reject(error: unknown): void;
}

/**
 * The one writer: gathers inputs, runs each through `step`, commits what they changed in one
 * transaction, and only then answers. A commit that fails loses nothing: the writes stay pending and
 * every gate says unknown until they are through.
 */
export function createEngine(options: EngineOptions): RunningEngine {
  const { policy, store, clock, events, gatherMs = 2 } = options;
  const persisted = store.load();
  const time: SteadyTime = steadyTime(clock, latestMomentMs(persisted));
  const state: State = initialState(policy, persisted, time.now(), policySha256(policy));
  const queue: Job[] = [];
  const pending = new PendingWrites();
  const commits = new Commits(store, clock, events);
  const readers = new EngineReaders(state, () => settingsOf(state, time.now()));
  let scheduled: (() => void) | null = null;
  let settledAtMs = 0;
  let provenAtMs = 0;
  /** When the store refused last, by the monotonic clock. */
  let refusedAtMs = Number.NEGATIVE_INFINITY;
  let closed = false;
  let lastSeen = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };

  /** The moment, after noting whether this process stood still or its wall clock jumped. */
  function present(): Now {
    const seen = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    const ranMs = seen.monotonicMs - lastSeen.monotonicMs;
    // A machine that slept shows as time that only the wall clock has.
    const sleptMs = seen.wallMs - lastSeen.wallMs - ranMs;
    lastSeen = seen;
    const now = time.now();
    // Leases end by themselves while time runs, but reports that waited in a socket look fresh.
    if (sleptMs > lease || ranMs > 2 * lease + tickMs) take({ type: 'paused' }, now);
    return now;
  }

  function take(input: Input, now: Now): Reply {
    const { writes, reply } = step(state, input, now);
    for (const write of writes) {
      pending.add(write);
      if (write.kind === 'evidence') {
        pending.add({ kind: 'audit', record: evidenceWitness(write.record) });
      }
    }
    return reply;
  }

  function commit(now: Now, callers: readonly Span[] = []): unknown {
    if (pending.size === 0) return undefined;
    const error = commits.commit(pending.all, now.atMs, callers);
    if (error !== undefined) {
      refusedAtMs = clock.monotonicMs();
      if (state.health.storeFailingSinceMs === null) events.storeFailing(messageOf(error));
      take({ type: 'store_health', failing: true }, now);
      take({ type: 'settle' }, now);
      return error;
    }
    pending.committed(now.atMs);
    if (state.health.storeFailingSinceMs !== null) {
      events.storeRecovered();
      take({ type: 'store_health', failing: false }, now);
    }
    return undefined;
  }

  function flush(): void {
    scheduled = null;
    if (closed) return;
    const now = present();
    const jobs = nextTurn();
    const replies = jobs.map((job) => job.inputs.map((input) => take(input, now)));
    if (state.unevaluated.size > 0 && now.atMs - settledAtMs >= SETTLE_EVERY_MS) {
      settledAtMs = now.atMs;
      take({ type: 'settle' }, now);
    }
    const callers = jobs.flatMap((job) => job.caller ?? []);
    const failure = commit(now, callers);
    for (const [at, job] of jobs.entries()) {
      const reply = replies[at];
      if (failure !== undefined || reply === undefined) job.reject(failure);
      else job.resolve(reply);
    }
    readers.tell();
    if (queue.length > 0) schedule(0);
    else if (state.health.storeFailingSinceMs !== null) schedule(RETRY_STORE_MS);
    else if (pending.size > 0 || state.unevaluated.size > 0) schedule(SETTLE_EVERY_MS);
  }

  function nextTurn(): Job[] {
    let inputs = 0;
    let taken = 0;
    while (taken < queue.length && inputs < TURN_INPUTS) {
      inputs += queue[taken]?.inputs.length ?? 0;
      taken += 1;
    }
    return queue.splice(0, taken);
  }

  function schedule(delayMs: number): void {
    if (!closed) scheduled ??= clock.after(delayMs, flush);
  }

  async function submit(input: Input): Promise<Reply> {
    return (await submitAll([input]))[0] ?? { type: 'none' };
  }

  function submitAll(inputs: readonly Input[]): Promise<readonly Reply[]> {
    return new Promise((resolve, reject) => {
      if (closed) {
        reject(stopping());
        return;
      }
      queue.push({ inputs, caller: activeSpan(), resolve, reject });
      if (queue.length === 1 && scheduled !== null) {
        // A slow retry or settle is pending: new work must not wait for it.
        scheduled();
        scheduled = null;
      }
      schedule(gatherMs);
    });
  }

  /** Writes the moment down and reads it again; a proof that fails is tried again with each tick. */
  function prove(now: Now): void {
    if (now.atMs - provenAtMs < PROVE_EVERY_MS) return;
    const record = { epochFloor: state.epochFloor, lastNowMs: now.atMs };
    pending.add({ kind: 'meta', record });
    const failure = commit(now);
    const problem = failure === undefined ? readBackProblem(store, record) : messageOf(failure);
    if (problem === '') provenAtMs = now.atMs;
    take({ type: 'proof', problem }, now);
  }

  function tick(): void {
    if (closed) return;
    const now = present();
    prove(now);
    take({ type: 'tick' }, now);
    settledAtMs = now.atMs;
    commit(now);
    readers.tell();
    stopTicking = clock.after(tickMs, tick);
  }

  const tickMs = options.tickMs ?? Math.min(1_000, policy.heartbeatMs);
  const lease = leaseMs(policy);
  let stopTicking = clock.after(tickMs, tick);

  const engine: RunningEngine = {
    async hello(session, hello): Promise<Welcome> {
      const reply = await submit({ type: 'hello', session, hello });
      const assignments = reply.type === 'assignments' ? reply.assignments : [];
      return { assignments, settings: engine.settings() };
    },
    async report(session, reports): Promise<readonly Ack[]> {
      const replies = await submitAll(
        reports.map(({ verifier, report }) => ({ type: 'report', session, verifier, report })),
      );
      return replies.flatMap((reply) => (reply.type === 'ack' ? [reply.ack] : []));
    },
    async goodbye(session, verifiers) {
      await submit({ type: 'goodbye', session, verifiers });
    },
    sessionEnded(session) {
      take({ type: 'session_ended', session }, present());
    },
    turnedAway(service, reason) {
      take({ type: 'turned_away', service, reason }, present());
    },
    async sighting(sighting) {
      await submit({ type: 'sighting', sighting });
    },
    async act(act): Promise<ActResult> {
      if (state.health.storeFailingSinceMs !== null) return STORE_UNAVAILABLE;
      const reply = await submit({ type: 'act', act });
      return reply.type === 'acted' ? reply.result : STORE_UNAVAILABLE;
    },
    async probe(order) {
      const reply = await submit({ type: 'probe', ...order });
      return reply.type === 'probe' ? reply.grant : undefined;
    },
    async probeResult(session, verifier, result) {
      const reply = await submit({ type: 'probe_result', session, verifier, result });
      return reply.type === 'probed' ? reply.problem : '';
    },
    checkGate(rotationId, gate): Verdict | undefined {
      const verdict = checkNow(rotationId, gate);
      // All that waits is written with each try: a page with many gates would try nothing else.
      if (isRefusing()) {
        schedule(RETRY_STORE_MS);
        return verdict;
      }
      // A decision somebody acts on must be on record first; without it the answer is unknown.
      if (pending.size > 0 && commit(present()) !== undefined) {
        schedule(RETRY_STORE_MS);
        return checkNow(rotationId, gate);
      }
      if (state.changed.size > 0) schedule(0);
      return verdict;
    },
    blastRadius(rotationId) {
      const rotation = state.rotations.get(rotationId);
      return rotation === undefined ? undefined : blastRadius(state, rotation, present());
    },
    containment(rotationId) {
      // The gate is asked first: it ends leases that are over.
      if (checkNow(rotationId, 'purge') === undefined) return undefined;
      const rotation = state.rotations.get(rotationId);
      return rotation === undefined ? undefined : containmentOf(state, rotation, present());
    },
    settings: () => settingsOf(state, time.now()),
    state: () => state,
    nowMs: () => time.now().atMs,
    audit: (query) => store.audit(query),
    evidence: (rotationId, number) => store.evidence(rotationId, number),
    auditHead: () => store.auditHead(),
    verifyAudit: () => store.verifyAudit(),
    onChange: (listener) => readers.onChange(listener),
    async noticeDelivered(id) {
      await submit({ type: 'notice_delivered', id });
    },
    async noticeFailed(id, error, retryInMs) {
      await submit({ type: 'notice_failed', id, error, retryInMs });
    },
    async noticeGivenUp(id, error) {
      await submit({ type: 'notice_given_up', id, error });
    },
    async delivery(receiver, error) {
      await submit({ type: 'delivery', receiver, error });
    },
    onNews: (listener) => readers.onNews(listener),
    onSettings: (listener) => readers.onSettings(listener),
    close() {
      if (closed) return;
      scheduled?.();
      flush();
      closed = true;
      scheduled?.();
      stopTicking();
      for (const job of queue.splice(0)) job.reject(stopping());
    },
  };

  /** The store refused a moment ago: what waits is tried again by itself, and gates say unknown. */
  function isRefusing(): boolean {
    return (
      state.health.storeFailingSinceMs !== null &&
      clock.monotonicMs() - refusedAtMs < RETRY_STORE_MS
    );
  }

  function checkNow(rotationId: string, gate: Gate): Verdict | undefined {
    const reply = take({ type: 'check', rotationId, gate }, present());
    return reply.type === 'verdict' ? reply.verdict : undefined;
  }

  return engine;
}
