import { propagationOf } from '@keyturn/collector/core/observed/propagation.ts';
import type { RotationRecord } from '@keyturn/collector/core/records.ts';
import { GATES } from '@keyturn/shared/model/verdict.ts';
import { Chance } from './chance.ts';
import { Checks } from './checks.ts';
import type { People } from './faults.ts';
import { factsOf } from './kinds.ts';
import { Operators } from './operators.ts';
import { Oracle } from './oracle.ts';
import { FAILED_FETCH_MS, kindOf } from './policy.ts';
import type { World } from './world.ts';

const WARM_UP_MS = 240_000;
const POLL_MS = 10_000;
/** Before people restart what would keep the old key for ever. */
const PATIENCE_MS = 300_000;

type Doing = 'waits' | 'published' | 'switched' | 'removed' | 'taken_back' | 'over';

/** An issuer that rotates when it likes, and what is held against the rotation that opens by itself. */
export class Stranger implements People {
  isAborted = false;
  readonly #world: World;
  readonly #checks: Checks;
  /** Of every cache, with what it would fetch on demand: what `knowing` may count. */
  readonly #onDemand = new Oracle();
  readonly #chance: Chance;
  readonly #operators: Operators;
  #doing: Doing = 'waits';
  #sinceMs = 0;
  #said = '';
  #waivers = 0;

  constructor(world: World) {
    this.#world = world;
    this.#checks = new Checks(world);
    this.#operators = new Operators(world);
    this.#chance = new Chance(world.plan.seed, 'stranger');
  }

  start(): void {
    const { schedule } = this.#world;
    this.#world.onVerdicts = () => this.#look();
    schedule.after(WARM_UP_MS, () => {
      this.#world.reach('start');
      schedule.after(this.#chance.between(1_000, 300_000), () => this.#publish());
      this.#poll();
    });
  }

  /** Nobody here puts keys anywhere, or starts a rotation. */
  install(): void {
    return undefined;
  }

  secondRotation(): void {
    return undefined;
  }

  removeVerifier(service: string, instance: string): void {
    const { schedule, excusedSilence, collector } = this.#world;
    excusedSilence.add(instance);
    const cancel = schedule.after(60_000, () => this.removeVerifier(service, instance));
    if (collector?.life.isAlive !== true || collector.life.isPaused) return;
    const act = { type: 'remove_verifier', by: 'ada', service, instance, cache: null } as const;
    collector.ask(collector.engine.act({ ...act, reason: 'gone for good' }), (result) => {
      const isDone =
        !(result instanceof Error) && (result.ok || result.refusal.code === 'not_found');
      if (isDone) cancel();
    });
  }

  #publish(): void {
    const { issuer, plan, schedule } = this.#world;
    const { leadMs = null, triedMs = 0 } = plan.thirdParty ?? {};
    issuer.serve([issuer.oldKey, issuer.newKey]);
    this.#does('published', `publishes ${issuer.newKey.kid}`);
    this.#world.reach('published');
    if (leadMs !== null) return void schedule.after(leadMs, () => this.#switch());
    schedule.after(triedMs, () => {
      issuer.serve([issuer.oldKey]);
      this.#does('taken_back', `takes ${issuer.newKey.kid} back`);
    });
  }

  #switch(): void {
    const { issuer, plan, schedule } = this.#world;
    for (const at of issuer.switchAtMs.keys()) {
      const delayMs = at === 0 ? 0 : this.#chance.between(0, plan.switchSpreadMs);
      issuer.switchAtMs[at] = schedule.nowMs + delayMs;
    }
    this.#world.switchDeclaredMs = schedule.nowMs;
    this.#does('switched', `signs with ${issuer.newKey.kid}`);
    this.#world.reach('activated');
    schedule.after(plan.thirdParty?.overlapMs ?? 0, () => {
      issuer.serve([issuer.newKey]);
      this.#does('removed', `removes ${issuer.oldKey.kid}`);
      this.#world.reach('retired');
    });
  }

