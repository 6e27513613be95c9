import type { Clock } from '@keyturn/shared/clock.ts';
import type { Canary } from '@keyturn/shared/model/probe.ts';
import type { ActResult } from '../core/acts.ts';
import type { RotationRecord } from '../core/records.ts';
import { newKeyRecord, oldKeyRecord } from '../core/rotation.ts';
import type { Engine } from '../engine-port.ts';
import { spoiled } from './bogus.ts';
import { type CanaryCheck, type CanaryProblem, checkCanary } from './check-canary.ts';
import type { PublishedKeys } from './published-keys.ts';

/** What tooling hands over. */
export interface HandOver {
  readonly rotationId: string;
  readonly next: string;
  readonly current: string;
  readonly by: string;
}

/** Canaries at hand for one rotation. */
export interface HeldCanaries {
  readonly rotationId: string;
  readonly issuer: string;
  /** In the order they are presented. */
  readonly canaries: readonly Canary[];
  readonly by: string;
  readonly expiresAtMs: number;
}

/** What became of a handing over. */
export type HandOverResult =
  | { readonly ok: true; readonly held: HeldCanaries }
  | { readonly ok: false; readonly result: Extract<ActResult, { ok: false }> };

/**
 * Checks and keeps canary tokens. They are in this object and nowhere else: not in the store, the
 * audit trail or a log. They go when they expire, with the rotation, and with the process.
 */
export class Canaries {
  readonly #engine: Engine;
  readonly #keys: PublishedKeys;
  readonly #clock: Clock;
  readonly #held = new Map<string, { readonly canaries: HeldCanaries; drop(): void }>();

  constructor(engine: Engine, keys: PublishedKeys, clock: Clock) {
    this.#engine = engine;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Takes both tokens or none; audited either way. */
  async handOver(given: HandOver): Promise<HandOverResult> {
    const { rotationId, by } = given;
    const rotation = this.#engine.state().rotations.get(rotationId);
    const checked = rotation === undefined ? null : await this.#check(rotation, given);
    const problem = checked !== null && !checked.ok ? checked : null;
    const result = await this.#engine.act({
      type: 'hand_over_canaries',
      by,
      rotationId,
      expiresAtMs: checked?.ok === true ? checked.expiresAtMs : null,
      problem: problem && { field: problem.field, message: `expected ${problem.expected}` },
    });
    if (!result.ok) return { ok: false, result: withWhatCame(result, problem) };
    if (rotation === undefined || checked?.ok !== true) throw new Error('taken unchecked');
    const held: HeldCanaries = {
      rotationId,
      issuer: rotation.issuer,
      canaries: [
        { role: 'next', token: given.next },
        { role: 'current', token: given.current },
        { role: 'bogus', token: spoiled(given.next, checked.alg) },
      ],
      by,
      expiresAtMs: checked.expiresAtMs,
    };
    this.#keep(held);
    return { ok: true, held };
  }

  /** Undefined when there are none that can be presented now. */
  of(rotationId: string): HeldCanaries | undefined {
    const held = this.#held.get(rotationId)?.canaries;
    return held !== undefined && this.#isOver(held) ? undefined : held;
  }

  /** All that can be presented now. */
  all(): readonly HeldCanaries[] {
    for (const [rotationId, { canaries }] of this.#held) {
      if (this.#isOver(canaries)) this.#drop(rotationId);
    }
    return [...this.#held.values()].map(({ canaries }) => canaries);
  }

  /** Forgets every token. */
  close(): void {
    for (const rotationId of this.#held.keys()) this.#drop(rotationId);
  }

  async #check(
    rotation: RotationRecord,
    given: HandOver,
  ): Promise<
    { readonly ok: true; readonly expiresAtMs: number; readonly alg: string } | CanaryProblem
  > {
    const state = this.#engine.state();
    const newKey = newKeyRecord(state, rotation)?.key;
    const oldKey = oldKeyRecord(state, rotation)?.key;
    const newAlg = algOf(newKey?.alg, rotation.alg);
    const next = await this.#checkOne(rotation, 'next', given.next, newKey, newAlg);
    if (!next.ok) return next;
    const oldAlg = algOf(oldKey?.alg, rotation.alg);
    const current = await this.#checkOne(rotation, 'current', given.current, oldKey, oldAlg);
    if (!current.ok) return current;
    const expiresAtMs = Math.min(next.expiresAtMs, current.expiresAtMs);
    return { ok: true, expiresAtMs, alg: newAlg };
  }

  async #checkOne(
    rotation: RotationRecord,
    role: 'next' | 'current',
    token: string,
    key: { readonly kid: string; readonly thumbprint: string } | undefined,
    alg: string,
  ): Promise<CanaryCheck> {
    const policy = this.#engine.state().policy.issuers.get(rotation.issuer);
    // The act says what is wrong then.
    if (policy?.canary == null) return { ok: true, expiresAtMs: 0 };
    const jwk = key && this.#keys.find(rotation.issuer, key);
    if (key === undefined || jwk === undefined) {
      const kid = role === 'next' ? rotation.newKid : rotation.oldKid;
      const expected = `a token of a key the collector sees in the JWKS, as ${kid} must be first`;
      return { ok: false, field: role, expected, got: 'a token of one it does not see' };
    }
    return checkCanary(token, {
      role,
      issuer: rotation.issuer,
      audience: policy.canary.audience,
      maxLifetimeMs: policy.canary.maxLifetimeMs,
      key,
      alg,
      jwk,
      nowMs: this.#engine.nowMs(),
      skewMs: policy.skewMs,
    });
  }

  #keep(canaries: HeldCanaries): void {
    this.#drop(canaries.rotationId);
    const leftMs = Math.max(0, canaries.expiresAtMs - this.#engine.nowMs());
    const cancel = this.#clock.after(leftMs, () => this.#drop(canaries.rotationId));
    this.#held.set(canaries.rotationId, { canaries, drop: cancel });
  }

  #drop(rotationId: string): void {
    this.#held.get(rotationId)?.drop();
    this.#held.delete(rotationId);
  }

  #isOver({ rotationId, expiresAtMs }: HeldCanaries): boolean {
    const rotation = this.#engine.state().rotations.get(rotationId);
    return rotation?.endedAtMs !== null || this.#engine.nowMs() >= expiresAtMs;
  }
}

/** A published key may leave its alg open; then the rotation's own counts. */
function algOf(ofKey: string | undefined, ofRotation: string): string {
  return ofKey === undefined || ofKey === '' ? ofRotation : ofKey;
}

/** The caller is told what came; the audit trail, which is kept for ever, is not. */
function withWhatCame(
  result: Extract<ActResult, { ok: false }>,
  problem: CanaryProblem | null,
): Extract<ActResult, { ok: false }> {
  const { refusal } = result;
  if (problem === null || refusal.code !== 'invalid' || refusal.field !== problem.field) {
    return result;
  }
  const message = `expected ${problem.expected}, got ${problem.got}`;
  return { ok: false, refusal: { ...refusal, message } };
}
