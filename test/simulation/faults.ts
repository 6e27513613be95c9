import { Chance } from './chance.ts';
import type { Anchor, FaultPlan } from './fault-plan.ts';
import type { Instance } from './instance.ts';
import { keyOf } from './issuer.ts';
import type { World } from './world.ts';

/** What faults need of the people and tools around a world. */
export interface People {
  /** Puts keys of the day into an instance that fetches none. */
  install(instance: Instance): void;
  /** Says that an instance will not come back. */
  removeVerifier(service: string, instance: string): void;
  /** Another tool starts a rotation of the same issuer. */
  secondRotation(): void;
}

/** Lets the planned faults strike, each some time after its step of the rotation. */
export class Faults {
  readonly #world: World;
  readonly #tooling: People;
  #serial = 0;

  constructor(world: World, tooling: People) {
    this.#world = world;
    this.#tooling = tooling;
  }

  arm(): void {
    this.#world.onAnchor = (anchor) => this.#after(anchor);
  }

  #after(anchor: Anchor): void {
    const { plan, schedule } = this.#world;
    for (const fault of plan.faults) {
      if (fault.anchor !== anchor) continue;
      schedule.after(fault.afterMs, () => {
        if (!this.#world.isOver) this.#strike(fault);
      });
    }
  }

  #strike(fault: FaultPlan): void {
    const world = this.#world;
    const { schedule, story, issuer, disk } = world;
    const untilMs = schedule.nowMs + fault.forMs;
    const forS = `${Math.round(fault.forMs / 1_000)} s`;
    const tell = (what: string): void => story.tell('FAULT', what);
    const instance = this.#target(fault);
    const link = instance === undefined ? undefined : world.links.get(instance);
    const name = instance?.options.name ?? 'nobody';
    world.faultUntil(untilMs);
    switch (fault.kind) {
      case 'drop':
      case 'duplicate':
      case 'delay':
      case 'reorder': {
        const { kind } = fault;
        world.weather[kind] = 0.02 + 0.4 * fault.amount;
        tell(`${kind} of messages at ${Math.round(100 * world.weather[kind])} % for ${forS}`);
        schedule.after(fault.forMs, () => {
          world.weather[kind] = 0;
        });
        return;
      }
      case 'partition':
        if (link === undefined) return;
        link.cutUp = fault.amount < 0.7;
        link.cutDown = fault.amount > 0.3;
        tell(
          `${name} is cut off ${link.cutUp ? 'up' : ''}${link.cutDown ? 'down' : ''} for ${forS}`,
        );
        schedule.after(fault.forMs, () => {
          link.cutUp = false;
          link.cutDown = false;
        });
        return;
      case 'half_open':
        if (link === undefined) return;
        link.halfOpen = true;
        tell(`ends of connections of ${name} go unnoticed for ${forS}`);
        schedule.after(fault.forMs, () => {
          link.halfOpen = false;
        });
        return;
      case 'pause_agent':
        tell(`the agent of ${name} stands still for ${forS}`);
        return instance?.agentLife.pause(fault.forMs, fault.amount < 0.3);
      case 'pause_collector':
      case 'sleep_collector':
        tell(`the collector stands still for ${forS}`);
        world.pauses.push({ endMs: untilMs, forMs: fault.forMs });
        return world.collector?.life.pause(fault.forMs, fault.kind === 'sleep_collector');
      case 'kill_agent':
        if (instance === undefined) return;
        tell(`the agent of ${name} is killed for ${forS}`);
        instance.killAgent();
        schedule.after(fault.forMs, () => this.#restartAgent(instance));
        return;
      case 'kill_verifier':
      case 'restart_with_old_keys':
        if (instance === undefined) return;
        return this.#restart(instance, fault);
      case 'replace_instance':
        if (instance === undefined) return;
        return this.#replace(instance, fault);
      case 'stop_and_return':
        if (instance === undefined || instance.options.service.source !== 'in_process') return;
        tell(`${name} stops cleanly for ${forS}`);
        return instance.stop(() => {
          world.excusedSilence.add(name);
          schedule.after(fault.forMs, () => this.#run(instance));
        });
      case 'kill_collector':
        tell('the collector is killed');
        return world.crashCollector(Math.min(fault.forMs, 600_000));
      case 'crash_in_commit':
        disk.crash = 'before';
        return tell('the collector will die in its next commit');
      case 'crash_after_commit':
        disk.crash = 'after';
        return tell('the collector will die right after its next commit');
      case 'disk_full':
        disk.fullUntilMs = untilMs;
        return tell(`the collector's disk is full for ${forS}`);
      case 'collector_clock_step': {
        const stepMs = (fault.amount < 0.5 ? -fault.amount : fault.amount) * 5_400_000;
        world.collectorClock.wallOffsetMs += stepMs;
        world.collector?.clock.stepWall(stepMs);
        tell(`the collector's wall clock steps by ${Math.round(stepMs / 1_000)} s`);
        schedule.after(fault.forMs, () => {
          world.collectorClock.wallOffsetMs -= stepMs;
          world.collector?.clock.stepWall(-stepMs);
          story.tell('collector', 'its wall clock is set right');
        });
        return;
      }
      case 'collector_clock_drift':
        world.collectorClock.rate = 1 + (fault.amount - 0.5) * 0.002;
        tell(
          `the collector's clock drifts by ${((fault.amount - 0.5) * 0.2).toFixed(3)} %, once restarted`,
        );
        return world.crashCollector(2_000);
      case 'agent_clock_step':
        tell(`the wall clock of the agent of ${name} steps`);
        return instance?.agentClock.stepWall((fault.amount - 0.5) * 7_200_000);
      case 'agent_clock_drift':
        if (instance === undefined) return;
        instance.options.agentClock.rate = 1 + (fault.amount - 0.5) * 0.02;
        tell(`the clock of the agent of ${name} drifts from its next start`);
        return;
      case 'stale_edge': {
        const edge = issuer.edges[Math.floor(fault.target * issuer.edges.length)];
        if (edge === undefined) return;
        edge.staleUntilMs = untilMs;
        world.lastRegressionMs = Math.max(world.lastRegressionMs, untilMs);
        return tell(`an edge keeps what it has for ${forS}`);
      }
      case 'regressing_origin': {
        const origin = issuer.origins[Math.floor(fault.target * issuer.origins.length)];
        if (origin === undefined) return;
        origin.old = issuer.first;
        world.lastRegressionMs = Math.max(world.lastRegressionMs, untilMs);
        tell(`an origin serves its first document for ${forS}`);
        schedule.after(fault.forMs, () => {
          origin.old = null;
        });
        return;
      }
      case 'jwks_5xx':
        issuer.downUntilMs = untilMs;
        return tell(`the JWKS endpoint answers 503 for ${forS}`);
      case 'jwks_hang':
        issuer.hangsUntilMs = untilMs;
        return tell(`the JWKS endpoint hangs for ${forS}`);
      case 'kid_reuse': {
        const origin = issuer.origins[0];
        if (origin === undefined || !world.anchors.has('published')) return;
        world.servedReuse = true;
        origin.old = { version: 99, keys: [issuer.oldKey, keyOf(issuer.newKey.kid, 'c')] };
        tell(`an origin serves other key material as ${issuer.newKey.kid} for ${forS}`);
        schedule.after(fault.forMs, () => {
          origin.old = null;
        });
        return;
      }
      case 'late_signer': {
        const at = Math.floor(fault.target * issuer.switchAtMs.length);
        const chance = new Chance(world.plan.seed, 'late');
        const delayMs = chance.between(60_000, 1_200_000);
        const due = issuer.switchAtMs[at];
        // One that has switched already goes back: a replica restarted with an old configuration.
        if (due === undefined || due === Infinity) return;
        issuer.switchAtMs[at] = Math.max(due, schedule.nowMs) + delayMs;
        world.faultUntil(schedule.nowMs + delayMs);
        return tell(`a signer goes on with the old key for ${Math.round(delayMs / 1_000)} s`);
      }
      case 'longer_tokens':
        issuer.lifetimeFactor = 1 + 2 * fault.amount;
        tell(`tokens live ${issuer.lifetimeFactor.toFixed(1)} times as long, for ${forS}`);
        schedule.after(fault.forMs, () => {
          issuer.lifetimeFactor = 1;
        });
        return;
      case 'duplicate_identity':
        if (instance === undefined) return;
        return this.#clone(instance, fault);
      case 'scale_up_with_old_keys': {
        if (instance === undefined) return;
        const more = world.addInstance(instance.options.service, this.#newName(instance));
        more.bakedIn = issuer.first.keys;
        tell(`${more.options.name} joins with the keys of its image`);
        if (instance.options.service.declaredInstances !== null) {
          world.crowdedServices.add(instance.options.service.name);
        }
        return this.#run(more);
      }
      case 'lose_disk':
        tell('the collector is killed, and its disk is gone');
        world.crashCollector(Math.min(fault.forMs, 600_000));
        return world.loseDisk();
      case 'second_rotation':
        tell('another tool starts a rotation');
        return this.#tooling.secondRotation();
    }
  }

  #target(fault: FaultPlan): Instance | undefined {
    const up = this.#world.instances.filter(
      (instance) =>
        instance.isUp &&
        !instance.isRemoved &&
        // Nothing tells of what else happens to whom nobody sees.
        (instance.options.hasAgent || fault.kind === 'kill_verifier'),
    );
    return up[Math.floor(fault.target * up.length)];
  }