  #does(doing: Doing, what: string): void {
    this.#doing = doing;
    this.#sinceMs = this.#world.schedule.nowMs;
    this.#world.story.tell('issuer', what);
  }

  #poll(): void {
    const { schedule } = this.#world;
    this.#sample();
    this.#checks.kept();
    this.#checks.totals();
    this.#look();
    this.#people();
    this.#operate();
    this.#watchTime();
    schedule.after(POLL_MS * this.#chance.between(0.8, 1.2), () => this.#poll());
  }

  #sample(): void {
    const { instances, schedule, issuer } = this.#world;
    this.#checks.sample();
    for (const instance of instances) {
      const { name } = instance.options;
      const counts = instance.isUp && !instance.life.isPaused && this.#world.isKnown(instance);
      for (const [at, cache] of instance.caches.entries()) {
        const knows = !counts || cache.wouldAccept(issuer.newKey, true);
        this.#onDemand.saw(`${name}/${at}#${instances.indexOf(instance)}`, schedule.nowMs, {
          knowsNew: knows,
          knowsOld: false,
          refusesOld: true,
        });
      }
    }
  }

  /** The rotation that opened by itself, open or ended last. */
  #rotation(): RotationRecord | undefined {
    const { collector, issuer } = this.#world;
    if (collector?.life.isAlive !== true || collector.life.isPaused) return undefined;
    return [...collector.engine.state().rotations.values()]
      .filter(({ origin, newKid }) => origin === 'observed' && newKid === issuer.newKey.kid)
      .at(-1);
  }

  #look(): void {
    const rotation = this.#rotation();
    const { collector } = this.#world;
    if (rotation === undefined || collector === undefined || this.#world.isOver) return;
    this.#sample();
    if (rotation.endedAtMs !== null) return this.#ended(rotation);
    for (const gate of GATES) {
      const verdict = collector.engine.checkGate(rotation.id, gate);
      if (verdict?.status === 'open' && gate !== 'publish') this.#checks.open(gate);
    }
    this.#propagates(rotation);
  }

  #propagates(rotation: RotationRecord): void {
    const world = this.#world;
    const engine = world.collector?.engine;
    const told = engine && propagationOf(engine.state(), rotation, engine.nowMs());
    if (told == null) return;
    const line = `${told.knowing} of ${told.verifiers} know ${rotation.newKid}, risk ${told.risk}`;
    if (line !== this.#said) world.story.tell(rotation.id, line);
    this.#said = line;
    const lacking = this.#onDemand.without('knowsNew', world.schedule.nowMs - world.believedForMs);
    const heard = [...world.heardMs.keys()].map((verifier) => verifier.split('/')[1] ?? '');
    // Of an instance with several caches one that lacks the key is enough here.
    const instances = new Set(lacking.map((cache) => cache.replace(/\/\d+#\d+$/, '')));
    const known = [...instances].filter((name) => heard.includes(name));
    if (known.length === 0) return;
    if (!world.plan.seesEveryOrigin)
      return world.excuse('A3: origins the collector cannot tell apart');
    const names = known.join(', ');
    if (told.knowing > heard.length - known.length) {
      world.violate(
        'propagation',
        `${told.knowing} are said to know the key, and ${names} lack it`,
      );
    }
    if (told.risk === 'low') {
      world.violate('propagation', `the risk is said to be low, and ${names} lack the key`);
    }
  }

  /** Nobody declares its end: it is seen. */
  #ended({ outcome, endedBecause }: RotationRecord): void {
    const world = this.#world;
    if (outcome === 'completed') {
      const trusting = world.oracle.without(
        'refusesOld',
        world.schedule.nowMs - world.believedForMs,
      );
      if (this.#doing !== 'removed') {
        return world.violate(
          'observed',
          `completed although the issuer has not removed the old key`,
        );
      }
      if (trusting.length > 0 && !this.#isBeyond(trusting)) {
        return world.violate(
          'observed',
          `completed although ${trusting.join(', ')} accept the old key`,
        );
      }
    }
    const isSettled = outcome === 'completed' || this.#doing === 'taken_back';
    if (!isSettled) return;
    world.story.tell('rotation', `ended: ${outcome}: ${endedBecause}`);
    this.isAborted = outcome === 'aborted';
    this.#doing = 'over';
    world.isOver = true;
  }

  #isBeyond(caches: readonly string[]): boolean {
    return caches.every((cache) => this.#world.crowdedServices.has(cache.split('-')[0] ?? ''));
  }

  #people(): void {
    const { schedule, instances, issuer, story } = this.#world;
    if (this.#doing !== 'removed' || schedule.nowMs - this.#sinceMs < PATIENCE_MS) return;
    for (const instance of instances) {
      const { facts, name } = instance.options;
      const trusts = instance.caches.some((cache) => cache.mayAccept(issuer.oldKey));
      if (instance.isRemoved || !instance.isUp || !trusts || facts.removedKeyAcceptedS !== null)
        continue;
      story.tell('people', `restart ${name}, which keeps ${issuer.oldKey.kid}`);
      instance.bakedIn = null;
      instance.kill();
      instance.start();
      this.#world.excusedSilence.delete(name);
      this.#world.traffic.flow(instance);
    }
  }

  /** People look after the collector, by what the gate that ends it says. */
  #operate(): void {
    const { collector } = this.#world;
    const rotation = this.#rotation();
    if (rotation === undefined || collector === undefined || rotation.endedAtMs !== null) return;
    this.#operators.heed(collector.engine.checkGate(rotation.id, 'purge'), () => {
      const id = `wvr-${++this.#waivers}`;
      const waiver = { type: 'waive', id, by: 'ada', gate: 'purge', checkId: 'no_alert' } as const;
      const what = { rotationId: rotation.id, reason: 'looked into it', validForMs: 900_000 };
      collector.ask(collector.engine.act({ ...waiver, ...what }), () => undefined);
    });
  }

  /** It opens, and it ends, within stated times of the moment it truthfully could. */
  #watchTime(): void {
    const world = this.#world;
    const { schedule, plan, leaseMs } = world;
    const rotation = this.#rotation();
    const cachesMs = plan.originSpreadMs + plan.edges.reduce((sum, ms) => sum + ms, 0) + 60_000;
    const settleMs = cachesMs + 3 * leaseMs + 6 * plan.watchMs + 420_000;
    const fromMs = Math.max(this.#sinceMs, world.quietFromMs);
    const isOpen = rotation?.endedAtMs === null;
    const isDue = schedule.nowMs > fromMs + settleMs;
    if (this.#doing === 'published' || this.#doing === 'switched') {
      if (isDue && !isOpen) world.violate('observed', 'no rotation has opened for the new key');
    }
    if (this.#doing === 'taken_back' && isDue && isOpen) {
      world.violate('observed', 'the rotation is open although its key was taken back');
    }
    if (this.#doing !== 'removed' || schedule.nowMs <= fromMs + settleMs + this.#dropMs()) return;
    const purge = rotation && world.collector?.engine.checkGate(rotation.id, 'purge');
    const why = purge?.checks.filter(({ status }) => status === 'fail' || status === 'unknown');
    const reasons = why?.map(({ id, message }) => `${id}: ${message}`).join('; ');
    world.violate('liveness', `the rotation has not ended: ${reasons ?? 'there is none'}`);
  }

  #dropMs(): number {
    const { plan, mostAheadMs } = this.#world;
    const facts = plan.services.map((service) => factsOf(kindOf(service)));
    const longestS = Math.max(
      0,
      ...facts.map(
        ({ removedKeyAcceptedS, refreshS }) => (removedKeyAcceptedS ?? 0) + (refreshS ?? 0),
      ),
    );
    return longestS * 1_000 + mostAheadMs + FAILED_FETCH_MS + 2 * plan.tmaxMs + 1_800_000;
  }
}
