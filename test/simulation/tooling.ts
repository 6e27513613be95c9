import type { Act, ActResult } from '@keyturn/collector/core/acts.ts';
import { containmentOf } from '@keyturn/collector/core/containment.ts';
import { GATES, type Gate, type Verdict } from '@keyturn/shared/model/verdict.ts';
import { Chance } from './chance.ts';
import { Checks } from './checks.ts';
import { Emergency } from './emergency.ts';
import type { People } from './faults.ts';
import { GoingBack } from './going-back.ts';
import type { Instance } from './instance.ts';
import { ISSUER } from './issuer.ts';
import { Operators } from './operators.ts';
import type { ServicePlan } from './plan.ts';
import { kindOf } from './policy.ts';
import type { World } from './world.ts';

type Phase = 'start' | 'publish' | 'activate' | 'retire' | 'back' | 'complete' | 'done' | 'aborted';

const GATE_OF: Readonly<Partial<Record<Phase, Gate>>> = {
  publish: 'publish',
  activate: 'activate',
  // The old key signs again.
  back: 'activate',
  retire: 'retire',
  complete: 'purge',
};

/** The rotation starts when everybody had time to report. */
const PACE = { warmUpMs: 240_000, pollMs: 10_000 };
const ROTATION = 'r-1';

/** The rotation tool, which follows the gates, and the people around it. */
export class Tooling implements People {
  phase: Phase = 'start';
  /** Since when the present phase lasts. */
  sinceMs = 0;
  readonly checks: Checks;
  /** What each gate last said, for the story. */
  readonly said = new Map<Gate, string>();
  readonly gateOpenMs = new Map<Gate, number>();
  readonly #world: World;
  readonly #chance: Chance;
  #isBusy = false;
  #containedMs = -Infinity;
  #serial = 0;
  /** Steps taken that a collector without its disk has still to be told of. */
  #redo: readonly ('publish' | 'activate')[] = [];
  readonly #attestedUntilMs = new Map<string, number>();
  lastVerdict: Verdict | undefined;
  /** The last verdict that people have answered. */
  #heededVerdict: Verdict | undefined;

  /** Told right before each of these acts is done. */
  beforeSwitch: () => void = () => undefined;
  beforeRetire: () => void = () => undefined;
  readonly #pace: typeof PACE;
  readonly #goingBack: GoingBack;
  readonly #emergency: Emergency;
  readonly #operators: Operators;

  constructor(world: World, pace: typeof PACE = PACE) {
    this.#world = world;
    this.#pace = pace;
    this.checks = new Checks(world);
    const desk = {
      checks: this.checks,
      verdict: (gate: Gate) => this.#verdict(gate),
      act: (act: Act, then: (result: ActResult) => void) => this.#act(act, then),
    };
    this.#goingBack = new GoingBack(world, desk, ROTATION);
    this.#emergency = new Emergency(world, desk, ROTATION);
    this.#operators = new Operators(world);
    this.#chance = new Chance(world.plan.seed, 'tooling');
  }

  get isAborted(): boolean {
    return this.phase === 'aborted';
  }

  start(): void {
    this.#world.schedule.after(this.#pace.warmUpMs, () => this.#poll());
    this.#world.onVerdicts = () => this.#look();
  }

