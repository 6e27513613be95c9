import type { Gate } from '@keyturn/shared/model/verdict.ts';
import { OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import { alertAgainst } from './alert-check.ts';
import type { ServicePlan } from './plan.ts';
import type { World } from './world.ts';

const JUMPED =
  'KNOWN: moments noted while the collector was behind look older after its clock is set';

/** Compares what the gates say with what is true. */
export class Checks {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Lets the oracle look at every cache. */
  sample(): void {
    const { instances, oracle, schedule, issuer } = this.#world;
    const { nowMs } = schedule;
    for (const instance of instances) {
      const { name, service } = instance.options;
      // A process that started with keys of its own behind a proxy shows nothing of them.
      const isHidden = service.source === 'proxy' && instance.bakedIn !== null;
      const counts =
        instance.isUp && !instance.life.isPaused && this.#world.isKnown(instance) && !isHidden;
      const onDemand = isOnDemand(instance.options);
      for (const [at, cache] of instance.caches.entries()) {
        const knows = !counts || cache.wouldAccept(issuer.newKey, onDemand);
        const trusts = counts && cache.mayAccept(issuer.oldKey);
        const knowsOld = !counts || cache.wouldAccept(issuer.oldKey, true);
        oracle.saw(`${name}/${at}#${instances.indexOf(instance)}`, nowMs, {
          knowsNew: knows,
          knowsOld,
          refusesOld: !trusts,
        });
      }
    }
  }

  /** A gate has just been found open: was that right? */
  open(gate: Gate): void {
    const world = this.#world;
    const { nowMs } = world.schedule;
    const sinceMs = nowMs - world.believedForMs;
    const isSecret = world.plan.keyKind === 'secret';
    if (world.sawReuse && (gate === 'activate' || gate === 'publish' || gate === 'retire')) {
      world.violate('I3', `${gate} is open although a kid stands for two keys`);
    }
    if (gate === 'publish' && world.oracle.reportedKidlessUntilMs > nowMs) {
      world.violate('publish', 'open although reported tokens without a kid are alive');
    }
    if (gate === 'rollback' && world.isTainted)
      return world.violate('rollback', 'open although the old key is tainted');
    if (gate === 'rollback') return this.#everybodyTakesOld(sinceMs);
    if (gate === 'activate' || gate === 'retire') {
      this.#everybodyKnows(gate, sinceMs);
      if (!isSecret) this.#evidenceIsFresh(gate, nowMs - world.leaseMs + 1_000);
      this.#isEarnedAnew(gate, nowMs - world.leaseMs + 1_000);
    }
    if (gate === 'activate' && !isSecret) this.#isSteady(nowMs);
    if (gate !== 'publish') world.canaries?.open(gate);
    this.#nobodyIsSilent(gate, sinceMs);
    this.#storeWorks(gate);
    const alert = alertAgainst(world, gate);
    if (alert !== null) world.violate('alerts', alert);
    if (gate === 'retire') this.#noOldTokens(nowMs);
    if (gate === 'purge') this.#nobodyTrusts(sinceMs);
    this.#populationIsCovered(gate, sinceMs);
  }

  /** Containment is whole only once nobody trusts the old key. */
  containment(percent: number): void {
    const world = this.#world;
    if (percent < 100) return;
    this.#nobodyTrusts(world.schedule.nowMs - world.believedForMs, 'containment');
  }

  /** Totals are never above truth. */
  totals(): void {
    const { collector, truthCounts, isCrowded, violations } = this.#world;
    if (collector?.life.isAlive !== true || violations.length > 0) return;
    const { totals } = collector.engine.state();
    for (const [key, row] of totals) {
      const kid = key.split('\u0000')[1] ?? '';
      for (const outcome of OUTCOMES) {
        const told = row[outcome] ?? 0;
        const truth = truthCounts.get(`${kid} ${outcome}`) ?? 0;
        if (told > truth && isCrowded)
          return this.#world.excuse('KNOWN: four processes under one name');
        if (told > truth) {
          this.#world.violate(
            'totals',
            `${kid || 'no kid'} ${outcome}: ${told} counted, ${truth} happened`,
          );
          return;
        }
      }
    }
  }

  /** What was acked is still there. */
  kept(): void {
    const { acked, contents, violations } = this.#world;
    if (violations.length > 0) return;
    for (const [verifier, { epoch, seq }] of acked) {
      const stored = contents.verifiers.get(verifier);
      // Dismissed by a person or for having been replaced long ago.
      if (stored === undefined) continue;
      if (stored.epoch < epoch || (stored.epoch === epoch && stored.seq < seq)) {
        this.#world.violate(
          'acked_kept',
          `${verifier} went back to (${stored.epoch}, ${stored.seq})`,
        );
      }
    }
  }

  /** The key was seen twice in a row at every vantage, and whoever is believed has reported since. */
  #evidenceIsFresh(gate: Gate, liveSinceMs: number): void {
    const { issuer, vantages, publishedSeenMs, servedReuse, heardMs, plan } = this.#world;
    if (servedReuse) return this.#world.excuse('A6: a kid with two keys');
    if (
      issuer.vantages.some((name) => (vantages.get(name)?.newRun ?? 0) < 1) ||
      publishedSeenMs === null
    ) {
      return this.#world.violate(
        gate,
        'open although a vantage was not seen twice in a row with the new key',
      );
    }
    for (const [verifier, atMs] of heardMs) {
      const service = plan.services.find(({ name }) => verifier.startsWith(`${name}/`));
      if (service === undefined || isJudgedOtherwise(service) || this.#isExcused(verifier))
        continue;
      // Silent ones are another check's.
      if (atMs >= liveSinceMs && atMs + 50 < publishedSeenMs) {
        this.#world.violate(gate, `open although ${verifier} has not reported since publication`);
      }
    }
  }

  /** No vantage went back within the time the policy asks for. */
  #isSteady(nowMs: number): void {
    const { publishedSeenMs, plan, servedReuse, rolledBackMs, taintAskedMs } = this.#world;
    if (taintAskedMs <= nowMs && plan.turns.emergency?.skip.includes('stable') === true) return;
    if (publishedSeenMs === null || servedReuse) return;
    // Clocks drift by less than this.
    const sinceMs = Math.max(publishedSeenMs, rolledBackMs);
    if (nowMs - sinceMs >= plan.stableForMs - 1_000) return;
    this.#world.violate(
      'activate',
      'open although a vantage lacked the new key, or the signer went back, a moment ago',
    );
  }

  /** What was known before the signer went back does not count for the next switch. */
  #isEarnedAnew(gate: Gate, liveSinceMs: number): void {
    const { plan, heardMs, rolledBackMs, vouchedMs } = this.#world;
    if (rolledBackMs === -Infinity) return;
    for (const service of plan.services) {
      if (service.evidence === 'timed') continue;
      const own = [...heardMs].filter(([verifier]) => verifier.startsWith(`${service.name}/`));
      const old = own.filter(
        ([verifier, atMs]) =>
          atMs >= liveSinceMs && atMs + 50 < rolledBackMs && !this.#isExcused(verifier),
      );
      const isVouched = (vouchedMs.get(service.name) ?? -Infinity) >= rolledBackMs;
      if (service.evidence === 'attested' ? isVouched : old.length === 0) continue;
      if (service.evidence === 'attested' && own.length > 0 && old.length === 0) continue;
      this.#world.violate(gate, `open on what was known of ${service.name} before the rollback`);
    }
  }

  /** No more of a population lacks the key, or trusts the old one, than the declared share leaves out. */
  #populationIsCovered(gate: Gate, sinceMs: number): void {
    const world = this.#world;
    const { population, issuer, schedule } = world;
    const plan = world.plan.turns.unseen?.population ?? null;
    if (population === null || plan === null || gate === 'publish') return;
    const covered = plan.cohorts.find(({ percentile }) => percentile >= plan.coverPercentile);
    const left = 100 - (covered?.percentile ?? 100);
    const share =
      gate === 'purge' ? population.trustOldPercent(sinceMs) : population.lackNewPercent(sinceMs);
    if (share <= left) return;
    if (world.servedReuse) return world.excuse('A6: a kid with two keys');
    if (world.hasJumped) return world.excuse(JUMPED);
    if (!world.plan.seesEveryOrigin)
      return world.excuse('A3: origins the collector cannot tell apart');
    // Nobody refreshes while nothing answers: the declaration is not true then.
    const longestMs = plan.cohorts.at(-1)?.withinMs ?? 0;
    const failedMs = Math.max(issuer.downUntilMs, issuer.hangsUntilMs);
    if (schedule.nowMs < failedMs + longestMs)
      return world.excuse('a population could not fetch as it was declared to');
    const what = gate === 'purge' ? 'still accept the old key' : 'cannot verify the new key';
    world.violate(
      'population',
      `${gate} is open although ${share} % of the population ${what}, not ${left} %`,
    );
  }

  /** Going back strands nobody. */
  #everybodyTakesOld(sinceMs: number): void {
    const world = this.#world;
    const lacking = world.oracle.without('knowsOld', sinceMs);
    if (lacking.length === 0 || world.servedReuse || world.hasJumped) return;
    if (lacking.every((name) => this.#isBeyondInventory(name))) return;
    world.violate('rollback', `open although ${lacking.join(', ')} cannot verify the old key`);
  }

  /** Silence never opens. */
  #nobodyIsSilent(gate: Gate, sinceMs: number): void {
    const { heardMs, plan } = this.#world;
    for (const service of plan.services) {
      if (isJudgedOtherwise(service)) continue;
      const own = [...heardMs].filter(([verifier]) => verifier.startsWith(`${service.name}/`));
      const silent = own.filter(([verifier, atMs]) => atMs < sinceMs && !this.#isExcused(verifier));
      const heard = new Set(
        own.filter(([, atMs]) => atMs >= sinceMs).map(([verifier]) => verifier.split('/')[1]),
      );
      const isReplaced =
        service.declaredInstances !== null && heard.size >= service.declaredInstances;
      if (silent.length > 0 && !isReplaced) {
        return this.#world.violate(
          'silence',
          `${gate} is open although ${silent[0]?.[0]} is silent`,
        );
      }
    }
  }

  #storeWorks(gate: Gate): void {
    const { commitsFailSinceMs, schedule } = this.#world;
    if (commitsFailSinceMs !== null && schedule.nowMs > commitsFailSinceMs) {
      this.#world.violate('store', `${gate} is open although nothing can be recorded`);
    }
  }

  #isBeyondInventory(cache: string): boolean {
    return this.#world.crowdedServices.has(cache.split('-')[0] ?? '');
  }

  #isExcused(verifier: string): boolean {
    return this.#world.excusedSilence.has(verifier.split('/')[1] ?? '');
  }

  #everybodyKnows(gate: Gate, sinceMs: number): void {
    const world = this.#world;
    const lacking = world.oracle.without('knowsNew', sinceMs);
    if (lacking.length === 0) return;
    if (lacking.every((name) => this.#isBeyondInventory(name))) {
      return world.excuse('A1: a silent instance of a service with more than it declared');
    }
    if (world.servedReuse) return world.excuse('A6: a kid with two keys');
    if (world.hasJumped) return world.excuse(JUMPED);
    if (!world.plan.seesEveryOrigin)
      return world.excuse('A3: origins the collector cannot tell apart');
    world.violate(gate, `open although ${lacking.join(', ')} cannot verify the new key`);
  }

  #noOldTokens(nowMs: number): void {
    const world = this.#world;
    if (world.switchDeclaredMs === Infinity) {
      return world.violate('retire', 'open before the signer was switched');
    }
    // Tokens of a tainted key are cut off: what was promised them is the grace, counted from the switch.
    const graceMs = world.plan.turns.emergency?.graceMs ?? 0;
    if (world.taintAskedMs <= nowMs) {
      if (nowMs >= world.switchDeclaredMs + graceMs - 1_000) return;
      return world.violate('retire', 'open within the grace of a tainted key');
    }
    const aliveForMs = world.oracle.oldTokens.promisedUntilMs(world.promised()) - nowMs;
    if (aliveForMs > 0) {
      return world.violate(
        'retire',
        `open although old tokens live for ${Math.round(aliveForMs / 1_000)} s`,
      );
    }
    if (world.oracle.oldTokens.liveUntilMs > nowMs) {
      world.excuse('A5: retire open while a token lives that nobody declared or reported');
    }
  }

  #nobodyTrusts(sinceMs: number, rule = 'purge'): void {
    const world = this.#world;
    if (!world.anchors.has('retired'))
      return world.violate(rule, 'open before the old key was withdrawn');
    for (const [vantage, { oldMissedRun }] of world.vantages) {
      if (oldMissedRun > 0) continue;
      return world.violate(rule, `open although ${vantage} serves the old key`);
    }
    const trusting = world.oracle.without('refusesOld', sinceMs);
    if (trusting.length === 0) return;
    if (trusting.every((name) => this.#isBeyondInventory(name))) {
      return world.excuse('A1: a silent instance of a service with more than it declared');
    }
    if (world.hasJumped) return world.excuse(JUMPED);
    world.violate(rule, `open although ${trusting.join(', ')} still accept the old key`);
  }
}

function isJudgedOtherwise({ evidence }: ServicePlan): boolean {
  return evidence === 'timed' || evidence === 'attested';
}

/** True where the gate takes a fetch on demand for knowledge. */
function isOnDemand({ service, kind }: World['instances'][number]['options']): boolean {
  const { style, refetches, cooldownMs } = kind.behaviour;
  if (service.evidence === 'fetchable' || service.evidence === 'timed') return true;
  return style === 'per_kid' || (service.evidence === 'served' && refetches && cooldownMs === 0);
}
