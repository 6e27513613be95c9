import { allProfiles } from '@keyturn/shared/profiles/catalogue.ts';
import t from 'tap';
import { keyOf, type KeyDocument, type Token } from './issuer.ts';
import { factsOf, type Kind, KINDS } from './kinds.ts';
import { SIMULATED } from './kinds-table.ts';
import { KeyCache } from './key-cache.ts';

const OLD = keyOf('old', 'a');
const NEW = keyOf('new', 'b');
const STRANGER = keyOf('stranger', 'z');

/** A cache of twelve hours before it, and a minute in place of five seconds. */
const TOLD_OTHERWISE: ReadonlySet<string> = new Set(['nginx-plus-auth-jwt', 'spire-agent']);

/** One cache, one document, time that moves when told, and tokens that are each presented once. */
class Bench {
  nowMs = 0;
  isDown = false;
  document: KeyDocument = { version: 1, keys: [OLD] };
  readonly cache: KeyCache;
  #serial = 0;
  #timers: { atMs: number; run: () => void }[] = [];

  constructor({ behaviour }: Kind) {
    this.cache = new KeyCache(behaviour, {
      nowMs: () => this.nowMs,
      fetch: (then) =>
        then(
          this.isDown
            ? { ok: false, error: 'status' }
            : { ok: true, document: this.document, ageMs: 0 },
        ),
      after: (delayMs, run) => void this.#timers.push({ atMs: this.nowMs + delayMs, run }),
      changed: () => undefined,
      wouldServe: (thumbprint) => this.document.keys.some((key) => key.thumbprint === thumbprint),
    });
    this.cache.start(behaviour.style === 'static' ? [OLD] : null);
  }

  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const due = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined || due.atMs > untilMs) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.nowMs = due.atMs;
      due.run();
    }
    this.nowMs = untilMs;
  }

  accepts(key: typeof OLD, serial = (this.#serial += 1)): boolean {
    let outcome = '';
    const token: Token = {
      serial,
      key,
      hasKid: true,
      hasIat: true,
      iatS: 0,
      expS: 9e9,
      mintedMs: 0,
    };
    this.cache.decide(token, (found) => {
      outcome = found;
    });
    if (outcome === 'ok') this.cache.remember(token, Infinity);
    return outcome === 'ok';
  }
}

/** So long a cache is looked at, ms: twice the longest of its own times. */
function spanMs({ behaviour }: Kind): number {
  const { refreshMs, cooldownMs, keepsPreviousMs, documentMs, lagMs } = behaviour;
  const finite = (ms: number | null): number => (ms === null || ms === Infinity ? 0 : ms);
  return (
    2 * (finite(refreshMs) + cooldownMs + keepsPreviousMs + finite(documentMs) + lagMs) + 120_000
  );
}

/** Calls `look` over and over, under traffic, and says when it was last true, seconds; null: at the end. */
function lastTrueS(bench: Bench, forMs: number, look: () => boolean): number | null {
  const fromMs = bench.nowMs;
  const stepMs = Math.max(250, forMs / 4_000);
  let lastMs = fromMs;
  while (bench.nowMs < fromMs + forMs) {
    if (look()) lastMs = bench.nowMs;
    bench.pass(stepMs);
  }
  return lastMs > fromMs + forMs - 2 * stepMs ? null : (lastMs - fromMs) / 1_000;
}

/** The worst over several moments of a cache's cycle. */
function worst(kind: Kind, look: (bench: Bench) => number | null): number | null {
  let worstS = 0;
  for (const part of [0, 0.3, 0.77]) {
    const bench = new Bench(kind);
    bench.accepts(OLD);
    bench.pass((part * spanMs(kind)) / 2);
    bench.accepts(OLD);
    // Somebody else's token has just made it fetch.
    bench.accepts(STRANGER);
    const foundS = look(bench);
    if (foundS === null) return null;
    worstS = Math.max(worstS, foundS);
  }
  return worstS;
}

