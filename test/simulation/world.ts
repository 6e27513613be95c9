import { emptyMemoryContents } from '@keyturn/collector/store/memory.ts';
import { leaseMs } from '@keyturn/collector/core/policy.ts';
import { type KeyRef, verifierKey } from '@keyturn/shared/model/ids.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import {
  type Ack,
  type Hello,
  isNewer,
  type KidCounts,
  type Report,
} from '@keyturn/shared/model/report.ts';
import { Canaries } from './canaries.ts';
import { Chance } from './chance.ts';
import { CollectorProcess, type Disk } from './collector-process.ts';
import type { Anchor } from './fault-plan.ts';
import { Instance } from './instance.ts';
import { Issuer, ISSUER, type Token } from './issuer.ts';
import { factsOf } from './kinds.ts';
import { DELAY_MAX_MS, Link, type Weather } from './link.ts';
import { Oracle, type Promised } from './oracle.ts';
import type { ServicePlan, WorldPlan } from './plan.ts';
import { Population } from './population.ts';
import { kindOf, policyOf } from './policy.ts';
import { EPOCH_MS, Schedule } from './schedule.ts';
import { Story } from './story.ts';
import { Traffic } from './traffic.ts';

/** A promise that was broken, or a refusal that lies outside of what was promised. */
export interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly atMs: number;
}

/** Processes under one name whose counts the collector keeps apart, the present one included. */
const BOOTS_KEPT_APART = 3;

/** Everything there is in one run, and what truth knows of it. */
export class World {
  readonly plan: WorldPlan;
  readonly isWatched: boolean;
  readonly story: Story;
  readonly schedule: Schedule;
  readonly issuer: Issuer;
  readonly oracle = new Oracle();
  readonly traffic: Traffic;
  readonly population: Population | null;
  readonly canaries: Canaries | null;
  readonly instances: Instance[] = [];
  readonly weather: Weather = { drop: 0, duplicate: 0, delay: 0, reorder: 0 };
  readonly links = new Map<Instance, Link>();
  readonly disk: Disk = { fullUntilMs: -1, crash: null };
  readonly contents = emptyMemoryContents();
  readonly collectorClock: { rate: number; wallOffsetMs: number };
  /** What the collector's settings say now, and the most they ever said. */
  declaredTmaxMs: number | null;
  readonly mostDeclaredTmaxMs: number | null;
  collector: CollectorProcess | undefined;
  /** When each step of the rotation was taken. */
  readonly anchors = new Map<Anchor, number>();
  /** When the last fault ended, or will; those not begun do not count. */
  quietFromMs = 0;
  readonly violations: Finding[] = [];
  /** Refusals that nobody promised to prevent, by why. */
  readonly excused = new Map<string, number>();
  readonly truthCounts = new Map<string, number>();
  /** Highest stamp acked per verifier. */
  readonly acked = new Map<string, { epoch: number; seq: number }>();
  /** When each verifier's latest report reached the collector. */
  readonly heardMs = new Map<string, number>();
  /** Verifiers that stopped cleanly, or that a person said are gone. */
  readonly excusedSilence = new Set<string>();
  /** Services with more instances than the inventory says. */
  readonly crowdedServices = new Set<string>();
  /** What the collector saw at each vantage: sightings in a row with the new key, and without the old. */
  readonly vantages = new Map<string, { newRun: number; oldMissedRun: number }>();
  /** Since when every vantage has served the new key, as the collector saw it. */
  publishedSeenMs: number | null = null;
  /** Since when commits fail, as far as the collector knows. */
  commitsFailSinceMs: number | null = null;
  /** Verifiers of which a hello was answered, by name of the instance. */
  readonly known = new Set<string>();
  /** Latest moment an origin or edge served what it should not have. */
  lastRegressionMs = -Infinity;
  /** Times the collector stood still. */
  readonly pauses: { readonly endMs: number; readonly forMs: number }[] = [];
  /** When the tool last declared the switch, true time. */
  switchDeclaredMs = Infinity;
  /** When people last switched back, true time. */
  rolledBackMs = -Infinity;
  /** Since when the collector may know that the old key is compromised, and whether it said so. */
  taintAskedMs = Infinity;
  isTainted = false;
  /** When somebody last vouched that a service holds the new key. */
  readonly vouchedMs = new Map<string, number>();
  /** Some origin has served a kid with other key material. */
  servedReuse = false;
  /** Thumbprints of the new kid that the collector has taken in. */
  readonly seenMaterial = new Set<string>();
  /** The collector's time has jumped over what its machine had slept: earlier moments look older. */
  hasJumped = false;
  /** How far ahead the collector's wall clock was at any of its starts. */
  mostAheadMs = 0;
  /** More processes took turns under one name than the collector keeps apart. */
  isCrowded = false;
  /** Keys that people put into verifiers which fetch none. */
  installed: readonly KeyRef[];
  /** Latest signature of the old key reported when it was withdrawn. */
  signedAtRetireMs = -Infinity;
  /** Longest lifetime declared or reported when the old key was withdrawn. */
  knownTmaxAtRetireMs = 0;
  onAnchor: (anchor: Anchor) => void = () => undefined;
  onVerdicts: () => void = () => undefined;
  /** The collector has forgotten everything once. */
  lostDisk = false;
  isOver = false;
  readonly isCompared: boolean;
  /** Valid tokens refused while the key set could be fetched, by why; '': nothing explains it. */
  readonly refusedForKeys = new Map<string, number>();
  presented = 0;
  refused = 0;
  readonly #handles = new Map<string, Map<number, string>>();
  /** Boot ids under one name, the latest first. */
  readonly #boots = new Map<string, string[]>();
  #collectorRuns = 0;

