import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { Chance } from './chance.ts';
import type { Instance } from './instance.ts';
import { keyOf, type Token } from './issuer.ts';
import { EPOCH_MS } from './schedule.ts';
import type { World } from './world.ts';

/** Clients with tokens of their own, which they renew when little of their life is left. */
const CLIENTS = 6;

/** Before the rotation starts. */
const PRESIGNED_AT_MS = 200_000;
const DOWN = 'the JWKS endpoint or the sidecar is down';
/** The slowest refresh, proxy and edges included: at the pace of minutes, and at that of real life. */
const LONGEST_REFRESH_MS = 1_500_000;
const LONGEST_REAL_REFRESH_MS = 48 * 3_600_000;

interface Client {
  readonly lifetimeShare: number;
  readonly signer: number;
  readonly renewsAt: number;
  token: Token | null;
}

/** Tokens minted, and presented to verifiers: steadily, and in a tail of long ones used late. */
export class Traffic {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #clients: Client[];
  readonly #stranger = keyOf('stranger', 'z');

  constructor(world: World) {
    this.#world = world;
    const { plan } = world;
    this.#chance = new Chance(plan.seed, 'traffic');
    this.#clients = Array.from({ length: CLIENTS }, (_, at) => ({
      lifetimeShare: [0.1, 0.1, 0.3, 0.3, 0.7, 1][at] ?? 1,
      signer: this.#chance.whole(0, plan.signers - 1),
      renewsAt: this.#chance.between(0.02, 0.3),
      token: null,
    }));
  }

  start(): void {
    this.#job();
    const { plan, schedule } = this.#world;
    if (!plan.presigns) return;
    schedule.after(PRESIGNED_AT_MS, () => {
      const token = this.#mint(0, 4 * plan.tmaxMs);
      const users = [0.1, 0.3, 0.5, 0.7, 0.9];
      schedule.after(1_000, () => this.#use(token, users));
      schedule.after(3.9 * plan.tmaxMs, () => this.#use(token, users));
    });
  }

  /** Presents tokens to one instance for as long as it runs. */
  flow(instance: Instance): void {
    const { schedule } = this.#world;
    const { service, seed, name } = instance.options;
    const { foreignMs } = this.#world.plan;
    const chance = new Chance(seed, `flow ${name} ${instance.runs}`);
    const { life } = instance;
    const regular = (): void => {
      const client = chance.pick(this.#clients);
      instance.verify(this.#tokenOf(client));
      schedule.after(chance.wait(service.trafficMs), regular, life);
    };
    const foreign = (): void => {
      instance.verify({ ...this.#mint(0, 60_000), key: this.#stranger, hasKid: true });
      schedule.after(chance.between(...foreignMs), foreign, life);
    };
    schedule.after(chance.wait(service.trafficMs), regular, life);
    schedule.after(chance.between(...foreignMs), foreign, life);
  }

  /** Says whether a refusal breaks a promise. */
  judge(instance: Instance, token: Token, outcome: Outcome): void {
    const world = this.#world;
    const { issuer } = world;
    if (outcome === 'ok' || outcome === 'expired' || token.key === this.#stranger) return;
    if (world.schedule.nowMs > instance.validUntilMs(token)) return;
    world.refused += 1;
    const why = excuseOf(world, instance, token, outcome);
    if (why !== DOWN) {
      world.refusedForKeys.set(why ?? '', (world.refusedForKeys.get(why ?? '') ?? 0) + 1);
    }
    // Compared are all refusals, promised to be prevented or not.
    if (why === null && world.isCompared) return;
    if (why !== null) return world.excuse(why);
    const which = token.key === issuer.newKey ? 'new' : 'old';
    world.violate(
      'valid_token_refused',
      `${instance.options.name} refused a valid token of the ${which} key: ${outcome}`,
    );
  }

  /** A monthly job: a token of the longest life, tried out, and used once, at its end. */
  #job(): void {
    const { schedule, plan } = this.#world;
    const token = this.#mint(this.#chance.whole(0, plan.signers - 1), plan.tmaxMs);
    const lifeMs = (token.expS - token.iatS) * 1_000;
    const users = [this.#chance.next(), this.#chance.next()];
    const useMs = lifeMs * this.#chance.between(0.8, 0.99);
    schedule.after(this.#chance.between(500, 5_000), () => this.#use(token, users));
    schedule.after(useMs, () => this.#use(token, users));
    schedule.after(plan.tmaxMs * this.#chance.between(0.2, 0.5), () => this.#job());
  }

  #use(token: Token, users: readonly number[]): void {
    const up = this.#world.instances.filter((instance) => instance.isUp);
    for (const user of users) up[Math.floor(user * up.length)]?.verify(token);
  }

  #tokenOf(client: Client): Token {
    const { schedule, plan } = this.#world;
    const { token } = client;
    const nowS = (EPOCH_MS + schedule.nowMs + plan.issuerOffsetMs) / 1_000;
    if (token !== null && token.expS - nowS > (token.expS - token.iatS) * client.renewsAt)
      return token;
    client.token = this.#mint(client.signer, plan.tmaxMs * client.lifetimeShare);
    return client.token;
  }

  #mint(signer: number, lifetimeMs: number): Token {
    const { issuer, schedule, plan, oracle } = this.#world;
    const kidless = schedule.nowMs < plan.kidlessUntilMs ? 0.2 : 0;
    const token = issuer.mint(signer, lifetimeMs, kidless);
    const truth = {
      mintedMs: token.mintedMs,
      lifetimeMs: (token.expS - token.iatS) * 1_000,
      lastAcceptableMs: token.expS * 1_000 - EPOCH_MS - plan.issuerOffsetMs,
    };
    if (token.key === issuer.oldKey) oracle.oldTokens.add(truth);
    else if (plan.turns.rollback !== null) oracle.newTokens.add(truth);
    return token;
  }
}

/** Why a refused valid token breaks no promise; null when it does. */
function excuseOf(world: World, instance: Instance, token: Token, outcome: Outcome): string | null {
  const { issuer, schedule, plan } = world;
  const { service, kind } = instance.options;
  const { nowMs } = schedule;
  const isDown = nowMs < issuer.downUntilMs + 15_000 || nowMs < issuer.hangsUntilMs + 15_000;
  const activatedMs = world.anchors.get('activated') ?? Infinity;
  if (!token.hasKid) return 'a token without a kid that nobody had reported';
  const isFailing = instance.caches.some((cache) => cache.failures > 0);
  if (plan.thirdParty !== null) return 'the issuer switched and removed keys without asking';
  if (outcome === 'jwks_unavailable' || isDown || isFailing) return DOWN;
  if (!instance.agentLife.isAlive && service.source === 'proxy') return DOWN;
  if (world.servedReuse) return 'A6: a kid with two keys';
  if (!world.isKnown(instance)) return 'A1: a verifier nobody declared and that never got through';
  // What was fetched meanwhile lasts for one refresh of whoever fetched it.
  const refreshMs = plan.pace.isInstant ? LONGEST_REAL_REFRESH_MS : LONGEST_REFRESH_MS;
  if (nowMs < world.lastRegressionMs + refreshMs) return 'A3: an origin or edge went back';
  if (!plan.seesEveryOrigin) return 'A3: origins the collector cannot tell apart';
  const { bakedIn } = instance;
  // People install new keys where none are fetched; an image made before knows none of it.
  const isStatic = kind.behaviour.style === 'static' && bakedIn?.includes(token.key) === true;
  // A secret is not fetched: only who started late with an old file may lack it.
  const isOld =
    !service.holdsSecrets ||
    (token.key === issuer.newKey && instance.startedMs > activatedMs - world.believedForMs);
  if (bakedIn !== null && !isStatic && isOld) return 'A2: started with keys of its own';
  if (outcome === 'unknown_kid_throttled' && token.key === issuer.newKey) {
    if (service.evidence === 'fetchable' || service.evidence === 'timed') {
      return 'grade: within the cooldown of a verifier that fetches on demand';
    }
    if (nowMs - activatedMs > 0 && kind.behaviour.style === 'per_kid') return 'grade: cooldown';
  }
  if (token.key === issuer.oldKey && world.anchors.has('retired')) {
    if (world.taintAskedMs < Infinity)
      return 'the price: valid tokens of a tainted key are cut off';
    if (token.mintedMs > Math.max(world.switchDeclaredMs + plan.skewMs, world.signedAtRetireMs)) {
      return 'late signer: a token nobody had reported when the old key was withdrawn';
    }
    if ((token.expS - token.iatS) * 1_000 > world.knownTmaxAtRetireMs) {
      return 'A5: a lifetime nobody had declared or reported when the old key was withdrawn';
    }
  }
  return null;
}