t.test('every profile of the catalogue has a kind, and no kind is left over', (t) => {
  t.same(
    KINDS.map(({ profile }) => profile),
    allProfiles().map(({ id }) => id),
  );
  t.same(
    Object.keys(SIMULATED).toSorted(),
    allProfiles()
      .map(({ id }) => id)
      .toSorted(),
  );
  for (const { profile, ways } of KINDS) t.ok(ways.length > 0, profile);
  t.end();
});

t.test('a new kid is refused no longer than gates reckon with', (t) => {
  for (const kind of KINDS) {
    const boundS = factsOf(kind).newKidRefusedS;
    if (boundS === null) continue;
    const refusedS = worst(kind, (bench) => {
      bench.document = { version: 2, keys: [OLD, NEW] };
      return lastTrueS(bench, spanMs(kind), () => !bench.accepts(NEW));
    });
    // Looked at every quarter of a second or so; a second bucket a minute long has its own rule.
    const slackS = Math.max(1, spanMs(kind) / 1_000_000);
    t.ok(
      refusedS !== null && refusedS <= boundS + slackS,
      `${kind.profile}: ${refusedS} of ${boundS} s`,
    );
  }
  t.end();
});

t.test('a removed key is accepted no longer than gates reckon with, endpoint down or not', (t) => {
  for (const kind of KINDS) {
    const boundS = factsOf(kind).removedKeyAcceptedS;
    if (boundS === null) continue;
    for (const isDown of [false, true]) {
      const acceptedS = worst(kind, (bench) => {
        bench.document = { version: 2, keys: [OLD, NEW] };
        bench.accepts(NEW);
        bench.document = { version: 3, keys: [NEW] };
        bench.isDown = isDown;
        return lastTrueS(bench, spanMs(kind), () => bench.accepts(OLD));
      });
      const slackS = Math.max(1, spanMs(kind) / 1_000_000);
      t.ok(
        acceptedS !== null && acceptedS <= boundS + slackS,
        `${kind.profile}${isDown ? ', down' : ''}: ${acceptedS} of ${boundS} s`,
      );
    }
  }
  t.end();
});

t.test('what gates take for granted of a kind is so', (t) => {
  for (const kind of KINDS) {
    const { behaviour, profile } = kind;
    const facts = factsOf(kind);
    t.equal(facts.staticKeys, behaviour.style === 'static', `${profile}: configured keys`);
    if (facts.refetchesOnUnknownKid) t.ok(behaviour.refetches, `${profile}: fetches on demand`);
    if (behaviour.workers > 1) t.ok(facts.severalCaches, `${profile}: several caches`);
    if (facts.cachesVerifiedTokens || behaviour.style === 'static') continue;
    const bench = new Bench(kind);
    bench.document = { version: 2, keys: [OLD, NEW] };
    t.ok(bench.accepts(OLD, 1_000_000) || behaviour.lagMs > 0, `${profile}: accepts`);
    bench.document = { version: 3, keys: [NEW] };
    bench.pass(3 * spanMs(kind));
    bench.cache.reload();
    bench.pass(behaviour.lagMs + behaviour.keepsPreviousMs + 1);
    if (!facts.replacesWholeSet) continue;
    t.notOk(bench.accepts(OLD, 1_000_000), `${profile}: a fetch without the key ends it`);
  }
  t.end();
});

t.test('kinds do what the catalogue tells people', (t) => {
  for (const [at, entry] of allProfiles().entries()) {
    const kind = KINDS[at];
    if (kind === undefined || kind.behaviour.style === 'static') continue;
    const toldS = entry.max_new_kid_rejection_s;
    // Told by the entry for a setup that a world does not have; said in kinds-table.ts.
    if (toldS === null || TOLD_OTHERWISE.has(entry.id)) continue;
    const refusedS = worst(kind, (bench) => {
      bench.document = { version: 2, keys: [OLD, NEW] };
      return lastTrueS(bench, spanMs(kind), () => !bench.accepts(NEW));
    });
    const slackS = Math.max(1, spanMs(kind) / 500_000, kind.behaviour.lagMs / 1_000);
    t.ok((refusedS ?? Infinity) <= toldS + slackS, `${entry.id}: ${refusedS} of ${toldS} s`);
  }
  t.end();
});
