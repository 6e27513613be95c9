import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import { isAttributable, type Outcome } from '@keyturn/shared/model/outcome.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { createAgentEvents } from '../../agent/src/events.ts';
import type { AcceptedClaims, KeySetState, Ledger } from '../../agent/src/ledger/ledger.ts';
import { createLedger } from '../../agent/src/ledger/memory-ledger.ts';
import { createUplink, type Uplink } from '../../agent/src/uplink/uplink.ts';
import type { Present, Presented } from '../../agent/src/probe/present.ts';
import { Chance } from './chance.ts';
import { type Fetched, type Issuer, ISSUER, type KeyDocument, type Token } from './issuer.ts';
import { KeyCache } from './key-cache.ts';
import type { Kind } from './kinds.ts';
import type { Link } from './link.ts';
import type { Pace, ServicePlan } from './plan.ts';
import { clockOf, EPOCH_MS, Life, type ProcessClock, type Schedule } from './schedule.ts';

const FETCH_WITHIN_MS = 10_000;

export interface InstanceOptions {
  readonly schedule: Schedule;
  readonly seed: number;
  readonly service: ServicePlan;
  readonly kind: Kind;
  readonly facts: ProfileFacts;
  readonly name: string;
  readonly issuer: Issuer;
  readonly link: Link;
  readonly pace: Pace;
  /** False: nobody watches this verifier. */
  readonly hasAgent: boolean;
  /** Faults of the agent's clocks. */
  readonly agentClock: { rate: number; wallOffsetMs: number };
  /** How canaries reach one of its caches; null: they do not. */
  readonly present: ((instance: Instance, at: number, token: string) => Promise<Presented>) | null;
  /** A verification is over. */
  readonly onVerified: (instance: Instance, token: Token, outcome: Outcome) => void;
}

interface Pending {
  readonly kid: string | null;
  readonly outcome: Outcome;
  readonly claims: AcceptedClaims | null;
  readonly atMs: number;
}

/** One instance of a service: its verifying process, its caches and the agent that speaks for it. */
export class Instance {
  readonly options: InstanceOptions;
  readonly caches: KeyCache[] = [];
  life: Life;
  agentLife: Life;
  agentClock: ProcessClock;
  /** True once the instance is gone for good. */
  isRemoved = false;
  runs = 0;
  startedMs = -Infinity;
  /** Keys it starts with instead of none, every time. */
  bakedIn: readonly KeyRef[] | null = null;
  readonly #chance: Chance;
  #ledgers: Ledger[] = [];
  #uplink: Uplink | null = null;
  #unpushed: Pending[][] = [];
  #proxied: { document: KeyDocument; dataAtMs: number; attemptAtMs: number } | null = null;
  #proxyFailures = 0;
  #servedAtMs: number | null = null;
  #served: KeyDocument | null = null;
  #pushedAtMs = -Infinity;

  constructor(options: InstanceOptions) {
    this.options = options;
    this.#chance = new Chance(options.seed, `instance ${options.name}`);
    this.life = new Life(options.schedule);
    this.agentLife = this.life;
    this.agentClock = clockOf(options.schedule, this.life, options.agentClock);
  }

  get isUp(): boolean {
    return this.life.isAlive && this.runs > 0;
  }

  get uplink(): Uplink | null {
    return this.#uplink;
  }