  /** Runs a check on everything that is open now. */
  #look(): void {
    const { collector } = this.#world;
    const memos = collector?.engine.state().gates.get(ROTATION);
    const open = GATES.filter((gate) => memos?.get(gate)?.status === 'open');
    if (open.length === 0 || this.phase === 'done' || this.phase === 'aborted') return;
    if (this.#world.isCompared) return;
    this.checks.sample();
    for (const gate of open) if (this.#verdict(gate)?.status === 'open') this.checks.open(gate);
  }

  #poll(): void {
    this.checks.sample();
    if (!this.#world.isCompared) {
      this.checks.kept();
      this.checks.totals();
    }
    if (this.#collector() !== undefined) {
      this.#people();
      this.#step();
      if (this.#world.isCompared) return this.#again();
      this.#containment();
      const other = this.#chance.pick(GATES);
      if (this.phase !== 'start' && this.#verdict(other)?.status === 'open')
        this.checks.open(other);
    }
    this.#again();
  }

  #containment(): void {
    const { isTainted, schedule } = this.#world;
    const engine = this.#collector()?.engine;
    if (!isTainted || engine === undefined || schedule.nowMs - this.#containedMs < 60_000) return;
    this.#containedMs = schedule.nowMs;
    const rotation = engine.state().rotations.get(ROTATION);
    if (rotation === undefined || rotation.endedAtMs !== null) return;
    const nowMs = engine.nowMs();
    const told = containmentOf(engine.state(), rotation, { atMs: nowMs, earliestMs: nowMs });
    this.checks.containment(told.percent);
  }

  #again(): void {
    const delayMs = this.#pace.pollMs * this.#chance.between(0.8, 1.2);
    this.#world.schedule.after(delayMs, () => this.#poll());
  }

  #collector() {
    const { collector } = this.#world;
    return collector?.life.isAlive === true && !collector.life.isPaused ? collector : undefined;
  }

