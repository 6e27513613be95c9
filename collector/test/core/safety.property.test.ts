import fc from 'fast-check';
import t from 'tap';
import { leaseMs } from '../../src/core/policy.ts';
import type { CountsPart } from '../support/messages.ts';
import type { TestVerifier } from '../support/world.ts';
import { ISSUER, NEW, OLD, policyOf, serviceOf, VANTAGE } from '../support/policies.ts';
import { World } from '../support/world.ts';

// A small world with a truth of its own: which process holds which keys, which tokens are alive, what
// was really delivered when. The collector sees reports and sightings only. Whatever happens, an open
// gate must be true.

const LEASE_MS = leaseMs(policyOf([]));
const LIFETIME_MAX_S = 600;
const INSTANCES = 2;

const command = fc.oneof(
  // What brings a rotation on, so that gates do open.
  { weight: 16, arbitrary: fc.constantFrom('settle', 'next') },
  { weight: 6, arbitrary: fc.constantFrom('pass 1', 'pass 20', 'pass 60', 'pass 700') },
  // What goes wrong.
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'unpublish',
      'publish',
      'replicas differ',
      'token',
      'late token',
      'collector restarts',
      'wall back',
      'wall forward',
      'wall right',
      'roll back',
      'stranger joins',
      'instance joins',
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constantFrom('restart', 'crash', 'goodbye', 'mute', 'unmute', 'fetch', 'report', 'accept'),
      fc.nat(5),
    ),
  },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

interface Process {
  readonly service: string;
  readonly verifier: TestVerifier;
  holds: readonly (typeof OLD)[];
  runs: boolean;
  saidGoodbye: boolean;
  /** Its reports get lost. */
  muted: boolean;
  delivered: { readonly atMs: number; readonly hadNew: boolean } | null;
  oldOk: number;
  oldIatS: number;
  oldAtMs: number;
  newOk: number;
  newIatS: number;
  newAtMs: number;
}

class Truth {
  readonly world = new World(
    policyOf([
      serviceOf('orders', { instances: INSTANCES }),
      serviceOf('extras', { required: false, instances: null }),
    ]),
  );
  atMs = this.world.atMs;
  processes: Process[] = [];
  /** Ends, issuer's seconds, of old-key tokens that somebody can know of. */
  oldTokenEndsS: number[] = [];
  signer: 'old' | 'new' = 'old';
  served: readonly (typeof OLD)[] = [OLD];
  sawNewTwiceAtMs: number | null = null;
  #sawNew = 0;
  rotation: string | null = null;
  startedAtMs = this.atMs;
  #serial = 0;
  opened = { activate: 0, retire: 0 };

  constructor() {
    this.sight();
    this.sight();
    this.join('orders');
    this.join('orders');
    this.join('extras');
    this.pass(60_000);
  }

  run(cmd: Command): void {
    // Nothing that people do happens in the same second as what they did before.
    if (cmd === 'next' || cmd === 'roll back') this.pass(1_000);
    if (typeof cmd !== 'string') {
      const process = this.processes[cmd[1] % Math.max(1, this.processes.length)];
      if (process !== undefined) this.#happens(cmd[0], process);
      return;
    }
    switch (cmd) {
      case 'pass 1':
      case 'pass 20':
      case 'pass 60':
      case 'pass 700':
        return this.pass(Number(cmd.slice('pass '.length)) * 1_000);
      case 'settle':
        for (const process of this.processes) {
          process.muted = false;
          process.holds = this.served;
          this.report(process);
        }
        return this.pass(30_000);
      case 'next':
        return this.#next();
      case 'unpublish':
        this.served = [OLD];
        return;
      case 'publish':
        this.served = [OLD, NEW];
        return;
      case 'replicas differ':
        return this.sight([OLD]);
      case 'token':
        // Of a signer that has switched, only tokens that somebody met can be known.
        if (this.signer === 'old') this.mint();
        return;
      case 'late token': {
        // Unknowable unless somebody who is heard meets it.
        const [heard] = this.#running().filter((process) => !process.muted);
        if (heard !== undefined && this.rotation !== null) {
          this.mint();
          heard.oldOk += 1;
          heard.oldAtMs = this.atMs;
          heard.oldIatS = Math.floor(this.atMs / 1_000);
          this.oldTokenEndsS.push(heard.oldIatS + LIFETIME_MAX_S);
          this.report(heard);
        }
        return;
      }
      case 'collector restarts':
        this.world.restart();
        this.atMs += 5_000;
        this.startedAtMs = this.atMs;
        this.sawNewTwiceAtMs = null;
        this.#sawNew = 0;
        this.world.issuerOffMs = this.atMs - this.world.atMs;
        return;
      case 'wall back':
        return this.world.stepWall(-400_000);
      case 'wall forward':
        return this.world.stepWall(250_000);
      case 'wall right':
        this.world.wallOffMs = this.atMs - this.world.atMs;
        return;
      case 'roll back':
        if (this.rotation !== null) {
          this.world.declare(this.rotation, 'rollback', 'a test says so');
          this.signer = 'old';
          this.mint();
        }
        return;
      case 'stranger joins':
        if (this.processes.length < 8) this.join('stranger');
        return;
      case 'instance joins':
        if (this.processes.length < 8) this.join('orders');
    }
  }

