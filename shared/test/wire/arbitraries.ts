import fc from 'fast-check';
import { GRADES } from '../../src/model/evidence.ts';
import { OUTCOMES } from '../../src/model/outcome.ts';
import {
  CANARY_OUTCOMES,
  CANARY_ROLES,
  PROBE_LIMITS,
  type ProbeOrders,
  type ProbeResult,
} from '../../src/model/probe.ts';
import {
  type Ack,
  type Assignment,
  FETCH_ERRORS,
  type Goodbye,
  type Hello,
  type KeySetReport,
  type KidCounts,
  REPORT_LIMITS,
  type Report,
  type Settings,
  type Welcome,
} from '../../src/model/report.ts';
import { isSecretKey, SECRET_ALGS } from '../../src/model/secret-keys.ts';
import { type Check, GATES, type Verdict } from '../../src/model/verdict.ts';

const uint32 = fc.nat({ max: 0xffff_ffff });
const whole = fc.maxSafeNat();
const positive = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const seconds = fc.option(fc.nat({ max: REPORT_LIMITS.numericDateS }));
const age = fc.option(fc.nat({ max: REPORT_LIMITS.ageMs }));
const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((raw) => Buffer.from(raw).toString('hex'));
const thumbprint = hex(32).map((text) => Buffer.from(text, 'hex').toString('base64url'));

/** What a person or an issuer may call something: any script, nothing that hides. */
const text = (bytesMax: number) =>
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 24 })
    .filter(
      (candidate) =>
        !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(candidate) &&
        Buffer.byteLength(candidate) <= bytesMax,
    );
const maybeText = (bytesMax: number) => fc.oneof(fc.constant(''), text(bytesMax));
const name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._:@-]{0,20}[A-Za-z0-9])?$/);
const issuer = fc.oneof(fc.webUrl(), text(512)).filter((url) => Buffer.byteLength(url) <= 512);
const kid = text(128);
const alg = fc.constantFrom('', 'RS256', 'ES256', 'EdDSA', 'PBES2-HS256+A128KW', 'ML-DSA-44');

const secret = fc.record({
  kid,
  thumbprint: fc.constant(''),
  alg: fc.constantFrom(...SECRET_ALGS),
});

const keySet: fc.Arbitrary<KeySetReport> = fc
  .record({
    issuer,
    keys: fc.uniqueArray(fc.oneof(fc.record({ kid, thumbprint, alg }), secret), {
      maxLength: 5,
      selector: (key) => `${key.kid}\n${key.thumbprint}\n${key.alg}`,
    }),
    dataAgeMs: age,
    attemptAgeMs: age,
    consecutiveFailures: uint32,
    lastError: fc.option(fc.constantFrom(...FETCH_ERRORS)),
    nextRefreshInMs: age,
    cooldownInMs: age,
    documentSha256: fc.option(hex(32)),
    servedAgeMs: age,
    secretsAgeMs: age,
  })
  // A hash of a document of secrets alone is refused.
  .map((set) =>
    set.keys.length > 0 && set.keys.every(isSecretKey) ? { ...set, documentSha256: null } : set,
  );

const kidCounts: fc.Arbitrary<KidCounts> = fc.record({
  issuer,
  key: fc.oneof(
    fc.record({ kind: fc.constant('kid' as const), kid }),
    fc.record({ kind: fc.constantFrom('none' as const, 'other' as const) }),
  ),
  outcomes: fc.dictionary(fc.constantFrom(...OUTCOMES), whole, { noNullPrototype: true }),
  highestIat: seconds,
  highestExp: seconds,
  longestLifetimeS: seconds,
  acceptedWithoutExp: whole,
  acceptedWithoutIat: whole,
  lastAcceptedAgeMs: age,
});

export const report: fc.Arbitrary<Report> = fc.record({
  handle: uint32,
  epoch: positive,
  seq: positive,
  observedAgeMs: uint32,
  keySets: fc.uniqueArray(keySet, { maxLength: 3, selector: (set) => set.issuer }),
  counts: fc.uniqueArray(kidCounts, {
    maxLength: 4,
    selector: (row) => `${row.issuer}\n${JSON.stringify(row.key)}`,
  }),
  dropped: uint32,
});

