import { at, CORE, type PlantedBug } from './bug.ts';
import { OF_KINDS } from './bugs-of-kinds.ts';
import { OF_TURNS } from './bugs-of-turns.ts';

const EPOCH = at(`${CORE}/reports.ts`, 'if (report.epoch < record.epoch) {', 'if (false) {');
const EPOCH_ABOVE = at(`${CORE}/reports.ts`, 'if (report.epoch > record.epoch) {', 'if (false) {');
const SEQ = at(`${CORE}/reports.ts`, "if (report.seq <= record.seq) return ack('ignored');", '');

/** Every mistake that is planted. */
export const PLANTED: readonly PlantedBug[] = [
  {
    id: 'an alert whose end cannot be seen counts as over',
    replacements: [
      at(
        `${CORE}/alerts/alert.ts`,
        "return status === 'firing' || status === 'no_data';",
        "return status === 'firing';",
      ),
    ],
    seed: 330,
  },
  {
    id: 'alerts shut no gate',
    replacements: [
      at(`${CORE}/alerts/concerns.ts`, 'ALERT_KINDS[alert.name].shutsGates &&', 'false &&'),
    ],
    seed: 301,
  },
  { id: 'epoch comparison dropped', replacements: [EPOCH, EPOCH_ABOVE], seed: 6 },
  { id: 'seq comparison dropped', replacements: [SEQ], seed: 2 },
  { id: 'last arrival wins', replacements: [EPOCH, EPOCH_ABOVE, SEQ], seed: 2 },
  {
    id: "agent's wall clock trusted",
    replacements: [
      at(
        `${CORE}/admission.ts`,
        '  return hello.verifiers.map((named) => {',
        '  ((state as any).offMs ??= new Map()).set(session, hello.wallUnixMs - now.atMs);\n  return hello.verifiers.map((named) => {',
      ),
      at(
        `${CORE}/reports.ts`,
        '  const { record } = verifier;\n  if (report',
        '  now = { ...now, atMs: now.atMs + ((state as any).offMs?.get(session) ?? 0) };\n  const { record } = verifier;\n  if (report',
      ),
    ],
    seed: 2,
  },
  {
    id: 'silence is consent',
    replacements: [
      at(
        `${CORE}/gates/dependents.ts`,
        'found.addAll(group.silent, (verifier) =>',
        'found.addAll(new Set<Verifier>(), (verifier) =>',
      ),
    ],
    seed: 3,
  },
  {
    id: 'leases never end',
    replacements: [
      at(
        `${CORE}/reports.ts`,
        'const expired = expiredLeases(state.fleet, now.atMs);',
        'const expired: Verifier[] = [];',
      ),
    ],
    seed: 3,
  },
  {
    id: 'leases of restored verifiers never end',
    replacements: [
      at(
        `${CORE}/initial.ts`,
        "if (liveness !== 'departed') renewLease(state.fleet, state.policy, verifier, now.atMs);",
        '',
      ),
    ],
    seed: 4,
  },
  {
    id: 'hold-down missing',
    replacements: [
      at(
        `${CORE}/initial.ts`,
        'return now.atMs + leaseMs(policy) + 2_000;',
        'return now.atMs - 1 + 0 * leaseMs(policy);',
      ),
    ],
    seed: 1,
  },
  {
    id: 'Tmax lowered by config',
    replacements: [
      at(
        `${CORE}/timing.ts`,
        'if (declaredLifetimeMs !== null) longest = Math.max(longest ?? 0, declaredLifetimeMs);',
        '',
      ),
      at(
        `${CORE}/timing.ts`,
        'if (record.issuer !== issuer.issuer || record.longestLifetimeS === null) continue;',
        'if (issuer.maxTokenLifetimeMs !== null) continue;',
      ),
    ],
    seed: 260,
  },
  {
    id: 'published after one sighting',
    replacements: [at(`${CORE}/issuers.ts`, 'SIGHTINGS_IN_A_ROW = 2;', 'SIGHTINGS_IN_A_ROW = 1;')],
    seed: 9,
  },
  {
    id: 'published when one vantage has it',
    replacements: [
      at(
        `${CORE}/issuers.ts`,
        'if (heldByAll) publishedAtMs ??= now.atMs;\n  else if (lackedBySome) publishedAtMs = null;',
        'if (heldBySome) publishedAtMs ??= now.atMs;',
      ),
      at(`${CORE}/issuers.ts`, 'if ((vantage.heldRuns.get(identity) ?? 0) < 1) return false;', ''),
    ],
    seed: 7,
  },
  {
    id: 'a regressing origin unpublishes nothing',
    replacements: [
      at(`${CORE}/issuers.ts`, 'else if (lackedBySome) publishedAtMs = null;', ''),
      at(`${CORE}/issuers.ts`, 'if ((vantage.heldRuns.get(identity) ?? 0) < 1) return false;', ''),
    ],
    seed: 10,
  },
  {
    id: 'evidence older than publication accepted',
    replacements: [
      at(
        `${CORE}/standing.ts`,
        'facts.publishedAtMs === null || (record.observedAtMs ?? 0) < facts.publishedAtMs',
        'facts.publishedAtMs === null',
      ),
    ],
    seed: 9,
  },
  {
    id: 'usage high-water not persisted',
    replacements: [
      at(`${CORE}/reports.ts`, "writes.push({ kind: 'usage', record });", 'void writes;'),
    ],
    seed: 1,
  },
  {
    id: 'ack before commit',
    replacements: [
      at(
        'collector/src/engine.ts',
        'const failure = commit(now, callers);',
        'commit(now, callers);\n    const failure = undefined;',
      ),
    ],
    seed: 2,
  },
  {
    id: 'wall clock used for time gates',
    replacements: [
      at(
        'collector/src/steady-time.ts',
        'earliestMs: Math.min(atMs, clock.wallMs())',
        'earliestMs: clock.wallMs()',
      ),
    ],
    seed: 132,
  },
  {
    id: 'clocks apart go unnoticed',
    replacements: [
      at(`${CORE}/gates/health.ts`, 'if (Math.abs(offMs) > toleranceMs) {', 'if (false) {'),
    ],
    seed: 20,
  },
  {
    id: 'retire ignores the highest iat',
    replacements: [
      at(
        `${CORE}/timing.ts`,
        'const seenMs = usage?.highestIatS == null ? 0 : usage.highestIatS * 1_000;',
        'const seenMs = 0 * (usage?.highestIatS ?? 0);',
      ),
    ],
    focus: ['late_signer'],
    seed: 79,
  },
  {
    id: 'retire ignores the latest exp',
    replacements: [
      at(
        `${CORE}/timing.ts`,
        'const latestExpMs = usage?.highestExpS == null ? 0 : usage.highestExpS * 1_000;',
        'const latestExpMs = 0;',
      ),
    ],
    seed: 148,
  },
  {
    id: 'retire without margins',
    replacements: [
      at(
        `${CORE}/timing.ts`,
        'const marginMs = issuer.skewMs + policy.retireSafetyMs;',
        'const marginMs = 0 * (issuer.skewMs + policy.retireSafetyMs);',
      ),
    ],
    seed: 228,
  },
  {
    id: 'served counts for several caches',
    replacements: [
      at(
        `${CORE}/standing.ts`,
        'return profile.replacesWholeSet && !profile.severalCaches;',
        'return profile.replacesWholeSet;',
      ),
    ],
    seed: 22,
  },
  {
    id: 'waivers never expire',
    replacements: [
      at(`${CORE}/gates/verdict.ts`, 'waiver.expiresAtMs > now.atMs', 'waiver.atMs <= now.atMs'),
    ],
    seed: 9,
  },
  {
    id: 'a restart trusts old standings',
    replacements: [
      at(
        `${CORE}/admission.ts`,
        'receivedAtMs: null,\n    observedAtMs: null,\n    keySets: [],',
        'receivedAtMs: before?.receivedAtMs ?? null,\n    observedAtMs: before?.observedAtMs ?? null,\n    keySets: before?.keySets ?? [],',
      ),
      at(
        `${CORE}/admission.ts`,
        "setLiveness(state.fleet, known, 'joined', now.atMs);",
        "setLiveness(state.fleet, known, 'reporting', now.atMs);",
      ),
    ],
    seed: 3,
  },
  {
    id: 'counts added instead of differenced',
    replacements: [
      at(
        `${CORE}/usage.ts`,
        'const more = (row.outcomes[outcome] ?? 0) - (previous?.outcomes[outcome] ?? 0);',
        'const more = row.outcomes[outcome] ?? 0;',
      ),
    ],
    seed: 1,
  },
  {
    id: 'a departed verifier never returns',
    replacements: [
      at(
        `${CORE}/admission.ts`,
        'const before = known?.record;',
        'if (known !== undefined && known.record.departedAtMs !== null) return known;\n  const before = known?.record;',
      ),
    ],
    seed: 10,
  },
  {
    id: 'gates go on while the store refuses',
    replacements: [
      at(`${CORE}/gates/health.ts`, 'if (sinceMs === null) return pass(', 'if (true) return pass('),
    ],
    seed: 2,
  },
  {
    id: 'a kid with two keys goes unnoticed',
    replacements: [
      at(`${CORE}/gates/keys.ts`, 'if (issuer?.reusedKids.has(kid) === true) {', 'if (false) {'),
      at(
        `${CORE}/gates/keys.ts`,
        'rotation.newThumbprint !== null && record.key.thumbprint !== rotation.newThumbprint',
        'record.key.kid === null',
      ),
    ],
    seed: 2,
  },
  {
    id: 'two rotations at once',
    replacements: [
      at(`${CORE}/act/start.ts`, 'if (twin !== undefined) return twin;', 'void twin;'),
      at(`${CORE}/act/start.ts`, 'if (oldTwin !== undefined) return oldTwin;', 'void oldTwin;'),
      at(`${CORE}/act/start.ts`, 'if (entangled !== undefined) {', 'if (false) {'),
    ],
    seed: 10,
  },
  {
    id: 'a second process under one name goes unnoticed',
    replacements: [
      at(
        `${CORE}/contests.ts`,
        '  if (verifier.contestedUntilMs === 0) verifier.contestedSinceMs = nowMs;',
        '  if (fleet.verifiers.size >= 0) return;\n  if (verifier.contestedUntilMs === 0) verifier.contestedSinceMs = nowMs;',
      ),
    ],
    focus: ['duplicate_identity', 'kill_agent'],
    seed: 1,
  },
  {
    id: 'one fetch proves a key gone from every cache',
    replacements: [
      at(
        `${CORE}/standing.ts`,
        "if (proxy && (!profile.replacesWholeSet || profile.severalCaches)) return 'unknown';",
        '',
      ),
    ],
    seed: 108,
  },
  {
    id: 'remembered tokens forgotten in purge',
    replacements: [
      at(`${CORE}/standing.ts`, "if (profile.cachesVerifiedTokens) return 'unknown';", ''),
    ],
    seed: 26,
  },
  {
    id: 'kid-less tokens do not count',
    replacements: [
      at(
        `${CORE}/gates/kidless.ts`,
        'if (usage === undefined) {',
        'if (usage === undefined || usage.kid === null) {',
      ),
    ],
    seed: 15,
  },
  {
    id: 'an agent keeps keys that its verifier lost',
    replacements: [
      at(
        'agent/src/ledger/memory-ledger.ts',
        'this.#sets.set(issuer, after);',
        'if ((before?.identities.size ?? 0) <= after.identities.size) this.#sets.set(issuer, after);',
      ),
    ],
    seed: 1,
  },
  {
    id: 'stability window dropped',
    replacements: [
      at(`${CORE}/gates/stable.ts`, 'if (now.earliestMs >= clearsAtMs) {', 'if (true) {'),
    ],
    focus: ['regressing_origin'],
    seed: 2,
  },
  {
    id: 'a word from before an origin went back counts',
    replacements: [
      at(
        `${CORE}/gates/attested.ts`,
        'if (attested.expiresAtMs <= now.atMs || isOutdated(state, attested, rotation)) continue;',
        'if (attested.expiresAtMs <= now.atMs) continue;',
      ),
      at(`${CORE}/gates/dependents.ts`, 'if (stale.size > 0) {', 'if (false) {'),
    ],
    focus: ['regressing_origin'],
    seed: 17,
  },
  {
    id: 'a word covers a second process that nobody hears',
    replacements: [
      at(
        `${CORE}/gates/evidence.ts`,
        '      addContested(group, found);\n      continue;',
        '      continue;',
      ),
    ],
    focus: ['duplicate_identity'],
    seed: 47,
  },
  ...OF_TURNS,
  ...OF_KINDS,
];