  /** The next step of a rotation that somebody carries out by the book. */
  #next(): void {
    if (this.rotation === null) {
      this.rotation = this.world.start();
      this.served = [OLD, NEW];
      return;
    }
    const declared = this.world.state.rotations.get(this.rotation)?.switchedAtMs != null;
    if (!declared) {
      this.world.declare(this.rotation, 'activate');
      return;
    }
    if (this.signer === 'old') {
      // The signer follows its declaration in its own time, and signs with the old key until then.
      this.mint();
      this.signer = 'new';
      return;
    }
    for (const process of this.#running()) {
      process.newOk += 1;
      process.newAtMs = this.atMs;
      process.newIatS = Math.floor(this.atMs / 1_000);
      this.report(process);
    }
  }

  #happens(what: string, process: Process): void {
    if (!process.runs) return;
    switch (what) {
      case 'restart':
        process.verifier.crash();
        this.processes = this.processes.filter((other) => other !== process);
        this.join(process.service, process.verifier.name.split('/')[1]);
        return;
      case 'crash':
        process.runs = false;
        process.verifier.crash();
        return;
      case 'goodbye':
        process.runs = false;
        process.saidGoodbye = true;
        process.verifier.goodbye();
        return;
      case 'mute':
        process.muted = true;
        return;
      case 'unmute':
        process.muted = false;
        return;
      case 'fetch':
        process.holds = this.served;
        return;
      case 'report':
        return this.report(process);
      case 'accept':
        process.oldOk += 1;
        process.oldAtMs = this.atMs;
        if (process.newOk === 0) return;
        // One that was signed some time ago, before a rollback perhaps.
        process.newOk += 1;
        process.newAtMs = this.atMs;
    }
  }

  join(service: string, instance = `i${++this.#serial}`): void {
    this.processes.push({
      service,
      verifier: this.world.join(service, instance),
      // From the image: an old key set.
      holds: [OLD],
      runs: true,
      saidGoodbye: false,
      muted: false,
      delivered: null,
      oldOk: 0,
      oldIatS: 0,
      oldAtMs: 0,
      newOk: 0,
      newIatS: 0,
      newAtMs: 0,
    });
  }

  mint(): void {
    this.oldTokenEndsS.push(Math.floor(this.atMs / 1_000) + LIFETIME_MAX_S);
  }

  report(process: Process): void {
    if (!process.runs || process.muted) return;
    const counts: CountsPart[] = [];
    if (process.oldOk > 0) {
      const iat = process.oldIatS === 0 ? {} : { iatS: process.oldIatS, lifetimeS: 300 };
      const lastAcceptedAgeMs = this.atMs - process.oldAtMs;
      counts.push({ kid: 'old', outcomes: { ok: process.oldOk }, ...iat, lastAcceptedAgeMs });
    }
    if (process.newOk > 0) {
      const lastAcceptedAgeMs = this.atMs - process.newAtMs;
      const iatS = process.newIatS;
      counts.push({ kid: 'new', outcomes: { ok: process.newOk }, iatS, lastAcceptedAgeMs });
    }
    const ack = process.verifier.report({ keys: process.holds, counts });
    if (ack.result !== 'applied') throw new Error(`report ${ack.result}: ${ack.reason}`);
    process.delivered = { atMs: this.atMs, hadNew: process.holds.includes(NEW) };
  }

  pass(ms: number): void {
    const endMs = this.atMs + ms;
    while (this.atMs < endMs) {
      const stepMs = Math.min(5_000, endMs - this.atMs);
      this.atMs += stepMs;
      this.world.atMs += stepMs;
      if (Math.floor(this.atMs / 15_000) !== Math.floor((this.atMs - stepMs) / 15_000)) {
        if (this.signer === 'old') this.mint();
        this.sight();
        for (const process of this.processes) this.report(process);
      }
      this.world.take({ type: 'tick' });
      this.judge();
    }
  }

  sight(keys = this.served): void {
    this.world.sight(keys, VANTAGE);
    this.#sawNew = keys.includes(NEW) ? this.#sawNew + 1 : 0;
    if (this.#sawNew === 0) this.sawNewTwiceAtMs = null;
    else if (this.#sawNew >= 2) this.sawNewTwiceAtMs ??= this.atMs;
  }

  #running(): Process[] {
    return this.processes.filter((process) => process.runs);
  }

  #isHeard(process: Process): boolean {
    const heardAtMs = process.delivered?.atMs;
    return heardAtMs !== undefined && this.atMs - heardAtMs <= LEASE_MS + 2_000;
  }

  judge(): void {
    if (this.rotation === null) return;
    if (this.world.gate(this.rotation, 'activate').status === 'open') {
      this.opened.activate += 1;
      this.#mustBeKnown('activate');
    }
    if (this.world.gate(this.rotation, 'retire').status === 'open') {
      this.opened.retire += 1;
      this.#mustBeKnown('retire');
      const nowS = this.atMs / 1_000;
      const alive = this.oldTokenEndsS.filter((endS) => endS > nowS);
      if (alive.length > 0) {
        throw new Error(
          `retire open with ${alive.length} tokens alive until ${Math.max(...alive) - nowS} s from now`,
        );
      }
    }
  }

  /** Every required verifier that may meet a token truly held the new key when last heard. */
  #mustBeKnown(gate: string): void {
    if (this.atMs - this.startedAtMs < LEASE_MS) throw new Error(`${gate} open in the hold-down`);
    if (!this.served.includes(OLD)) throw new Error(`${gate} open without the old key`);
    for (const process of this.processes) {
      if (process.saidGoodbye || process.service === 'extras') continue;
      const name = process.verifier.name;
      if (this.#isHeard(process) && process.delivered?.hadNew === true) continue;
      const silentMs = this.atMs - (process.delivered?.atMs ?? 0);
      if (silentMs < LEASE_MS) throw new Error(`${gate} open, ${name} lacks the key`);
      const others = this.processes.filter(
        (other) =>
          other !== process &&
          other.service === 'orders' &&
          this.#isHeard(other) &&
          !other.saidGoodbye,
      );
      if (process.service !== 'orders' || others.length < INSTANCES) {
        throw new Error(`${gate} open, ${name} is not heard`);
      }
    }
    if (
      this.processes.filter((p) => p.service === 'orders' && this.#isHeard(p)).length < INSTANCES
    ) {
      throw new Error(`${gate} open, too few instances`);
    }
  }
}

t.test('an open gate is true', (t) => {
  const opened = { activate: 0, retire: 0 };
  fc.assert(
    fc.property(fc.array(command, { minLength: 10, maxLength: 60, size: 'max' }), (commands) => {
      const truth = new Truth();
      for (const cmd of commands) {
        truth.run(cmd);
        truth.judge();
      }
      opened.activate += Math.min(1, truth.opened.activate);
      opened.retire += Math.min(1, truth.opened.retire);
    }),
    { numRuns: 60 },
  );
  t.comment(`worlds in which a gate opened: ${JSON.stringify(opened)}`);
  t.ok(opened.activate > 0, 'not for want of open gates');
  t.end();
});

t.test(`a world where nothing goes wrong ends with both gates open (${ISSUER})`, (t) => {
  const truth = new Truth();
  for (const cmd of [
    'next',
    'settle',
    'settle',
    'next',
    'pass 20',
    'next',
    'next',
    'pass 700',
  ] as const) {
    truth.run(cmd);
  }
  t.ok(truth.opened.activate > 0);
  t.ok(truth.opened.retire > 0);
  t.end();
});