  /** `isWatched`: Keyturn is there. `isCompared`: only what happens to tokens counts. */
  constructor(plan: WorldPlan, { isWatched = true, isCompared = false } = {}) {
    this.plan = plan;
    this.isWatched = isWatched;
    this.isCompared = isCompared;
    this.story = new Story(() => this.schedule.nowMs, !isCompared);
    this.schedule = new Schedule(
      isCompared ? null : (atMs, serial) => this.story.note(atMs, serial),
    );
    this.issuer = new Issuer(plan, this.schedule, new Chance(plan.seed, 'issuer'));
    this.installed = this.issuer.first.keys;
    this.collectorClock = { rate: plan.collectorRate, wallOffsetMs: plan.collectorOffsetMs };
    this.declaredTmaxMs = plan.declaredTmaxMs;
    this.mostDeclaredTmaxMs = plan.declaredTmaxMs;
    this.traffic = new Traffic(this);
    this.canaries = plan.canaries === null ? null : new Canaries(this);
    const population = plan.turns.unseen?.population ?? null;
    this.population =
      population === null
        ? null
        : new Population(population, plan.seed, this.schedule, this.issuer);
    for (const service of plan.services) {
      for (let at = 0; at < service.instances; at += 1)
        this.addInstance(service, `${service.name}-${at}`);
    }
  }

  /** The collector has seen a kid with two thumbprints. */
  get sawReuse(): boolean {
    return this.seenMaterial.size > 1;
  }

  get leaseMs(): number {
    return 3 * this.plan.heartbeatMs;
  }

  /** How long what was true may go on being believed: one lease, and what a message may take. */
  get believedForMs(): number {
    const recentMs = this.schedule.nowMs - 2 * this.leaseMs - 60_000;
    let pausedMs = 0;
    // A collector that stood still for less than its hold-down demands knows nothing of that time.
    for (const { endMs, forMs } of this.pauses) {
      if (endMs > recentMs) pausedMs += Math.min(forMs, 2 * this.leaseMs + this.plan.tickMs);
    }
    return this.leaseMs + 2_000 + DELAY_MAX_MS + 40_000 + pausedMs;
  }

  /** The collector can know that there is such a verifier. */
  isKnown({ options: { service, name } }: Instance): boolean {
    return service.standing !== 'instrumented' || this.known.has(name);
  }

  addInstance(service: ServicePlan, name: string): Instance {
    const chance = new Chance(this.plan.seed, `link ${name}`);
    const link = new Link(this.schedule, chance, this.weather, () =>
      this.collector?.life.isAlive === true ? this.collector : undefined,
    );
    const kind = kindOf(service);
    const instance: Instance = new Instance({
      schedule: this.schedule,
      seed: this.plan.seed + 7_919 * this.instances.length,
      service,
      kind,
      facts: factsOf(kind),
      name,
      issuer: this.issuer,
      link,
      pace: this.plan.pace,
      present:
        this.canaries !== null && this.plan.canaries?.endpoints[service.name] !== undefined
          ? (shown, at, token) =>
              this.canaries?.present(shown, at, token) ?? Promise.reject(new Error())
          : null,
      hasAgent: this.isWatched && service.standing === 'instrumented',
      agentClock: {
        rate: 1 + chance.between(-0.0001, 0.0001),
        wallOffsetMs: chance.between(-3_600_000, 3_600_000),
      },
      onVerified: (verifier, token, outcome) => this.#verified(verifier, token, outcome),
    });
    this.instances.push(instance);
    this.links.set(instance, link);
    return instance;
  }