  #run(instance: Instance): void {
    if (instance.isRemoved || instance.isUp) return;
    instance.start();
    this.#world.excusedSilence.delete(instance.options.name);
    this.#world.traffic.flow(instance);
    this.#tooling.install(instance);
    this.#world.story.tell(instance.options.name, 'is up');
  }

  #restartAgent(instance: Instance): void {
    if (instance.isRemoved) return;
    if (instance.options.service.source === 'in_process') return this.#run(instance);
    if (!instance.agentLife.isAlive) instance.startAgent();
  }

  #restart(instance: Instance, fault: FaultPlan): void {
    const { name, kind, service } = instance.options;
    const isFixed = kind.behaviour.style === 'static' && !service.holdsSecrets;
    const withOld = fault.kind === 'restart_with_old_keys' && !isFixed;
    if (withOld) instance.bakedIn = this.#world.issuer.first.keys;
    this.#world.story.tell(
      'FAULT',
      `${name} is killed${withOld ? ', to return with old keys' : ''}`,
    );
    instance.kill();
    this.#world.schedule.after(fault.forMs, () => this.#run(instance));
  }

  /** What an autoscaler does: one is gone without a word, another comes under a new name. */
  #replace(instance: Instance, fault: FaultPlan): void {
    const world = this.#world;
    const { name, service } = instance.options;
    instance.isRemoved = true;
    instance.kill();
    instance.killAgent();
    const next = world.addInstance(service, this.#newName(instance));
    if (instance.options.kind.behaviour.style === 'static') next.bakedIn = world.installed;
    world.story.tell('FAULT', `${name} is gone for good, ${next.options.name} takes its place`);
    world.schedule.after(Math.min(fault.forMs, 30_000), () => this.#run(next));
    if (service.declaredInstances !== null && service.evidence !== 'attested') return;
    world.schedule.after(world.leaseMs + 60_000, () =>
      this.#tooling.removeVerifier(service.name, name),
    );
    world.faultUntil(world.schedule.nowMs + world.leaseMs + 240_000);
  }

  /** A copy of a machine: two processes under one name. */
  #clone(instance: Instance, fault: FaultPlan): void {
    const world = this.#world;
    const { service, kind, name } = instance.options;
    const clone = world.addInstance(service, name);
    if (kind.behaviour.style === 'static') clone.bakedIn = instance.bakedIn;
    if ((clone.bakedIn === null || service.holdsSecrets) && fault.amount < 0.5)
      clone.bakedIn = world.issuer.first.keys;
    world.story.tell('FAULT', `a second ${name} runs`);
    this.#run(clone);
    const lifeMs = 300_000 + 2 * fault.forMs;
    world.schedule.after(lifeMs, () => {
      clone.isRemoved = true;
      world.story.tell('FAULT', `the second ${name} stops`);
      clone.stop(() => undefined);
    });
    // Until the last of the two says hello again, and is believed to be alone.
    world.faultUntil(world.schedule.nowMs + lifeMs + 1_600_000);
  }

  #newName(instance: Instance): string {
    this.#serial += 1;
    return `${instance.options.service.name}-x${this.#serial}`;
  }
}