  /** One process that verifies, and its agent: in the same process, or beside it. */
  start(): void {
    this.runs += 1;
    this.startedMs = this.options.schedule.nowMs;
    this.life = new Life(this.options.schedule);
    this.#startCaches();
    const { tellsAfterMs } = this.options.service;
    if (tellsAfterMs > 0)
      this.options.schedule.after(tellsAfterMs, () => this.observe(), this.life);
    if (this.options.service.source === 'in_process') this.startAgent();
    else if (!this.agentLife.isAlive || this.#uplink === null) this.startAgent();
    if (this.options.service.source === 'pushed')
      this.#every(this.options.pace.pushEveryMs, this.life, () => this.#push());
  }

  startAgent(): void {
    const { schedule, service, kind, link, agentClock, hasAgent } = this.options;
    if (!hasAgent) return;
    const inProcess = service.source === 'in_process';
    const life = inProcess ? this.life : new Life(schedule);
    this.agentLife = life;
    this.agentClock = clockOf(schedule, life, agentClock);
    this.#proxied = null;
    this.#proxyFailures = 0;
    this.#servedAtMs = null;
    this.#served = null;
    this.#ledgers = this.#ids().map((id) =>
      createLedger({ id, profile: kind.profile, source: service.source, issuers: [ISSUER] }),
    );
    const bootId = `${this.options.name}-${this.#chance.next().toString(16).slice(2, 14)}`;
    this.#uplink = createUplink({
      dial: (mode, events) => link.dial(mode, bootId, life, events),
      presenterOf: (ledger) => this.#presenterOf(ledger),
      collector: 'collector',
      agentVersion: '0.0.0',
      clock: this.agentClock,
      random: this.#chance.next,
      events: createAgentEvents((event) => {
        if (event.kind === 'fault') throw new Error(`${event.where}: ${event.message}`);
      }),
      bootId,
    });
    for (const ledger of this.#ledgers) this.#uplink.add(ledger);
    const { nudgeEveryMs, pushEveryMs, proxyFreshMs } = this.options.pace;
    if (inProcess) this.#every(nudgeEveryMs, life, () => this.#nudge());
    if (service.source === 'pushed') this.#every(pushEveryMs, life, () => this.#checkPushes());
    if (service.source === 'proxy') this.#every(proxyFreshMs, life, () => this.#refreshProxy());
    this.observe();
  }

  /** kill -9 of the verifying process. */
  kill(): void {
    this.life.kill();
    if (this.options.service.source === 'in_process') this.#dropUplink();
  }

  /** kill -9 of the sidecar. */
  killAgent(): void {
    if (this.options.service.source === 'in_process') return this.kill();
    this.agentLife.kill();
    this.#dropUplink();
  }

  /** A clean stop: the agent says goodbye. */
  stop(then: () => void): void {
    const { schedule } = this.options;
    if (this.options.service.source !== 'in_process') this.life.kill();
    void this.#uplink?.close('stopped');
    schedule.after(3_000, () => {
      this.life.kill();
      this.agentLife.kill();
      this.#dropUplink();
      then();
    });
  }

  /** Presents a token to one of the caches. */
  verify(token: Token): void {
    const at = this.#chance.whole(0, this.caches.length - 1);
    const cache = this.caches[at];
    if (cache === undefined || !this.life.isAlive) return;
    cache.decide(token, (found) => {
      if (!this.life.isAlive) return;
      const isExpired = this.wallMs() > token.expS * 1_000 + this.options.service.leewayMs;
      const outcome = outcomeOf(found, isExpired);
      if (outcome === 'ok') cache.remember(token, this.validUntilMs(token));
      this.#count(at, token, outcome);
      this.options.onVerified(this, token, outcome);
    });
  }

  /** True time until which this verifier takes the token, as far as dates go. */
  validUntilMs(token: Token): number {
    const { leewayMs, clockOffsetMs } = this.options.service;
    return token.expS * 1_000 + leewayMs - EPOCH_MS - clockOffsetMs;
  }

  wallMs(): number {
    return EPOCH_MS + this.options.schedule.nowMs + this.options.service.clockOffsetMs;
  }

  /** Puts what the caches hold into the ledgers, as the observer of this source does. */
  observe(): void {
    const { source } = this.options.service;
    if (source === 'pushed' || this.#uplink === null || !this.agentLife.isAlive) return;
    for (const [at, ledger] of this.#ledgers.entries()) {
      if (source === 'proxy') this.#tell(ledger, this.#proxyState());
      else if (this.options.service.holdsSecrets) this.#tellSecrets(ledger, at);
      else this.#tell(ledger, this.#stateOf(at));
    }
  }

  #startCaches(): void {
    const { kind, schedule, issuer, service } = this.options;
    const { behaviour } = kind;
    const { life } = this;
    this.caches.length = 0;
    this.#unpushed = [];
    for (let at = 0; at < behaviour.workers; at += 1) {
      this.#unpushed.push([]);
      const cache = new KeyCache(behaviour, {
        nowMs: () => schedule.nowMs,
        after: (delayMs, run) => void schedule.after(delayMs, run, life),
        fetch: (then) => this.#fetch((fetched) => this.#soon(0, () => then(fetched), life)),
        changed: () => {
          if (this.caches[at] === cache && service.source === 'in_process') this.observe();
        },
        wouldServe: (thumbprint) => this.#wouldServe(thumbprint),
      });
      this.caches.push(cache);
    }
    const initial =
      behaviour.style === 'static' ? (this.bakedIn ?? issuer.first.keys) : this.bakedIn;
    for (const cache of this.caches) cache.start(initial);
  }

  #fetch(then: (fetched: Fetched) => void): void {
    const { issuer, service, schedule } = this.options;
    if (service.source === 'proxy' && this.options.hasAgent) {
      if (this.options.pace.isInstant && !this.agentLife.isPaused) {
        return this.#fetchFromProxy(then);
      }
      let isOver = false;
      const once = (fetched: Fetched): void => {
        if (isOver) return;
        isOver = true;
        cancel();
        then(fetched);
      };
      // A sidecar that dies or stands still leaves its callers waiting.
      const cancel = schedule.after(FETCH_WITHIN_MS, () => once({ ok: false, error: 'timeout' }));
      return this.#fetchFromProxy(once);
    }
    issuer.fetch(service.edge, then, this.#chance.between(10, 150));
  }

  #fetchFromProxy(then: (fetched: Fetched) => void): void {
    const { schedule } = this.options;
    const { agentLife } = this;
    if (!agentLife.isAlive) {
      this.#soon(1, () => then({ ok: false, error: 'network' }), this.life);
      return;
    }
    const answer = (): void => {
      if (!agentLife.isAlive || this.#proxied === null) {
        return then({ ok: false, error: agentLife.isAlive ? 'status' : 'network' });
      }
      this.#served = this.#proxied.document;
      this.#servedAtMs = schedule.nowMs;
      this.observe();
      then({
        ok: true,
        document: this.#proxied.document,
        ageMs: schedule.nowMs - this.#proxied.dataAtMs,
      });
    };
    const ask = (): void => {
      const { nowMs } = schedule;
      const freshMs = this.options.pace.proxyFreshMs / 2;
      if (this.#proxied !== null && nowMs - this.#proxied.attemptAtMs < freshMs) answer();
      else this.#refreshProxy(answer);
    };
    this.#soon(1, ask, agentLife);
  }

  #refreshProxy(then: () => void = () => undefined): void {
    const { schedule, issuer, service } = this.options;
    const { agentLife } = this;
    const take = (fetched: Fetched): void => {
      const { nowMs } = schedule;
      if (fetched.ok) {
        const dataAtMs = nowMs - fetched.ageMs;
        this.#proxied = { document: fetched.document, dataAtMs, attemptAtMs: nowMs };
        this.#proxyFailures = 0;
      } else this.#proxyFailures += 1;
      this.observe();
      then();
    };
    const latencyMs = this.#chance.between(10, 150);
    issuer.fetch(
      service.edge,
      (fetched) => this.#soon(0, () => take(fetched), agentLife),
      latencyMs,
    );
  }

  #wouldServe(thumbprint: string): boolean {
    const { issuer, service, schedule } = this.options;
    const fresh = service.source === 'proxy' ? this.#proxied : null;
    if (fresh !== null && schedule.nowMs - fresh.attemptAtMs < this.options.pace.proxyFreshMs / 2) {
      return fresh.document.keys.some((key) => key.thumbprint === thumbprint);
    }
    return issuer.wouldServe(service.edge, thumbprint);
  }

  #count(at: number, token: Token, outcome: Outcome): void {
    const { service, schedule } = this.options;
    if (service.source === 'proxy' || !this.options.hasAgent) return;
    const counted: Pending = {
      kid: token.hasKid ? token.key.kid : null,
      outcome,
      claims:
        outcome === 'ok' ? { iatS: token.hasIat ? token.iatS : null, expS: token.expS } : null,
      atMs: schedule.nowMs,
    };
    if (service.source === 'pushed') this.#unpushed[at]?.push(counted);
    else if (this.agentLife.isAlive) this.#take(this.#ledgers[at], counted);
  }

  #take(ledger: Ledger | undefined, { kid, outcome, claims, atMs }: Pending): void {
    if (ledger === undefined) return;
    const before = ledger.revision;
    ledger.count(ISSUER, kid, outcome, claims, this.#agentMs(atMs));
    if (ledger.revision === before) return;
    this.#uplink?.changed(ledger, isAttributable(outcome) ? 'now' : 'soon');
  }

  #push(): void {
    const { schedule } = this.options;
    if (!this.agentLife.isAlive || this.agentLife.isPaused || this.#uplink === null) return;
    this.#pushedAtMs = schedule.nowMs;
    for (const [at, ledger] of this.#ledgers.entries()) {
      for (const counted of this.#unpushed[at]?.splice(0) ?? []) this.#take(ledger, counted);
      ledger.toldAt(this.agentClock.monotonicMs());
      if (this.options.service.holdsSecrets) this.#tellSecrets(ledger, at);
      else this.#tell(ledger, this.#stateOf(at));
      // A push ends a silence, whether or not anything changed.
      this.#uplink.changed(ledger, 'soon');
    }
  }

  #checkPushes(): void {
    const { schedule, pace } = this.options;
    // The sidecar calls the verifier silent.
    if (schedule.nowMs - this.#pushedAtMs < 3 * pace.pushEveryMs) return;
    for (const ledger of this.#ledgers) this.#uplink?.silence(ledger);
  }

  #nudge(): void {
    for (const [at, ledger] of this.#ledgers.entries()) {
      const cache = this.caches[at];
      if (cache === undefined || ledger.missing(ISSUER).length === 0) continue;
      if (!cache.isCoolingDown()) cache.reload();
    }
  }

  #tell(ledger: Ledger, state: KeySetState | null): void {
    if (state === null) return;
    const before = ledger.revision;
    ledger.setKeys(ISSUER, state);
    if (ledger.revision !== before) this.#uplink?.changed(ledger, 'soon');
  }

  #tellSecrets(ledger: Ledger, at: number): void {
    if (this.options.schedule.nowMs < this.startedMs + this.options.service.tellsAfterMs) return;
    const before = ledger.revision;
    // Ids are all that is ever told of secrets; in a world they are told apart like keys.
    const keys = (this.caches[at]?.keys ?? []).map((key) => ({ ...key, thumbprint: '' }));
    ledger.setSecrets(ISSUER, { keys, toldAtMs: this.agentClock.monotonicMs() });
    if (ledger.revision !== before) this.#uplink?.changed(ledger, 'soon');
  }

  #stateOf(at: number): KeySetState | null {
    const cache = this.caches[at];
    if (cache === undefined) return null;
    return {
      keys: cache.keys,
      dataAtMs: this.#agentMsOrNull(cache.dataAtMs),
      attemptAtMs: this.#agentMsOrNull(cache.attemptAtMs),
      consecutiveFailures: cache.failures,
      lastError: cache.lastError,
      nextRefreshAtMs: null,
      cooldownUntilMs: null,
      documentSha256: null,
      servedAtMs: null,
    };
  }

  #proxyState(): KeySetState | null {
    if (this.#proxied === null && this.#proxyFailures === 0) return null;
    return {
      keys: this.#served?.keys ?? [],
      dataAtMs: this.#served === null ? null : this.#agentMsOrNull(this.#proxied?.dataAtMs ?? null),
      attemptAtMs: this.agentClock.monotonicMs(),
      consecutiveFailures: this.#proxyFailures,
      lastError: this.#proxyFailures > 0 ? 'status' : null,
      nextRefreshAtMs: null,
      cooldownUntilMs: null,
      documentSha256: null,
      servedAtMs: this.#agentMsOrNull(this.#servedAtMs),
    };
  }

  /** A true moment by the agent's monotonic clock. */
  #agentMs(trueMs: number): number {
    const ageMs = this.options.schedule.nowMs - trueMs;
    return this.agentClock.monotonicMs() - ageMs;
  }

  #agentMsOrNull(trueMs: number | null): number | null {
    return trueMs === null ? null : this.#agentMs(trueMs);
  }

  /** Goes on after a delay, or at once where delays do not matter. */
  #soon(delayMs: number, run: () => void, life: Life): void {
    const isNow = this.options.pace.isInstant && life.isAlive && !life.isPaused;
    if (isNow) run();
    else this.options.schedule.after(delayMs, run, life);
  }

  #every(meanMs: number, life: Life, run: () => void): void {
    const { schedule } = this.options;
    const again = (): void => {
      run();
      schedule.after(meanMs * this.#chance.between(0.9, 1.1), again, life);
    };
    schedule.after(this.#chance.between(0, meanMs), again, life);
  }

  #ids(): VerifierId[] {
    const { kind, service, name } = this.options;
    const { workers } = kind.behaviour;
    const perWorker = service.source !== 'proxy' && workers > 1;
    const caches = perWorker
      ? Array.from({ length: workers }, (_, at) => `worker-${at}`)
      : ['keys'];
    return caches.map((cache) => ({ service: service.name, instance: name, cache }));
  }

  #presenterOf(ledger: Ledger): Present | undefined {
    const { present } = this.options;
    if (present === null) return undefined;
    const at = Math.max(0, this.#ledgers.indexOf(ledger));
    return (token) => present(this, at, token);
  }

  #dropUplink(): void {
    this.#uplink = null;
    this.options.link.died(this.agentLife);
  }
}

function outcomeOf(found: Outcome, isExpired: boolean): Outcome {
  if (!isExpired) return found;
  if (found === 'ok') return 'expired';
  return found === 'unknown_kid' ? 'unknown_kid_expired_token' : found;
}
