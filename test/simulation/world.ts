import { emptyMemoryContents } from '@keyturn/collector/store/memory.ts';
import { leaseMs } from '@keyturn/collector/core/policy.ts';
import { type KeyRef, verifierKey } from '@keyturn/shared/model/ids.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { Ack, Hello, Report } from '@keyturn/shared/model/report.ts';
import { Chance } from './chance.ts';
import { CollectorProcess, type Disk } from './collector-process.ts';
import type { Anchor } from './fault-plan.ts';
import { Instance } from './instance.ts';
import { Issuer, ISSUER, type Token } from './issuer.ts';
import { factsOf } from './kinds.ts';
import { DELAY_MAX_MS, Link, type Weather } from './link.ts';
import { Oracle, type Promised } from './oracle.ts';
import type { ServicePlan, WorldPlan } from './plan.ts';
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
  readonly story: Story;
  readonly schedule: Schedule;
  readonly issuer: Issuer;
  readonly oracle = new Oracle();
  readonly traffic: Traffic;
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
  /** Verifiers of which a hello was answered, by name of the instance. */
  readonly known = new Set<string>();
  /** Latest moment an origin or edge served what it should not have. */
  lastRegressionMs = -Infinity;
  lastPauseMs = 0;
  /** When the tool last declared the switch, true time. */
  switchDeclaredMs = Infinity;
  /** Some origin has served a kid with other key material. */
  servedReuse = false;
  /** Thumbprints of the new kid that the collector has taken in. */
  readonly seenMaterial = new Set<string>();
  /** The collector's time has jumped over what its machine had slept: earlier moments look older. */
  hasJumped = false;
  /** More processes took turns under one name than the collector keeps apart. */
  isCrowded = false;
  /** Keys that people put into verifiers which fetch none. */
  installed: readonly KeyRef[];
  /** Longest lifetime declared or reported when the old key was withdrawn. */
  knownTmaxAtRetireMs = 0;
  onAnchor: (anchor: Anchor) => void = () => undefined;
  onVerdicts: () => void = () => undefined;
  isOver = false;
  presented = 0;
  refused = 0;
  readonly #handles = new Map<string, Map<number, string>>();
  /** Boot ids under one name, the latest first. */
  readonly #boots = new Map<string, string[]>();
  #collectorRuns = 0;

  constructor(plan: WorldPlan) {
    this.plan = plan;
    this.story = new Story(() => this.schedule.nowMs);
    this.schedule = new Schedule((atMs, serial) => this.story.note(atMs, serial));
    this.issuer = new Issuer(plan, this.schedule, new Chance(plan.seed, 'issuer'));
    this.installed = this.issuer.first.keys;
    this.collectorClock = { rate: plan.collectorRate, wallOffsetMs: plan.collectorOffsetMs };
    this.declaredTmaxMs = plan.declaredTmaxMs;
    this.mostDeclaredTmaxMs = plan.declaredTmaxMs;
    this.traffic = new Traffic(this);
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
    return this.leaseMs + 2_000 + DELAY_MAX_MS + 40_000 + this.lastPauseMs;
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
      onCrash: () => this.crashCollector(20_000),
      onAck: (session, report, ack) => this.#noteAck(session, report, ack),
      onHello: (session, hello, welcome) => {
        const accepted = new Set(
          welcome.assignments.filter(({ refused }) => refused === '').map(({ handle }) => handle),
        );
        this.#noteHello(session, hello, accepted);
      },
      onChange: () => this.onVerdicts(),
      onSighted: (keys) => {
        for (const { kid, thumbprint } of keys) {
          if (kid === this.issuer.newKey.kid) this.seenMaterial.add(thumbprint);
        }
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

  /** What the gates answer for, and no more. */
  promised(): Promised {
    return {
      switchDeclaredMs: this.switchDeclaredMs,
      skewMs: this.plan.skewMs,
      declaredTmaxMs: this.mostDeclaredTmaxMs,
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
    this.isOver = true;
  }

  excuse(why: string): void {
    this.excused.set(why, (this.excused.get(why) ?? 0) + 1);
  }

  #verified(instance: Instance, token: Token, outcome: Outcome): void {
    this.presented += 1;
    if (instance.options.service.source !== 'proxy') {
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
      this.#noteReported(kid, row.highestExp, row.longestLifetimeS);
    }
  }

  #noteReported(kid: string | null, expS: number | null, lifetimeS: number | null): void {
    const { oracle } = this;
    const untilMs = (expS ?? 0) * 1_000 - EPOCH_MS - this.plan.issuerOffsetMs;
    if (kid === null) {
      oracle.reportedKidlessUntilMs = Math.max(oracle.reportedKidlessUntilMs, untilMs);
    }
    if (kid === this.issuer.oldKey.kid) {
      oracle.reportedUntilMs = Math.max(oracle.reportedUntilMs, untilMs);
    }
    oracle.reportedLifetimeMs = Math.max(oracle.reportedLifetimeMs, (lifetimeS ?? 0) * 1_000);
  }
}

export { ISSUER };
