import type { Ack } from '@keyturn/shared/model/report.ts';
import * as fc from 'fast-check';
import t from 'tap';
import type { SessionAction, SessionEvent } from '../../src/uplink/session-events.ts';
import { Session } from '../../src/uplink/session.ts';

const HANDLES = [1, 2, 3] as const;

interface Snapshot {
  readonly handle: number;
  readonly epoch: number;
  readonly seq: number;
  /** Version of the ledger when the snapshot was made. */
  readonly version: number;
}

type Upward =
  | { readonly kind: 'hello'; readonly handles: readonly number[] }
  | { readonly kind: 'reports'; readonly snapshots: readonly Snapshot[] };

/** A session, the network in between and a collector that follows the merge rule. */
class World {
  readonly session: Session;
  readonly versions = new Map<number, number>(HANDLES.map((handle) => [handle, 0]));
  readonly epochs = new Map<number, number>();
  readonly stored = new Map<number, Snapshot>();
  readonly problems: string[] = [];
  readonly #sent = new Set<string>();
  /** By handle and epoch: a new epoch voids what an old one waits for. */
  readonly #unacked = new Map<string, number>();
  up: Upward[] = [];
  down: SessionEvent[] = [];
  nowMs = 0;

  constructor(random: () => number) {
    this.session = new Session(random);
  }

  on(event: SessionEvent): void {
    if (event.on === 'broken') this.#drop();
    if (event.on === 'acks')
      for (const { handle, epoch } of event.acks) this.#unacked.delete(`${handle}@${epoch}`);
    for (const action of this.session.handle(event, this.nowMs)) this.#do(action);
  }

  #drop(): void {
    this.up = [];
    this.down = [];
    this.#unacked.clear();
  }

  #do(action: SessionAction): void {
    if (action.do === 'connect' || action.do === 'disconnect') this.#drop();
    if (action.do === 'hello') this.up.push({ kind: 'hello', handles: action.handles });
    if (action.do === 'report') {
      this.up.push({ kind: 'reports', snapshots: action.stamps.map((s) => this.#make(s)) });
    }
  }

  #make(stamp: { handle: number; epoch: number; seq: number }): Snapshot {
    const name = `${stamp.handle}@${stamp.epoch}.${stamp.seq}`;
    if (this.#sent.has(name)) this.problems.push(`${name} was sent twice`);
    this.#sent.add(name);
    const line = `${stamp.handle}@${stamp.epoch}`;
    const sinceMs = this.#unacked.get(line);
    if (sinceMs !== undefined && this.nowMs - sinceMs < 1_000) {
      this.problems.push(`${name} did not wait for the ack before it`);
    }
    this.#unacked.set(line, this.nowMs);
    return { ...stamp, version: this.versions.get(stamp.handle) ?? 0 };
  }

  change(handle: number, urgency: 'soon' | 'now'): void {
    this.versions.set(handle, (this.versions.get(handle) ?? 0) + 1);
    this.on({ on: 'changed', handle, urgency });
  }

  /** The collector takes one message. */
  collect(): void {
    const message = this.up.shift();
    if (message?.kind === 'hello') {
      const assignments = message.handles.map((handle) => {
        const epoch = this.epochs.get(handle) ?? 1;
        this.epochs.set(handle, epoch);
        const stored = this.stored.get(handle);
        const committedSeq = stored?.epoch === epoch ? stored.seq : 0;
        return { handle, epoch, committedSeq, refused: '' };
      });
      const settings = this.session.settings;
      this.down.push({ on: 'welcome', welcome: { assignments, settings } });
    }
    if (message?.kind === 'reports') {
      this.down.push({ on: 'acks', acks: message.snapshots.map((each) => this.#merge(each)) });
    }
  }

  #merge(snapshot: Snapshot): Ack {
    const { handle, epoch, seq } = snapshot;
    const stored = this.stored.get(handle);
    const current = this.epochs.get(handle) ?? 1;
    if (epoch !== current) return { handle, epoch, seq, result: 'superseded', reason: '' };
    const isNew = stored?.epoch !== epoch || stored.seq < seq;
    if (isNew) {
      if (stored !== undefined && stored.version > snapshot.version) {
        this.problems.push(`${handle}: ${stored.version} replaced by ${snapshot.version}`);
      }
      this.stored.set(handle, snapshot);
    }
    return { handle, epoch, seq, result: isNew ? 'applied' : 'ignored', reason: '' };
  }

  answer(): void {
    const event = this.down.shift();
    if (event !== undefined) this.on(event);
  }

  wait(ms: number): void {
    this.nowMs += ms;
    this.on({ on: 'tick' });
  }

  /** No more faults: everything is delivered, and time passes as the session asks. */
  heal(): void {
    for (let i = 0; i < 400; i += 1) {
      while (this.up.length > 0) this.collect();
      while (this.down.length > 0) this.answer();
      const wakeAtMs = this.session.wakeAtMs;
      if (wakeAtMs !== Infinity) this.wait(Math.max(0, wakeAtMs - this.nowMs));
    }
  }
}

const handle = fc.constantFrom(...HANDLES);
const fault = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('change' as const), handle, now: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('collect' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('waitLong' as const), ms: fc.nat(70_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('break' as const), refused: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('contest' as const), handle }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forgetful' as const) }) },
);

t.test('any order of faults', async () => {
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.array(fault, { maxLength: 80 }), share, (faults, random) => {
      const world = new World(() => random);
      for (const each of HANDLES) world.on({ on: 'added', handle: each });
      for (const step of faults) {
        if (step.do === 'change') world.change(step.handle, step.now ? 'now' : 'soon');
        else if (step.do === 'collect') world.collect();
        else if (step.do === 'answer') world.answer();
        else if (step.do === 'wait' || step.do === 'waitLong') world.wait(step.ms);
        else if (step.do === 'contest') {
          world.epochs.set(step.handle, (world.epochs.get(step.handle) ?? 1) + 2);
        } else if (step.do === 'forgetful') {
          // The collector came back without its store.
          world.epochs.clear();
          world.stored.clear();
          world.on({ on: 'broken', why: { kind: 'failed', reason: 'gone' } });
        } else {
          const kind = step.refused ? 'unimplemented' : 'failed';
          world.on({ on: 'broken', why: { kind, reason: 'gone' } });
        }
      }
      world.heal();
      for (const each of HANDLES) {
        const stored = world.stored.get(each)?.version ?? -1;
        if (stored !== world.versions.get(each)) {
          world.problems.push(`${each}: stored ${stored}, is ${world.versions.get(each)}`);
        }
      }
      if (world.problems.length > 0) throw new Error(world.problems.join('\n'));
    }),
    { numRuns: 300 },
  );
});
