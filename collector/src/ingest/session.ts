import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import type { Ack, Goodbye, Hello, Welcome } from '@keyturn/shared/model/report.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import type { ProbeOrders, ProbeResult } from '@keyturn/shared/model/probe.ts';
import type { ReceivedReport } from '@keyturn/shared/wire/codec.ts';
import type { ProbeDesk } from '../canary/dispatcher.ts';
import type { AddressedReport, Engine } from '../engine-port.ts';
import type { Identify, Peer } from './identify.ts';

/** A message that makes the whole call worthless, with the field at fault. */
export interface Breach {
  readonly field: string;
  readonly message: string;
}

/** How the verifiers of a stream can be asked for probes. */
export interface ProbeReach {
  readonly desk: ProbeDesk;
  readonly send: (orders: ProbeOrders) => void;
}

/**
 * What one agent's stream or call has named, apart from how it arrived: resolves handles, checks
 * grants, and hands everything to the engine.
 */
export class Session {
  readonly #engine: Engine;
  readonly #identify: Identify;
  readonly #peer: Peer;
  readonly #name: string;
  readonly #verifiers = new Map<number, VerifierId>();
  readonly #probes: ProbeReach | null;
  /** By handle: how to leave the desk. */
  readonly #enlisted = new Map<number, () => void>();
  #bootId: string | null = null;

  /** `probes` null: this way of talking carries none. */
  constructor(
    name: string,
    peer: Peer,
    engine: Engine,
    identify: Identify,
    probes: ProbeReach | null = null,
  ) {
    this.#probes = probes;
    this.#name = name;
    this.#peer = peer;
    this.#engine = engine;
    this.#identify = identify;
  }

  /** Assigns epochs; a verifier the peer may not report for is refused, the others go on. */
  async hello(hello: Hello): Promise<Welcome | Breach> {
    if (this.#bootId !== null && this.#bootId !== hello.bootId) {
      return { field: 'hello.boot_id', message: 'expected the boot id of the first hello' };
    }
    if (this.#verifiers.size + hello.verifiers.length > REPORT_LIMITS.verifiersPerSession) {
      return {
        field: 'hello.verifiers',
        message: `expected at most ${REPORT_LIMITS.verifiersPerSession} verifiers in one session`,
      };
    }
    this.#bootId = hello.bootId;
    const refused = new Map<number, string>();
    const granted = hello.verifiers.filter((verifier) => {
      const grant = this.#identify.mayReport(this.#peer, verifier.id);
      if (!grant.ok) {
        // The name is another's: it must not be shown as turned away.
        this.#engine.turnedAway(null, grant.message);
        refused.set(verifier.handle, grant.message);
      }
      return grant.ok;
    });
    const welcome = await this.#engine.hello(this.#name, { ...hello, verifiers: granted });
    for (const verifier of granted) this.#verifiers.set(verifier.handle, verifier.id);
    for (const assigned of welcome.assignments) {
      if (assigned.refused !== '') this.#verifiers.delete(assigned.handle);
    }
    for (const verifier of granted) if (verifier.probes === true) this.#enlist(verifier.handle);
    const refusals = [...refused].map(([handle, message]) => ({
      handle,
      epoch: 0,
      committedSeq: 0,
      refused: message,
    }));
    return { ...welcome, assignments: [...welcome.assignments, ...refusals] };
  }

  /** Acks in the order of the reports; each means committed. */
  async reports(received: readonly ReceivedReport[]): Promise<readonly Ack[]> {
    const addressed: AddressedReport[] = [];
    const acks: (Ack | null)[] = [];
    for (const { handle, epoch, seq, report } of received) {
      const verifier = this.#verifiers.get(handle);
      const turnAway = (reason: string): void => {
        this.#engine.turnedAway(verifier?.service ?? null, reason);
        acks.push(rejected({ handle, epoch, seq }, reason));
      };
      if (!report.ok) turnAway(`${report.field}: ${report.message}`);
      else if (verifier === undefined) turnAway('handle: expected one named in a hello');
      else {
        addressed.push({ verifier, report: report.value });
        acks.push(null);
      }
    }
    const answers = (await this.#engine.report(this.#name, addressed)).values();
    return acks.flatMap((ack) => ack ?? answers.next().value ?? []);
  }

  async goodbye(goodbye: Goodbye): Promise<void> {
    const handles = goodbye.handles.length > 0 ? goodbye.handles : [...this.#verifiers.keys()];
    const leaving = handles.flatMap((handle) => this.#verifiers.get(handle) ?? []);
    await this.#engine.goodbye(this.#name, leaving);
    for (const handle of handles) {
      this.#verifiers.delete(handle);
      this.#enlisted.get(handle)?.();
      this.#enlisted.delete(handle);
    }
  }

  /** Gives a sentence for each result that does not count. */
  async probeResults(results: readonly ProbeResult[]): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const result of results) {
      const verifier = this.#verifiers.get(result.handle);
      const problem =
        verifier === undefined
          ? 'handle: expected one named in a hello'
          : await this.#engine.probeResult(this.#name, verifier, result);
      if (problem !== '') problems.push(problem);
    }
    return problems;
  }

  #enlist(handle: number): void {
    const verifier = this.#verifiers.get(handle);
    if (verifier === undefined || this.#probes === null) return;
    this.#enlisted.get(handle)?.();
    const { desk, send } = this.#probes;
    this.#enlisted.set(handle, desk.enlist({ session: this.#name, handle, verifier, send }));
  }

  /** The stream is gone. */
  end(): void {
    for (const leave of this.#enlisted.values()) leave();
    this.#enlisted.clear();
    this.#engine.sessionEnded(this.#name);
  }
}

function rejected(stamp: Pick<Ack, 'handle' | 'epoch' | 'seq'>, reason: string): Ack {
  return { ...stamp, result: 'rejected', reason };
}