  #step(): void {
    if (this.#isBusy) return;
    if (this.phase === 'start') return this.#begin();
    const gate = GATE_OF[this.phase];
    if (gate === undefined) return;
    const verdict = this.#verdict(gate);
    this.lastVerdict = verdict;
    if (verdict === undefined && this.#world.lostDisk) return this.#startOver();
    const due = this.#redo[0];
    if (due !== undefined && verdict !== undefined) return this.#declareAgain(due);
    const collectorMs = this.#collector()?.engine.nowMs() ?? 0;
    if (verdict !== undefined && this.#emergency.tries(collectorMs)) return;
    if (this.phase === 'back') return this.#away();
    if (this.phase === 'retire' && this.#goingBack.tries(() => this.#enter('back'))) return;
    if (verdict?.status !== 'open') return;
    this.checks.open(gate);
    this.#declare();
  }

  #startAct(): Act {
    const { issuer, plan } = this.#world;
    return {
      type: 'start',
      id: ROTATION,
      by: 'tool',
      issuer: ISSUER,
      alg: issuer.newKey.alg,
      oldKid: plan.namesThumbprint || plan.keyKind === 'secret' ? issuer.oldKey.kid : null,
      newKid: issuer.newKey.kid,
      newThumbprint: plan.namesThumbprint ? issuer.newKey.thumbprint : null,
    };
  }

  #begin(): void {
    const { plan } = this.#world;
    this.#act(this.#startAct(), (result) => {
      const isThere = !result.ok && result.refusal.field === 'id';
      if (!result.ok && !isThere) return;
      this.#enter('publish');
      this.#world.reach('start');
      if (plan.waivesEarly) this.#waiveEarly();
    });
  }

  /** The collector knows nothing of the rotation: it is told anew, and so is each step taken. */
  #startOver(): void {
    if (this.phase === 'complete') {
      this.#world.story.tell(
        'people',
        'give up: nobody can show any more that the old key is gone',
      );
      return this.#enter('aborted');
    }
    this.#redo = (['publish', 'activate'] as const).slice(0, this.phase === 'retire' ? 2 : 1);
    if (this.phase === 'publish') this.#redo = [];
    this.#attestedUntilMs.clear();
    this.#act(this.#startAct(), () => undefined);
  }

  #declareAgain(step: 'publish' | 'activate'): void {
    if (this.#verdict(step)?.status !== 'open') return;
    const act: Act = {
      type: 'declare',
      by: 'tool',
      rotationId: ROTATION,
      step,
      overrideReason: null,
    };
    this.#act(act, (result) => {
      if (!result.ok) return;
      this.#redo = this.#redo.slice(1);
      this.sinceMs = this.#world.schedule.nowMs;
    });
  }

  #away(): void {
    this.#goingBack.waits(
      this.sinceMs,
      () => this.#enter('activate'),
      () => this.#enter('aborted'),
    );
  }

  #declare(): void {
    const step = this.phase;
    if (step === 'start' || step === 'back' || step === 'done' || step === 'aborted') return;
    const act: Act = {
      type: 'declare',
      by: 'tool',
      rotationId: ROTATION,
      step,
      overrideReason: null,
    };
    this.#act(act, (result) => {
      const isThere = !result.ok && result.refusal.code === 'conflict' && step === 'complete';
      if (!result.ok && !isThere) return;
      if (step === 'publish') this.#publish();
      else if (step === 'activate') this.#switch();
      else if (step === 'retire') this.#withdraw();
      else this.#enter('done');
    });
  }

  #publish(): void {
    const { issuer } = this.#world;
    issuer.serve([issuer.oldKey, issuer.newKey]);
    this.#enter('activate');
    this.#world.reach('published');
    this.#world.installed = [issuer.oldKey, issuer.newKey];
    for (const instance of this.#world.instances) this.install(instance);
  }

  #switch(): void {
    const { issuer, plan, schedule } = this.#world;
    this.beforeSwitch();
    for (const at of issuer.switchAtMs.keys()) {
      issuer.switchAtMs[at] =
        schedule.nowMs + (at === 0 ? 0 : this.#chance.between(0, plan.switchSpreadMs));
    }
    this.#world.switchDeclaredMs = schedule.nowMs;
    this.#enter('retire');
    this.#world.reach('activated');
  }

  #withdraw(): void {
    const { issuer, oracle } = this.#world;
    this.beforeRetire();
    this.#world.knownTmaxAtRetireMs = Math.max(
      this.#world.mostDeclaredTmaxMs ?? 0,
      oracle.reportedLifetimeMs,
    );
    this.#world.signedAtRetireMs = oracle.reportedSignedMs;
    issuer.serve([issuer.newKey]);
    this.#enter('complete');
    this.#world.reach('retired');
    this.#world.installed = [issuer.newKey];
    for (const instance of this.#world.instances) this.install(instance);
  }

  /** People put the keys of the day into what takes none by itself. */
  install(instance: Instance): void {
    const { schedule, story } = this.#world;
    if (instance.options.kind.behaviour.style !== 'static') return;
    schedule.after(this.#chance.between(...this.#world.plan.installMs), () => {
      const keys = this.#world.installed;
      instance.bakedIn = keys;
      if (instance.isUp) for (const cache of instance.caches) cache.configure(keys);
      const kids = keys.map(({ kid }) => kid).join(' and ');
      story.tell('people', `install ${kids} at ${instance.options.name}`);
    });
  }

  #people(): void {
    const { issuer, sawReuse, anchors, schedule } = this.#world;
    if (this.phase === 'start' || this.phase === 'done' || this.phase === 'aborted') return;
    const isReused = this.lastVerdict?.checks.some(
      ({ id, status }) => id === 'key_identity' && status === 'fail',
    );
    if ((sawReuse || isReused === true) && this.#chance.is(0.05)) return this.#abort();
    if (this.phase === 'activate' || this.phase === 'retire' || this.phase === 'back') {
      this.#attestWhere('holds_new', (instance) =>
        instance.caches.every((cache) => cache.wouldAccept(issuer.newKey, false)),
      );
    }
    const gate = GATE_OF[this.phase];
    this.#operators.heed(this.lastVerdict, () => {
      if (gate !== undefined) this.#waive(gate, 'no_alert', 900_000);
    });
    const retiredMs = anchors.get('retired');
    if (this.phase !== 'complete' || retiredMs === undefined) return;
    this.#attestWhere('rejects_old', (instance) =>
      instance.caches.every((cache) => !cache.mayAccept(issuer.oldKey)),
    );
    if (schedule.nowMs - retiredMs > 300_000) this.#helpPurge(retiredMs);
  }

  #attestWhere(fact: 'holds_new' | 'rejects_old', isSo: (instance: Instance) => boolean): void {
    const { plan, instances, schedule } = this.#world;
    const verdict = this.lastVerdict === this.#heededVerdict ? undefined : this.lastVerdict;
    this.#heededVerdict = this.lastVerdict;
    const attested = verdict?.checks.find(({ id }) => id === 'attested');
    const asked = attested?.status === 'fail' ? attested.offenders : [];
    for (const service of plan.services) {
      const key = `${service.name} ${fact}`;
      // What was said before an origin went back is asked again.
      if (asked.some((offender) => offender.service === service.name))
        this.#attestedUntilMs.delete(key);
      if (
        !(
          service.evidence === 'attested' ||
          (fact === 'rejects_old' && remembersTokens(service))
        ) ||
        (this.#attestedUntilMs.get(key) ?? 0) > schedule.nowMs ||
        this.#isBusy
      )
        continue;
      const own = instances.filter(
        (instance) => instance.options.service === service && !instance.isRemoved,
      );
      if (!own.every((instance) => instance.isUp && isSo(instance))) continue;
      const act: Act = {
        type: 'attest',
        id: `att-${++this.#serial}`,
        by: 'ada',
        rotationId: ROTATION,
        service: service.name,
        instance: null,
        fact,
        reason: 'looked at every instance',
        validForMs: 86_400_000,
      };
      if (fact === 'holds_new') this.#world.vouchedMs.set(service.name, schedule.nowMs);
      this.#act(act, (result) => {
        // Said again when it expires, or once somebody listens.
        this.#attestedUntilMs.set(key, schedule.nowMs + (result.ok ? 86_400_000 : 60_000));
      });
    }
  }

  /** What never drops the old key by itself is restarted; what shows nothing is vouched for. */
  #helpPurge(retiredMs: number): void {
    const { instances, issuer, schedule, story } = this.#world;
    // What is waived for one is waived for all.
    const { population } = this.#world;
    let all = (population?.trustOldPercent(schedule.nowMs) ?? 0) === 0;
    for (const instance of instances) {
      const { facts, name, service, kind } = instance.options;
      if (instance.isRemoved || service.evidence === 'attested') continue;
      const trusts = instance.caches.some((cache) => cache.mayAccept(issuer.oldKey));
      const isFixed = kind.behaviour.style === 'static';
      const keeps = trusts && facts.removedKeyAcceptedS === null && !isFixed;
      // It took remembered tokens after it had said that the secret is gone.
      const isOld = schedule.nowMs - instance.startedMs > 300_000;
      const isCalledOut = isOld && !trusts && remembersTokens(service) && this.#isSaidToHold(name);
      if (instance.isUp && (keeps || isCalledOut)) {
        story.tell('people', `restart ${name}, which keeps ${issuer.oldKey.kid}`);
        // From an image of the day, where it has keys of its own.
        if (!service.holdsSecrets) instance.bakedIn = null;
        instance.kill();
        instance.start();
        this.#world.excusedSilence.delete(name);
        this.#world.traffic.flow(instance);
      }
      if (trusts) all = false;
    }
    // Alerts are looked into by themselves.
    const blocked = this.lastVerdict?.checks.filter(
      ({ id, status }) => status !== 'pass' && status !== 'waived' && id !== 'no_alert',
    );
    const only = blocked?.length === 1 && blocked[0]?.id === 'drop_time_elapsed';
    if (all && only && blocked[0]?.clearsAtMs === null && schedule.nowMs - retiredMs > 600_000) {
      this.#waive('purge', 'drop_time_elapsed', 600_000);
    }
  }

  #isSaidToHold(name: string): boolean {
    const check = this.lastVerdict?.checks.find(({ id }) => id === 'old_key_dropped');
    const isIt = check?.offenders.some((o) => o.instance === name && o.state === 'holds_old');
    return isIt === true;
  }

  /** An instance that will not come back is said to be gone. */
  removeVerifier(service: string, instance: string): void {
    const { schedule } = this.#world;
    const cancel = schedule.after(60_000, () => this.removeVerifier(service, instance));
    this.#world.excusedSilence.add(instance);
    const act: Act = {
      type: 'remove_verifier',
      by: 'ada',
      service,
      instance,
      cache: null,
      reason: 'gone for good',
    };
    this.#act(act, (result) => {
      // Still called live, or the collector was restarted: tried again later.
      if (!result.ok && result.refusal.code !== 'not_found') return;
      cancel();
    });
  }

  #waiveEarly(): void {
    for (const checkId of ['new_key_known', 'fleet_heard', 'attested', 'time_elapsed']) {
      this.#waive('activate', checkId, 20_000);
    }
  }

  #waive(gate: Gate, checkId: string, validForMs: number): void {
    const act: Act = {
      type: 'waive',
      id: `wvr-${++this.#serial}`,
      by: 'ada',
      rotationId: ROTATION,
      gate,
      checkId,
      reason: 'knows better',
      validForMs,
    };
    this.#send(act, () => undefined);
  }

  /** I4: there is no second rotation for the same issuer and alg. */
  secondRotation(): void {
    if (this.phase === 'start' || this.phase === 'done' || this.phase === 'aborted') return;
    const act: Act = {
      type: 'start',
      id: 'r-2',
      by: 'another tool',
      issuer: ISSUER,
      alg: 'RS256',
      oldKid: this.#world.issuer.oldKey.kid,
      newKid: 'other',
      newThumbprint: null,
    };
    this.#send(act, (result) => {
      const ended = this.phase === 'done' || this.phase === 'aborted';
      if (result.ok && !ended) this.#world.violate('I4', 'a second rotation was opened');
    });
  }

  #abort(): void {
    const act: Act = {
      type: 'declare',
      by: 'ada',
      rotationId: ROTATION,
      step: 'abort',
      overrideReason: 'the kid was used before',
    };
    this.#act(act, (result) => {
      if (result.ok) this.#enter('aborted');
    });
  }

  #act(act: Act, then: (result: ActResult) => void): void {
    this.#isBusy = true;
    this.#send(act, (result) => {
      this.#isBusy = false;
      then(result);
    });
    // Nobody waits for ever for an answer that died with its process.
    this.#world.schedule.after(15_000, () => {
      this.#isBusy = false;
    });
  }

  #send(act: Act, then: (result: ActResult) => void): void {
    const collector = this.#collector();
    if (collector === undefined) return;
    const what = act.type === 'declare' ? `declare ${act.step}` : act.type;
    collector.ask(collector.engine.act(act), (result) => {
      if (result instanceof Error) return;
      const answer = result.ok ? 'done' : `refused: ${result.refusal.message}`;
      this.#world.story.tell(
        act.by,
        `${what} ${'service' in act ? act.service : ''}${'checkId' in act ? act.checkId : ''}: ${answer}`,
      );
      then(result);
    });
  }

  #verdict(gate: Gate): Verdict | undefined {
    const collector = this.#collector();
    if (collector === undefined) return undefined;
    const verdict = collector.engine.checkGate(ROTATION, gate);
    if (verdict === undefined) return undefined;
    if (!this.#world.story.isTold) return verdict;
    const reasons = verdict.checks
      .filter(({ status }) => status === 'fail' || status === 'unknown')
      .map(
        ({ id, offenders }) =>
          `${id}${offenders.length > 0 ? ` (${offenders.map((o) => `${o.instance || o.service} ${o.state}`).join(', ')})` : ''}`,
      );
    const said = `${verdict.status}${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`;
    if (this.said.get(gate) !== said) {
      this.said.set(gate, said);
      if (gate === GATE_OF[this.phase] || verdict.status === 'open') {
        this.#world.story.tell(`gate ${gate}`, said);
      }
    }
    if (verdict.status === 'open') {
      if (!this.gateOpenMs.has(gate)) this.gateOpenMs.set(gate, this.#world.schedule.nowMs);
    }
    return verdict;
  }

  #enter(phase: Phase): void {
    this.phase = phase;
    this.sinceMs = this.#world.schedule.nowMs;
    this.lastVerdict = undefined;
    this.#world.story.tell('rotation', `now: ${phase}`);
    if (phase === 'done' || phase === 'aborted') this.#world.isOver = true;
  }
}

/** Whatever secrets it says that it holds, what it accepted once it may accept again. */
function remembersTokens(service: ServicePlan): boolean {
  return service.holdsSecrets && kindOf(service).behaviour.tokenCacheMs > 0;
}
