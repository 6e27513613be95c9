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
import { ServiceOwners } from './service-owners.ts';
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
  lastVerdict: Verdict | undefined;

  /** Told right before each of these acts is done. */
  beforeSwitch: () => void = () => undefined;
  beforeRetire: () => void = () => undefined;
  readonly #pace: typeof PACE;
  readonly #goingBack: GoingBack;
  readonly #emergency: Emergency;
  readonly #operators: Operators;
  readonly #owners: ServiceOwners;

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
    this.#owners = new ServiceOwners(world, this.#chance, {
      rotationId: ROTATION,
      lastVerdict: () => this.lastVerdict,
      isBusy: () => this.#isBusy,
      nextNumber: () => ++this.#serial,
      act: desk.act,
      waive: (gate, checkId, validForMs) => this.#waive(gate, checkId, validForMs),
    });
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
    this.#owners.forgetWords();
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
    this.#world.signedAtRetireMs = oracle.oldTokens.reportedSignedMs;
    issuer.serve([issuer.newKey]);
    this.#enter('complete');
    this.#world.reach('retired');
    this.#world.installed = [issuer.newKey];
    for (const instance of this.#world.instances) this.install(instance);
  }

  install(instance: Instance): void {
    this.#owners.install(instance);
  }

  removeVerifier(service: string, instance: string): void {
    this.#owners.removeVerifier(service, instance);
  }

  #people(): void {
    const { issuer, sawReuse, anchors, schedule } = this.#world;
    if (this.phase === 'start' || this.phase === 'done' || this.phase === 'aborted') return;
    const isReused = this.lastVerdict?.checks.some(
      ({ id, status }) => id === 'key_identity' && status === 'fail',
    );
    if ((sawReuse || isReused === true) && this.#chance.is(0.05)) return this.#abort();
    if (this.phase === 'activate' || this.phase === 'retire' || this.phase === 'back') {
      this.#owners.vouchWhere('holds_new', (instance) =>
        instance.caches.every((cache) => cache.wouldAccept(issuer.newKey, false)),
      );
    }
    const gate = GATE_OF[this.phase];
    this.#operators.heed(this.lastVerdict, () => {
      if (gate !== undefined) this.#waive(gate, 'no_alert', 900_000);
    });
    const retiredMs = anchors.get('retired');
    if (this.phase !== 'complete' || retiredMs === undefined) return;
    this.#owners.vouchWhere('rejects_old', (instance) =>
      instance.caches.every((cache) => !cache.mayAccept(issuer.oldKey)),
    );
    if (schedule.nowMs - retiredMs > 300_000) this.#owners.helpPurge(retiredMs);
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