  startCollector(): void {
    this.#collectorRuns += 1;
    this.#handles.clear();
    this.commitsFailSinceMs = null;
    const aheadMs = this.collectorClock.wallOffsetMs - this.plan.collectorOffsetMs;
    this.mostAheadMs = Math.max(this.mostAheadMs, aheadMs);
    if (this.#collectorRuns === 2 && this.plan.lowersTmax && this.declaredTmaxMs !== null) {
      this.declaredTmaxMs /= 4;
      this.issuer.lifetimeFactor = 0.25;
      this.story.tell('people', 'declare a quarter of the token lifetime from here on');
    }
    const policy = policyOf(this.plan, this.issuer.vantages, this.declaredTmaxMs);
    if (leaseMs(policy) !== this.leaseMs) throw new Error('leases differ');
    this.collector = new CollectorProcess({
      schedule: this.schedule,
      chance: new Chance(this.plan.seed, `collector ${this.#collectorRuns}`),
      policy,
      contents: this.contents,
      disk: this.disk,
      issuer: this.issuer,
      clock: this.collectorClock,
      watchMs: this.plan.watchMs,
      tickMs: this.plan.tickMs,
      probes: this.plan.canaries !== null,
      onCrash: () => this.crashCollector(20_000),
      onAck: (session, report, ack) => this.#noteAck(session, report, ack),
      onReport: (session, report) => {
        const verifier = this.#handles.get(session)?.get(report.handle);
        if (verifier !== undefined) this.heardMs.set(verifier, this.schedule.nowMs);
      },
      onHello: (session, hello, welcome) => {
        const accepted = new Set(
          welcome.assignments.filter(({ refused }) => refused === '').map(({ handle }) => handle),
        );
        this.#noteHello(session, hello, accepted);
      },
      onChange: () => this.onVerdicts(),
      onSighted: (vantage, keys, isKept) => this.#noteSighting(vantage, keys, isKept),
      onCommit: (isDone) => {
        this.commitsFailSinceMs = isDone ? null : (this.commitsFailSinceMs ?? this.schedule.nowMs);
      },
    });
    this.story.tell('collector', `starts (run ${this.#collectorRuns})`);
  }

  crashCollector(forMs: number): void {
    if (this.collector?.life.isAlive !== true) return;
    this.collector.kill();
    this.story.tell('collector', 'dies');
    this.faultUntil(this.schedule.nowMs + forMs);
    this.schedule.after(forMs, () => this.startCollector());
  }

  /** Everything the collector knew is gone, and with it what it can answer for. */
  loseDisk(): void {
    for (const held of Object.values(this.contents)) {
      if (held instanceof Map) held.clear();
      else if (Array.isArray(held)) held.length = 0;
    }
    this.contents.meta = null;
    this.acked.clear();
    this.vantages.clear();
    this.publishedSeenMs = null;
    this.seenMaterial.clear();
    this.heardMs.clear();
    this.known.clear();
    this.excusedSilence.clear();
    this.oracle.forgetReports();
    this.lostDisk = true;
    this.isTainted = false;
    // The rotation is started anew, and every step of it shown anew.
    this.faultUntil(this.schedule.nowMs + 3 * this.leaseMs + 1_200_000);
  }

  /** What the gates answer for, and no more. */
  promised(): Promised {
    return {
      signedUntilMs: this.switchDeclaredMs + this.plan.skewMs,
      lifetimeMs: Math.max(this.mostDeclaredTmaxMs ?? 0, this.oracle.reportedLifetimeMs),
    };
  }

  faultUntil(atMs: number): void {
    this.quietFromMs = Math.max(this.quietFromMs, atMs);
  }

  reach(anchor: Anchor): void {
    if (this.anchors.has(anchor)) return;
    this.anchors.set(anchor, this.schedule.nowMs);
    this.onAnchor(anchor);
  }

  violate(rule: string, message: string): void {
    this.violations.push({ rule, message, atMs: this.schedule.nowMs });
    this.story.tell('CHECK', `${rule}: ${message}`);
    // A comparison goes on to the end.
    if (!this.isCompared) this.isOver = true;
  }

  excuse(why: string): void {
    this.excused.set(why, (this.excused.get(why) ?? 0) + 1);
  }

