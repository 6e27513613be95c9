import { randomBytes } from 'node:crypto';
import type { Clock } from '@keyturn/shared/clock.ts';
import { type VerifierId, verifierKey } from '@keyturn/shared/model/ids.ts';
import { PROBE_LIMITS, type ProbeOrders } from '@keyturn/shared/model/probe.ts';
import { findVerifier } from '../core/fleet.ts';
import { isProbeDue, probeLostAtMs, probeWindow } from '../core/probes/pace.ts';
import type { Engine } from '../engine-port.ts';
import type { Canaries, HeldCanaries } from './canaries.ts';

/** A verifier whose agent can present tokens to it, and how to reach that agent. */
export interface ProbeLine {
  readonly session: string;
  readonly handle: number;
  readonly verifier: VerifierId;
  readonly send: (orders: ProbeOrders) => void;
}

/** Where sessions enlist the verifiers that can be probed; gives how to leave. */
export interface ProbeDesk {
  enlist(line: ProbeLine): () => void;
}

interface Sent {
  readonly line: ProbeLine;
  readonly rotationId: string;
  readonly sentAtMs: number;
}

const TICK_MS = 250;

/** Verifiers looked at in one tick; a larger fleet takes more ticks to go round. */
const LOOKED_AT_MAX = 5_000;

/**
 * Sends canaries out, a few verifiers a second, while the core says that they may go; takes them back
 * when it says so no longer. Which verifier may be probed now is the core's to decide, one by one.
 */
export class ProbeDispatcher implements ProbeDesk {
  readonly #engine: Engine;
  readonly #canaries: Pick<Canaries, 'all'>;
  readonly #clock: Clock;
  readonly #lines = new Map<string, ProbeLine>();
  readonly #sent = new Map<string, Sent>();
  /** When each rotation's next probe may go, for the pace of a second. */
  readonly #nextAtMs = new Map<string, number>();
  #round: Iterator<ProbeLine> | null = null;
  #stop: () => void;

  constructor(engine: Engine, canaries: Pick<Canaries, 'all'>, clock: Clock) {
    this.#engine = engine;
    this.#canaries = canaries;
    this.#clock = clock;
    this.#stop = clock.after(TICK_MS, () => this.#tick());
  }

  enlist(line: ProbeLine): () => void {
    const key = verifierKey(line.verifier);
    this.#lines.set(key, line);
    return () => {
      if (this.#lines.get(key) === line) this.#lines.delete(key);
    };
  }

  close(): void {
    this.#stop();
  }

  #tick(): void {
    this.#stop = this.#clock.after(TICK_MS, () => this.#tick());
    const nowMs = this.#engine.nowMs();
    for (const [id, { sentAtMs }] of this.#sent) {
      if (probeLostAtMs(sentAtMs) <= nowMs) this.#sent.delete(id);
    }
    const held = this.#canaries.all();
    const going = held.filter(({ rotationId }) => this.#perSecond(rotationId, nowMs) !== undefined);
    this.#withdrawAllBut(new Set(going.map(({ rotationId }) => rotationId)));
    for (const canaries of going) this.#sendSome(canaries, nowMs);
  }

  /** How many verifiers a second may be probed; undefined when none may now. */
  #perSecond(rotationId: string, nowMs: number): number | undefined {
    const state = this.#engine.state();
    const rotation = state.rotations.get(rotationId);
    if (rotation === undefined) return undefined;
    const window = probeWindow(state, rotation, { atMs: nowMs, earliestMs: nowMs });
    return window.open ? window.canary.perSecond : undefined;
  }

  #sendSome(canaries: HeldCanaries, nowMs: number): void {
    const perSecond = this.#perSecond(canaries.rotationId, nowMs) ?? 0;
    let nextAtMs = Math.max(this.#nextAtMs.get(canaries.rotationId) ?? 0, nowMs - TICK_MS);
    for (let looked = Math.min(LOOKED_AT_MAX, this.#lines.size); looked > 0; looked -= 1) {
      if (nextAtMs > nowMs) break;
      const line = this.#nextLine();
      if (line === undefined) break;
      if (!this.#isDue(line, canaries.rotationId, nowMs)) continue;
      nextAtMs += 1_000 / perSecond;
      void this.#probe(line, canaries);
    }
    this.#nextAtMs.set(canaries.rotationId, nextAtMs);
  }

  #nextLine(): ProbeLine | undefined {
    this.#round ??= this.#lines.values();
    const step = this.#round.next();
    if (step.done !== true) return step.value;
    this.#round = this.#lines.values();
    return this.#round.next().value;
  }

  /** Only to ask the engine less: it decides. */
  #isDue(line: ProbeLine, rotationId: string, nowMs: number): boolean {
    const state = this.#engine.state();
    const rotation = state.rotations.get(rotationId);
    const verifier = findVerifier(state.fleet, line.verifier);
    const canary = rotation && state.policy.issuers.get(rotation.issuer)?.canary;
    if (rotation === undefined || verifier === undefined || canary == null) return false;
    const now = { atMs: nowMs, earliestMs: nowMs };
    return isProbeDue(state, verifier, rotation, canary, now);
  }

  async #probe(line: ProbeLine, canaries: HeldCanaries): Promise<void> {
    const { session, verifier, handle } = line;
    const { rotationId, issuer } = canaries;
    const id = randomBytes(16).toString('hex');
    // One that cannot be recorded is not sent: the engine is stopping, or its store fails.
    const grant = await this.#engine
      .probe({ session, verifier, rotationId, probeId: id })
      .catch(() => undefined);
    if (grant === undefined) return;
    const leftMs = canaries.expiresAtMs - this.#engine.nowMs();
    const expiresInMs = Math.min(grant.expiresInMs, leftMs);
    if (expiresInMs <= 0) return;
    this.#sent.set(id, { line, rotationId, sentAtMs: this.#engine.nowMs() });
    const order = { id, handle, issuer, expiresInMs, apartMs: grant.apartMs };
    line.send({ probes: [{ ...order, canaries: canaries.canaries }], withdrawnIds: [] });
  }

  #withdrawAllBut(going: ReadonlySet<string>): void {
    const back = new Map<ProbeLine['send'], string[]>();
    for (const [id, { line, rotationId }] of this.#sent) {
      if (going.has(rotationId)) continue;
      this.#sent.delete(id);
      const ids = back.get(line.send);
      if (ids === undefined) back.set(line.send, [id]);
      else ids.push(id);
    }
    for (const rotationId of this.#nextAtMs.keys()) {
      if (!going.has(rotationId)) this.#nextAtMs.delete(rotationId);
    }
    for (const [send, ids] of back) {
      const withdrawnIds = ids.slice(0, PROBE_LIMITS.withdrawnPerMessage);
      send({ probes: [], withdrawnIds });
    }
  }
}
