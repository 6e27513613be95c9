import { type CanaryRole } from '@keyturn/shared/model/probe.ts';
import type { HeldCanaries } from '@keyturn/collector/canary/canaries.ts';
import type { Presented } from '../../agent/src/probe/present.ts';
import type { Instance } from './instance.ts';
import { ISSUER, type Token } from './issuer.ts';
import { EPOCH_MS } from './schedule.ts';
import type { World } from './world.ts';

const ROTATION = 'r-1';
const LIFE_MS = 840_000;
const LOOK_EVERY_MS = 10_000;
/** From a finding until people have made the service check signatures. */
const FIXED_AFTER_MS = 1_800_000;
/** An order may be begun so long after it was given, is delivered late, and takes its time. */
const UNDER_WAY_MS = 100_000;

/** Tokens that tooling hands over, what answers them, and what must be true of both. */
export class Canaries {
  readonly #world: World;
  readonly #found = new Set<string>();
  readonly #fixed = new Set<string>();
  /** Since when the collector knows of an instance that it takes any signature. */
  readonly #takers = new Map<string, number>();
  #handedMs = -Infinity;
  #serial = 0;
  #isAsked = false;
  /** Since when the collector knows that the key is not published; before anything: always. */
  #unpublishedMs = -Infinity;
  #downMs: number | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  start(): void {
    const again = (): void => {
      this.#noteWindow();
      this.#handOver();
      this.#follow();
      this.#world.schedule.after(LOOK_EVERY_MS, again);
    };
    again();
  }

  /** Shows one token to the cache of an instance, as its agent does. */
  present(instance: Instance, at: number, text: string): Promise<Presented> {
    const [role, serial] = text.split(' ') as [CanaryRole, string];
    const { service, name } = instance.options;
    this.#mayBePresented(name);
    const endpoint = this.#endpointOf(service.name);
    if (endpoint === 'not_found') return answer('unclear', 404);
    if (endpoint === 'takes_anything') return answer('accepted', 200);
    const cache = instance.caches[at] ?? instance.caches[0];
    if (cache === undefined || !instance.life.isAlive) return answer('unreachable', null);
    const token = this.#tokenOf(role, Number(serial));
    return new Promise((resolve) => {
      cache.decide(token, (outcome) => {
        this.#world.schedule.unsettled = true;
        if (!instance.life.isAlive) return resolve({ outcome: 'unreachable', status: null });
        if (outcome === 'ok') cache.remember(token, instance.validUntilMs(token));
        const isNo = outcome !== 'ok' && outcome !== 'jwks_unavailable';
        if (outcome === 'ok') resolve({ outcome: 'accepted', status: 200 });
        else resolve({ outcome: isNo ? 'rejected' : 'unclear', status: isNo ? 401 : 503 });
      });
    });
  }

  /** A gate that is asked whether keys may move on is open: nobody who runs is known to take anything. */
  open(gate: string): void {
    const { schedule, instances } = this.#world;
    for (const { options, isUp, isRemoved } of instances) {
      const foundMs = this.#takers.get(options.name) ?? Infinity;
      if (!isUp || isRemoved || this.#fixed.has(options.service.name)) continue;
      if (schedule.nowMs < foundMs + 2 * LOOK_EVERY_MS) continue;
      this.#world.violate('bogus', `${gate} is open although ${options.name} takes any signature`);
    }
  }

  #endpointOf(service: string): string {
    const planned = this.#world.plan.canaries?.endpoints[service] ?? 'not_found';
    return planned === 'takes_anything' && this.#fixed.has(service) ? 'cache' : planned;
  }

  #tokenOf(role: CanaryRole, serial: number): Token {
    const { issuer, schedule, plan } = this.#world;
    const iatS = Math.floor((EPOCH_MS + schedule.nowMs + plan.issuerOffsetMs) / 1_000);
    const key = role === 'current' ? issuer.oldKey : issuer.newKey;
    return {
      serial: -(3 * serial + ['next', 'current', 'bogus'].indexOf(role)) - 1,
      key: role === 'bogus' ? { ...key, thumbprint: 'z'.repeat(43) } : key,
      hasKid: true,
      hasIat: true,
      iatS,
      expS: iatS + LIFE_MS / 1_000,
      mintedMs: schedule.nowMs,
    };
  }

  #noteWindow(): void {
    const { publishedSeenMs, schedule, issuer } = this.#world;
    if (publishedSeenMs !== null) this.#unpublishedMs = Infinity;
    else if (this.#unpublishedMs === Infinity) this.#unpublishedMs = schedule.nowMs;
    const isDown = schedule.nowMs < Math.max(issuer.downUntilMs, issuer.hangsUntilMs);
    this.#downMs = isDown ? (this.#downMs ?? schedule.nowMs) : null;
  }

  /** Never before the key is published everywhere, and never while the JWKS cannot be read. */
  #mayBePresented(name: string): void {
    const world = this.#world;
    const { schedule, plan, publishedSeenMs } = world;
    // What an agent or a collector that stood still had begun goes on when it wakes.
    const lateMs = UNDER_WAY_MS + 2 * plan.watchMs + world.believedForMs;
    const since = (atMs: number): boolean => schedule.nowMs > atMs + lateMs;
    if (publishedSeenMs === null && since(this.#unpublishedMs)) {
      world.violate('probe_window', `${name} is shown a canary, and the key is not published`);
    }
    if (this.#downMs !== null && since(this.#downMs)) {
      world.violate('probe_window', `${name} is shown a canary while the JWKS cannot be read`);
    }
  }

  /** A token is signed when some address serves its key, as the collector would refuse it else. */
  #handOver(): void {
    const { collector, schedule, plan, vantages, story } = this.#world;
    if (collector?.life.isAlive !== true || collector.life.isPaused || this.#isAsked) return;
    const isServed = [...vantages.values()].some(({ newRun }) => newRun > 0);
    const isHeld = collector.canaries.some(
      ({ expiresAtMs }) => expiresAtMs > collector.engine.nowMs(),
    );
    const isDue = !isHeld || schedule.nowMs - this.#handedMs >= (plan.canaries?.everyMs ?? 0);
    const rotation = collector.engine.state().rotations.get(ROTATION);
    if (!isServed || !isDue || rotation === undefined || rotation.endedAtMs !== null) return;
    if (rotation.switchedAtMs !== null && rotation.declared.retire !== undefined) return;
    this.#isAsked = true;
    const expiresAtMs = collector.engine.nowMs() + LIFE_MS;
    const act = { type: 'hand_over_canaries', by: 'tool', rotationId: ROTATION } as const;
    // Nobody waits for ever for an answer that died with its process.
    schedule.after(15_000, () => {
      this.#isAsked = false;
    });
    collector.ask(collector.engine.act({ ...act, expiresAtMs, problem: null }), (result) => {
      if (result instanceof Error || !result.ok) return;
      this.#serial += 1;
      this.#handedMs = schedule.nowMs;
      collector.canaries = [heldOf(this.#serial, expiresAtMs)];
      story.tell('tool', `hands canaries over (${this.#serial})`);
    });
  }

  /** People read what was found, and mend it; what takes anything does not go unfound. */
  #follow(): void {
    const world = this.#world;
    const { collector, schedule, story } = world;
    if (collector?.life.isAlive !== true) return;
    for (const { record } of collector.engine.state().fleet.takesAnything) {
      const { service, instance } = record.id;
      if (!this.#takers.has(instance)) this.#takers.set(instance, schedule.nowMs);
      if (this.#found.has(service)) continue;
      this.#found.add(service);
      if (world.plan.canaries?.endpoints[service] !== 'takes_anything') {
        world.violate('bogus', `${service} is said to take any signature, and it does not`);
      }
      story.tell('keyturn', `${service} takes any signature`);
      world.faultUntil(schedule.nowMs + FIXED_AFTER_MS + 1_200_000);
      schedule.after(FIXED_AFTER_MS, () => {
        this.#fixed.add(service);
        story.tell('people', `make ${service} check signatures`);
      });
    }
  }
}

function heldOf(serial: number, expiresAtMs: number): HeldCanaries {
  const roles = ['next', 'current', 'bogus'] as const;
  const canaries = roles.map((role) => ({ role, token: `${role} ${serial}` }));
  return { rotationId: ROTATION, issuer: ISSUER, canaries, by: 'tool', expiresAtMs };
}

function answer(outcome: Presented['outcome'], status: number | null): Promise<Presented> {
  return Promise.resolve({ outcome, status });
}