  #verified(instance: Instance, token: Token, outcome: Outcome): void {
    this.presented += 1;
    if (!this.isCompared && instance.options.service.source !== 'proxy') {
      const row = `${token.hasKid ? token.key.kid : ''} ${outcome}`;
      this.truthCounts.set(row, (this.truthCounts.get(row) ?? 0) + 1);
    }
    this.traffic.judge(instance, token, outcome);
  }

  #noteHello(session: string, hello: Hello, accepted: ReadonlySet<number>): void {
    let handles = this.#handles.get(session);
    if (handles === undefined || session.startsWith('unary')) {
      handles = new Map();
      this.#handles.set(session, handles);
    }
    for (const { handle, id } of hello.verifiers) {
      if (!accepted.has(handle)) continue;
      handles.set(handle, verifierKey(id));
      this.known.add(id.instance);
      this.#noteBoot(verifierKey(id), hello.bootId);
    }
  }

  #noteBoot(verifier: string, bootId: string): void {
    const boots = this.#boots.get(verifier) ?? [];
    const at = boots.indexOf(bootId);
    if (at > BOOTS_KEPT_APART - 1) this.isCrowded = true;
    if (at >= 0) boots.splice(at, 1);
    boots.unshift(bootId);
    this.#boots.set(verifier, boots);
  }

  /** Nothing acked is lost: neither the stamp nor what the report said of accepted tokens. */
  #noteAck(session: string, report: Report, ack: Ack): void {
    const verifier = this.#handles.get(session)?.get(report.handle);
    if (verifier === undefined || ack.result !== 'applied') return;
    const before = this.acked.get(verifier);
    if (before !== undefined && !isNewer(report, before)) {
      this.violate(
        'order',
        `${verifier}: (${report.epoch}, ${report.seq}) was applied after (${before.epoch}, ${before.seq})`,
      );
    }
    this.acked.set(verifier, { epoch: report.epoch, seq: report.seq });
    const stored = this.contents.verifiers.get(verifier);
    const isStored =
      stored !== undefined &&
      (stored.epoch > report.epoch || (stored.epoch === report.epoch && stored.seq >= report.seq));
    if (!isStored)
      this.violate('acked_kept', `report ${report.seq} of ${verifier} was acked, not kept`);
    for (const row of report.counts) {
      if ((row.outcomes.ok ?? 0) === 0 || row.key.kind === 'other') continue;
      const kid = row.key.kind === 'kid' ? row.key.kid : null;
      const usage = [...this.contents.usage.values()].find((record) => record.kid === kid);
      if ((usage?.highestExpS ?? 0) < (row.highestExp ?? 0)) {
        this.violate(
          'acked_kept',
          `${verifier} was acked exp ${row.highestExp} of ${kid}, not kept`,
        );
      }
      this.#noteReported(kid, row);
    }
  }

  #noteSighting(vantage: string, keys: readonly KeyRef[], isKept: boolean): void {
    const { newKey, oldKey } = this.issuer;
    const runs = this.vantages.get(vantage) ?? { newRun: 0, oldMissedRun: 0 };
    const holds = (key: KeyRef): boolean =>
      keys.some(({ thumbprint }) => thumbprint === key.thumbprint);
    runs.newRun = holds(newKey) ? runs.newRun + 1 : 0;
    runs.oldMissedRun = holds(oldKey) ? 0 : runs.oldMissedRun + 1;
    this.vantages.set(vantage, runs);
    const everywhere = this.issuer.vantages.map((name) => this.vantages.get(name)?.newRun ?? 0);
    if (everywhere.some((run) => run === 0)) this.publishedSeenMs = null;
    else if (everywhere.every((run) => run > 1)) this.publishedSeenMs ??= this.schedule.nowMs;
    if (!isKept) return;
    for (const { kid, thumbprint } of keys) {
      if (kid === newKey.kid) this.seenMaterial.add(thumbprint);
    }
  }

  #noteReported(kid: string | null, row: KidCounts): void {
    const { oracle } = this;
    const trueMs = (unixS: number | null): number =>
      (unixS ?? 0) * 1_000 - EPOCH_MS - this.plan.issuerOffsetMs;
    const untilMs = trueMs(row.highestExp);
    if (kid === null) {
      oracle.reportedKidlessUntilMs = Math.max(oracle.reportedKidlessUntilMs, untilMs);
    }
    for (const [key, tokens] of [
      [this.issuer.oldKey, oracle.oldTokens],
      [this.issuer.newKey, oracle.newTokens],
    ] as const) {
      if (kid !== key.kid) continue;
      tokens.reportedUntilMs = Math.max(tokens.reportedUntilMs, untilMs);
      tokens.reportedSignedMs = Math.max(tokens.reportedSignedMs, trueMs(row.highestIat));
    }
    oracle.reportedLifetimeMs = Math.max(
      oracle.reportedLifetimeMs,
      (row.longestLifetimeS ?? 0) * 1_000,
    );
  }
}

export { ISSUER };