export const hello: fc.Arbitrary<Hello> = fc.record({
  bootId: hex(16),
  agentVersion: maybeText(64),
  verifiers: fc
    .uniqueArray(
      fc.record(
        {
          handle: uint32,
          id: fc.record({ service: name, instance: name, cache: name }),
          profile: fc.oneof(fc.constant(''), name),
          source: fc.constantFrom('in_process' as const, 'pushed' as const, 'proxy' as const),
          issuers: fc.uniqueArray(issuer, { maxLength: 3 }),
          cacheKind: fc.constantFrom('any' as const, 'public' as const, 'secret' as const),
          probes: fc.constant(true),
        },
        { requiredKeys: ['handle', 'id', 'profile', 'source', 'issuers', 'cacheKind'] },
      ),
      { maxLength: 4, selector: (verifier) => verifier.handle },
    )
    .filter(
      (all) => new Set(all.map((verifier) => JSON.stringify(verifier.id))).size === all.length,
    ),
  wallUnixMs: fc.maxSafeInteger(),
});

export const settings: fc.Arbitrary<Settings> = fc.record({
  reportIntervalMs: fc.integer({
    min: REPORT_LIMITS.reportIntervalMsMin,
    max: REPORT_LIMITS.reportIntervalMsMax,
  }),
  leaseMs: uint32,
  holdDownRemainingMs: uint32,
  reconnectWindowMs: uint32,
  watchedKeys: fc.array(fc.record({ issuer, kid, secret: fc.boolean() }), { maxLength: 3 }),
});

const assignment: fc.Arbitrary<Assignment> = fc.record({
  handle: uint32,
  epoch: positive,
  committedSeq: whole,
  refused: maybeText(512),
});

export const welcome: fc.Arbitrary<Welcome> = fc.record({
  assignments: fc.uniqueArray(assignment, { maxLength: 4, selector: (each) => each.handle }),
  settings,
});

export const ack: fc.Arbitrary<Ack> = fc.record({
  handle: uint32,
  epoch: whole,
  seq: whole,
  result: fc.constantFrom('applied', 'ignored', 'superseded', 'rejected'),
  reason: maybeText(512),
});

export const goodbye: fc.Arbitrary<Goodbye> = fc.record({
  handles: fc.uniqueArray(uint32, { maxLength: 5 }),
  reason: maybeText(512),
});

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}\.[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{1,40}$/);

export const probeOrders: fc.Arbitrary<ProbeOrders> = fc.record({
  probes: fc.uniqueArray(
    fc.record({
      id: name,
      handle: uint32,
      issuer,
      expiresInMs: uint32,
      apartMs: uint32,
      canaries: fc.uniqueArray(fc.record({ role: fc.constantFrom(...CANARY_ROLES), token }), {
        maxLength: 3,
        selector: (canary) => canary.role,
      }),
    }),
    { maxLength: 4, selector: (probe) => probe.id },
  ),
  withdrawnIds: fc.array(name, { maxLength: 3 }),
});

export const probeResults: fc.Arbitrary<readonly ProbeResult[]> = fc.uniqueArray(
  fc.record({
    probeId: name,
    handle: uint32,
    ageMs: fc.nat({ max: PROBE_LIMITS.ageMs }),
    answers: fc.uniqueArray(
      fc.record({
        role: fc.constantFrom(...CANARY_ROLES),
        outcome: fc.constantFrom(...CANARY_OUTCOMES),
        status: fc.option(fc.nat({ max: 999 })),
      }),
      { maxLength: 3, selector: (answer) => answer.role },
    ),
  }),
  { maxLength: 4, selector: (result) => result.probeId },
);

const moment = fc.option(whole);

const check: fc.Arbitrary<Check> = fc.record({
  id: text(128),
  status: fc.constantFrom('pass', 'fail', 'unknown', 'waived'),
  class: fc.constantFrom('time', 'evidence', 'coverage', 'health', 'policy'),
  message: maybeText(4_096),
  offenders: fc.array(
    fc.record({
      service: text(64),
      instance: maybeText(128),
      cache: maybeText(64),
      state: text(128),
      sinceMs: moment,
      detail: maybeText(4_096),
    }),
    { maxLength: 3 },
  ),
  offenderCount: uint32,
  sinceMs: moment,
  clearsAtMs: moment,
  help: maybeText(4_096),
});

export const verdict: fc.Arbitrary<Verdict> = fc.record({
  rotationId: text(128),
  gate: fc.constantFrom(...GATES),
  status: fc.constantFrom('open', 'closed', 'unknown', 'aborted'),
  checks: fc.array(check, { maxLength: 4 }),
  weakestGrade: fc.option(fc.constantFrom(...GRADES)),
  evaluatedAtMs: whole,
  revision: whole,
  clearsAtMs: moment,
  advised: fc.boolean(),
  advisory: fc.boolean(),
});
