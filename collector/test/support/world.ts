import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { Ack, Report, Source } from '@keyturn/shared/model/report.ts';
import type { CacheKind } from '@keyturn/shared/model/secret-keys.ts';
import type { Check, Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import type { Act, ActResult } from '../../src/core/acts.ts';
import { initialState } from '../../src/core/initial.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { Now, State } from '../../src/core/state.ts';
import type { Input, Reply } from '../../src/core/step.ts';
import { step } from '../../src/core/step.ts';
import { UNWATCHED_MAX_MS } from '../../src/core/watch.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import type { Readable, ReportPart } from './messages.ts';
import { reportOf, sightingOf } from './messages.ts';
import { ISSUER, NEW, OLD, START_MS, VANTAGE } from './policies.ts';

const BEAT_MS = 15_000;
const HOUR_MS = 3_600_000;

/** A verifier of the world that reports through the real core. */
export interface TestVerifier {
  readonly name: string;
  epoch: number;
  seq: number;
  /** What it says when it only beats. */
  said: ReportPart;
  report(part?: ReportPart): Ack;
  /** A report exactly as given, for a network that loses, doubles and swaps. */
  send(report: Report): Ack;
  /** The report it would send now, with its next number. */
  make(part?: ReportPart): Report;
  goodbye(): void;
  /** kill -9: the stream ends, no word is said. */
  crash(): void;
}

/** The pure core with a store behind it and time that moves when told. */
export class World {
  policy: Policy;
  readonly store: Store;
  state: State;
  atMs = START_MS;
  /** How far the wall clock is from where it would be without steps. */
  wallOffMs = 0;
  /** How far the issuer's clock is from the collector's. */
  issuerOffMs = 0;
  /** How far the clocks of agents that connect now are from the collector's. */
  clockOffMs = 0;
  /** False: the issuer's server sends no Date header. */
  dated = true;
  readonly verifiers: TestVerifier[] = [];
  served: readonly KeyRef[] = [OLD];
  /** What else the issuer's answers are like. */
  answered: Partial<Readable> = {};
  #boots = 0;
  #acts = 0;

  constructor(policy: Policy, store: Store = openMemoryStore()) {
    this.policy = policy;
    this.store = store;
    this.state = initialState(policy, store.load(), this.now());
  }

  now(): Now {
    return { atMs: this.atMs, earliestMs: Math.min(this.atMs, this.atMs + this.wallOffMs) };
  }

  take(input: Input): Reply {
    const { writes, reply } = step(this.state, input, this.now());
    this.store.commit(writes);
    return reply;
  }

  /**
   * Lets time pass a second at a time, or fifteen over long stretches; the issuer is watched and live
   * verifiers beat. Of what takes more than a quarter of a day, all but the first and the last hour
   * pass by the quarter: the collector looks just often enough.
   */
  pass(
    ms: number,
    how: { readonly silent?: readonly string[]; readonly unwatched?: boolean } = {},
  ): void {
    const endMs = this.atMs + ms;
    const fromMs = this.atMs + HOUR_MS;
    while (this.atMs < endMs) {
      const sinceMs = this.atMs - START_MS;
      const isBetween = ms > 6 * HOUR_MS && this.atMs >= fromMs && endMs - this.atMs > 2 * HOUR_MS;
      const stepMs = isBetween ? UNWATCHED_MAX_MS : ms < 300_000 ? 1_000 : BEAT_MS;
      const nextMs = START_MS + (Math.floor(sinceMs / stepMs) + 1) * stepMs;
      this.atMs = Math.min(endMs, nextMs);
      if ((this.atMs - START_MS) % BEAT_MS === 0) {
        if (how.unwatched !== true) this.sight();
        for (const verifier of this.verifiers) {
          if (how.silent?.includes(verifier.name) !== true) verifier.report(verifier.said);
        }
      }
      this.take({ type: 'tick' });
    }
  }

  /** The collector fetches the JWKS once. */
  sight(
    keys: readonly KeyRef[] = this.served,
    vantage = VANTAGE,
    part: Partial<Readable> = this.answered,
  ): void {
    const dateMs = this.dated ? this.atMs + this.issuerOffMs : null;
    this.take({ type: 'sighting', sighting: sightingOf(keys, dateMs, vantage, part) });
  }

  sightFailure(message = 'expected status 200, got 500', vantage = VANTAGE): void {
    this.take({
      type: 'sighting',
      sighting: {
        issuer: ISSUER,
        vantage,
        result: { ok: false, error: 'status', message },
      },
    });
  }

  join(
    service: string,
    instance = 'i1',
    how: {
      readonly source?: Source;
      readonly boot?: string;
      readonly cache?: string;
      readonly profile?: string;
      readonly issuers?: readonly string[];
      readonly cacheKind?: CacheKind;
      /** A stream of its own name; by default one per process. */
      readonly session?: string;
    } = {},
  ): TestVerifier {
    const { source = 'in_process', cache = 'jwks', profile = '', issuers = [ISSUER] } = how;
    const { cacheKind = 'any' } = how;
    const id = { service, instance, cache };
    const boot = how.boot ?? (this.#boots++).toString(16).padStart(32, '0');
    const session = how.session ?? `session ${boot}`;
    const reply = this.take({
      type: 'hello',
      session,
      hello: {
        bootId: boot,
        agentVersion: '0.0.0',
        wallUnixMs: this.atMs + this.clockOffMs,
        verifiers: [{ handle: 1, id, profile, source, issuers, cacheKind }],
      },
    });
    if (reply.type !== 'assignments') throw new Error('expected assignments');
    const [assigned] = reply.assignments;
    if (assigned === undefined || assigned.refused !== '') {
      throw new Error(assigned?.refused ?? 'no assignment');
    }
    const name = cache === 'jwks' ? `${service}/${instance}` : `${service}/${instance}/${cache}`;
    const verifier: TestVerifier = {
      name,
      epoch: assigned.epoch,
      seq: assigned.committedSeq,
      said: {},
      report: (part = verifier.said) => {
        verifier.said = part;
        return verifier.send(verifier.make(part));
      },
      make: (part = verifier.said) => {
        verifier.seq += 1;
        return reportOf(verifier, part, source);
      },
      send: (report) => {
        const answer = this.take({ type: 'report', session, verifier: id, report });
        if (answer.type !== 'ack') throw new Error('expected an ack');
        return answer.ack;
      },
      goodbye: () => {
        this.#stopBeating(verifier);
        this.take({ type: 'goodbye', session, verifiers: [id] });
      },
      crash: () => {
        this.#stopBeating(verifier);
        this.take({ type: 'session_ended', session });
      },
    };
    const earlier = this.verifiers.findIndex((known) => known.name === name);
    if (earlier >= 0) this.verifiers.splice(earlier, 1);
    this.verifiers.push(verifier);
    return verifier;
  }

  #stopBeating(verifier: TestVerifier): void {
    const at = this.verifiers.indexOf(verifier);
    if (at >= 0) this.verifiers.splice(at, 1);
  }

  act(act: Act): ActResult {
    const reply = this.take({ type: 'act', act });
    if (reply.type !== 'acted') throw new Error('expected an act result');
    return reply.result;
  }

  /** Starts old → new and gives the rotation's id. */
  start(part: Partial<Extract<Act, { type: 'start' }>> = {}): string {
    const id = `r-${++this.#acts}`;
    const result = this.act({
      type: 'start',
      id,
      by: 'tester',
      issuer: ISSUER,
      alg: 'RS256',
      oldKid: null,
      newKid: NEW.kid,
      newThumbprint: null,
      ...part,
    });
    if (!result.ok) throw new Error(result.refusal.message);
    return id;
  }

  declare(
    rotationId: string,
    stepName: Extract<Act, { type: 'declare' }>['step'],
    overrideReason: string | null = null,
  ): ActResult {
    return this.act({
      type: 'declare',
      by: 'tester',
      rotationId,
      step: stepName,
      overrideReason,
      reason: stepName === 'taint' || stepName === 'destroy_old_key' ? 'a test says so' : null,
      confirm:
        stepName === 'taint'
          ? {
              oldKid: this.state.rotations.get(rotationId)?.oldKid ?? '',
              seenAtMs: this.atMs,
            }
          : null,
    });
  }

  rehearse(rotationId: string, oldKeyAvailable = true): ActResult {
    return this.act({ type: 'rehearse', by: 'tester', rotationId, oldKeyAvailable });
  }

  gate(rotationId: string, gate: Gate): Verdict {
    const reply = this.take({ type: 'check', rotationId, gate });
    if (reply.type !== 'verdict' || reply.verdict === undefined) throw new Error('no verdict');
    return reply.verdict;
  }

  waive(rotationId: string, gate: Gate, checkId: string, validForMs = 3_600_000): ActResult {
    const id = `wvr-${++this.#acts}`;
    const reason = 'known and accepted';
    return this.act({
      type: 'waive',
      id,
      by: 'tester',
      rotationId,
      gate,
      checkId,
      reason,
      validForMs,
    });
  }

  attest(
    rotationId: string,
    service: string,
    part: Partial<Extract<Act, { type: 'attest' }>> = {},
  ): ActResult {
    return this.act({
      type: 'attest',
      id: `att-${++this.#acts}`,
      by: 'tester',
      rotationId,
      service,
      instance: null,
      fact: 'holds_new',
      reason: 'deployed with it',
      validForMs: 3_600_000,
      ...part,
    });
  }

  /** The wall clock is set forward, or back. */
  stepWall(ms: number): void {
    this.wallOffMs += ms;
  }

  /** kill -9 of the collector, and its restart on the same store; agents must say hello again. */
  restart(how: { readonly downMs?: number; readonly policy?: Policy } = {}): void {
    const wallMs = this.atMs + this.wallOffMs + (how.downMs ?? 5_000);
    // As the engine does: time does not begin below the latest moment on record.
    this.atMs = Math.max(wallMs, this.atMs);
    this.wallOffMs = wallMs - this.atMs;
    this.policy = how.policy ?? this.policy;
    this.state = initialState(this.policy, this.store.load(), this.now());
  }
}

export function checkOf(verdict: Verdict, id: string): Check {
  const found = verdict.checks.find((check) => check.id === id);
  if (found === undefined) throw new Error(`no check ${id} in gate ${verdict.gate}`);
  return found;
}

/** What keeps a verdict from being open, by check id. */
export function blockers(verdict: Verdict): string[] {
  return verdict.checks
    .filter((check) => check.status === 'fail' || check.status === 'unknown')
    .map((check) => `${check.id}:${check.status}`);
}
