import { algProblem, ID_LIMITS, type KeyRef, textProblem } from '../model/ids.ts';
import {
  isSecretKey,
  keyProblem,
  namesSecret,
  NO_SECRET_THUMBPRINT,
} from '../model/secret-keys.ts';
import type { Outcome } from '../model/outcome.ts';
import {
  type CountKey,
  type FetchError,
  type KeySetReport,
  type KidCounts,
  REPORT_LIMITS,
  type Report,
} from '../model/report.ts';
import { shown } from '../shown.ts';
import { FETCH_ERROR, OUTCOME } from './enums.ts';
import type * as wire from './gen/keyturn/v1/fleet.ts';
import { type Checked, type Fields, Inspection } from './inspection.ts';
import {
  ageToWire,
  countToWire,
  freshAgeToWire,
  latestToWire,
  optionalToWire,
  uint32ToWire,
} from './numbers.ts';

const SHA256_BYTES = 32;
const NO_BYTES = Buffer.alloc(0);
const UINT32_MAX = 0xffff_ffff;

/**
 * One snapshot as a message. Ages and counts are brought into the range of the wire; texts must pass
 * `textProblem` already, or the peer refuses the report.
 */
export function reportToWire(report: Report): wire.Report {
  return {
    handle: report.handle,
    epoch: report.epoch,
    seq: report.seq,
    observedAgeMs: ageToWire(report.observedAgeMs, UINT32_MAX),
    keySets: report.keySets.map(keySetToWire),
    counts: report.counts.map(kidCountsToWire),
    dropped: uint32ToWire(report.dropped),
  };
}

/** Reads one snapshot a peer sent. `field` of a problem is relative to the report. */
export function reportFromWire(message: unknown): Checked<Report> {
  return Inspection.of((inspection) =>
    readReport(inspection, inspection.fields('report', message)),
  );
}

/** One entry of a Reports message; a bad one does not spoil the others. */
export interface ReceivedReport {
  /** As sent, for the ack; 0 where the field could not be read. */
  readonly handle: number;
  readonly epoch: number;
  readonly seq: number;
  readonly report: Checked<Report>;
}

/** Reads a Reports message. Problems of single reports are in the entries, under their full path. */
export function reportsFromWire(message: unknown): Checked<readonly ReceivedReport[]> {
  return Inspection.of((inspection) => {
    const { reports } = inspection.fields('reports', message);
    return inspection.list('reports', reports, REPORT_LIMITS.reportsPerMessage, receivedReport);
  });
}

/** Messages of at most `REPORT_LIMITS.reportsPerMessage` reports each are the caller's to make. */
export function reportsToWire(reports: readonly Report[]): wire.Reports {
  return { reports: reports.map(reportToWire) };
}

function receivedReport(message: unknown, place: string): ReceivedReport {
  const fields = (typeof message === 'object' && message !== null ? message : {}) as Fields;
  return {
    handle: idOrZero(fields['handle']),
    epoch: idOrZero(fields['epoch']),
    seq: idOrZero(fields['seq']),
    report: Inspection.of((inspection) =>
      inspection.nested(place, message, (inner) => readReport(inspection, inner)),
    ),
  };
}

function idOrZero(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function readReport(inspection: Inspection, fields: Fields): Report {
  const issuers = new Set<string | number>();
  const rows = new Set<string | number>();
  return {
    handle: inspection.uint32('handle', fields['handle']),
    epoch: inspection.whole('epoch', fields['epoch'], 1),
    seq: inspection.whole('seq', fields['seq'], 1),
    observedAgeMs: inspection.uint32('observed_age_ms', fields['observedAgeMs']),
    keySets: inspection.messages(
      'key_sets',
      fields['keySets'],
      REPORT_LIMITS.keySetsPerReport,
      (set) => readKeySet(inspection, set, issuers),
    ),
    counts: inspection.messages(
      'counts',
      fields['counts'],
      REPORT_LIMITS.countRowsPerReport,
      (row) => readKidCounts(inspection, row, rows),
    ),
    dropped: inspection.uint32('dropped', fields['dropped']),
  };
}

function keySetToWire(set: KeySetReport): wire.KeySet {
  return {
    issuer: set.issuer,
    keys: set.keys.map((key) => ({
      kid: key.kid,
      thumbprint: Buffer.from(key.thumbprint, 'base64url'),
      alg: key.alg,
    })),
    dataAgeMs: optionalToWire(set.dataAgeMs, ageToWire),
    attemptAgeMs: optionalToWire(set.attemptAgeMs, ageToWire),
    consecutiveFailures: uint32ToWire(set.consecutiveFailures),
    lastError: set.lastError === null ? 0 : FETCH_ERROR.toWire[set.lastError],
    nextRefreshInMs: optionalToWire(set.nextRefreshInMs, ageToWire),
    cooldownInMs: optionalToWire(set.cooldownInMs, ageToWire),
    documentSha256: set.documentSha256 === null ? NO_BYTES : Buffer.from(set.documentSha256, 'hex'),
    servedAgeMs: optionalToWire(set.servedAgeMs, ageToWire),
    secretsAgeMs: optionalToWire(set.secretsAgeMs, ageToWire),
  };
}

function readKeySet(
  inspection: Inspection,
  fields: Fields,
  issuers: Set<string | number>,
): KeySetReport {
  const age = (name: string, value: unknown): number | null =>
    inspection.optionalWhole(name, value, REPORT_LIMITS.ageMs);
  const issuer = readIssuer(inspection, fields);
  inspection.once('issuer', issuers, issuer, 'issuer');
  const seen = new Set<string | number>();
  const keys = inspection.messages('keys', fields['keys'], REPORT_LIMITS.keysPerSet, (key) =>
    readKey(inspection, key, seen),
  );
  const documentSha256 = readSha256(inspection, fields['documentSha256']);
  if (documentSha256 !== null && keys.length > 0 && keys.every(isSecretKey)) {
    inspection.refuse('document_sha256', 'expected none with nothing but shared secrets');
  }
  return {
    issuer,
    keys,
    dataAgeMs: age('data_age_ms', fields['dataAgeMs']),
    attemptAgeMs: age('attempt_age_ms', fields['attemptAgeMs']),
    consecutiveFailures: inspection.uint32('consecutive_failures', fields['consecutiveFailures']),
    lastError: readFetchError(inspection, fields['lastError']),
    nextRefreshInMs: age('next_refresh_in_ms', fields['nextRefreshInMs']),
    cooldownInMs: age('cooldown_in_ms', fields['cooldownInMs']),
    documentSha256,
    servedAgeMs: age('served_age_ms', fields['servedAgeMs']),
    secretsAgeMs: age('secrets_age_ms', fields['secretsAgeMs']),
  };
}

function readIssuer(inspection: Inspection, fields: Fields): string {
  return inspection.text('issuer', fields['issuer'], (text) =>
    textProblem(text, ID_LIMITS.issuerBytes),
  );
}

function readKid(inspection: Inspection, kid: unknown): string {
  return inspection.text('kid', kid, (text) => textProblem(text, ID_LIMITS.kidBytes));
}

function readKey(inspection: Inspection, fields: Fields, seen: Set<string | number>): KeyRef {
  const kid = readKid(inspection, fields['kid']);
  const alg = inspection.text('alg', fields['alg'], algProblem);
  const key = { kid, thumbprint: readThumbprint(inspection, fields['thumbprint'], alg), alg };
  const problem = keyProblem(key);
  if (problem !== undefined) inspection.refuse(problem.field, problem.message);
  // A kid cannot hold a control character, so the joined text is as good as the three parts.
  inspection.once('kid', seen, `${key.kid}\n${key.thumbprint}\n${key.alg}`, 'key');
  return key;
}

/** A shared secret has none, and what came is not shown: it may be a digest of the secret. */
function readThumbprint(inspection: Inspection, value: unknown, alg: string): string {
  if (!namesSecret(alg)) {
    return inspection.bytes('thumbprint', value, SHA256_BYTES).toString('base64url');
  }
  const isEmpty = value instanceof Uint8Array && value.byteLength === 0;
  if (!isEmpty) inspection.refuse('thumbprint', NO_SECRET_THUMBPRINT);
  return '';
}

function readFetchError(inspection: Inspection, value: unknown): FetchError | null {
  return value === 0 ? null : inspection.word('last_error', value, FETCH_ERROR.words);
}

function readSha256(inspection: Inspection, value: unknown): string | null {
  if (value instanceof Uint8Array && value.byteLength === 0) return null;
  return inspection.bytes('document_sha256', value, SHA256_BYTES).toString('hex');
}

function kidCountsToWire(row: KidCounts): wire.KidCounts {
  const outcomes = Object.entries(row.outcomes) as [Outcome, number][];
  return {
    issuer: row.issuer,
    key: countKeyToWire(row.key),
    outcomes: outcomes.map(([outcome, count]) => ({
      outcome: OUTCOME.toWire[outcome],
      count: countToWire(count),
    })),
    highestIat: optionalToWire(row.highestIat, latestToWire),
    highestExp: optionalToWire(row.highestExp, latestToWire),
    longestLifetimeS: optionalToWire(row.longestLifetimeS, latestToWire),
    acceptedWithoutExp: countToWire(row.acceptedWithoutExp),
    acceptedWithoutIat: countToWire(row.acceptedWithoutIat),
    lastAcceptedAgeMs: optionalToWire(row.lastAcceptedAgeMs, freshAgeToWire),
  };
}

function countKeyToWire(key: CountKey): NonNullable<wire.KidCounts['key']> {
  switch (key.kind) {
    case 'kid':
      return { $case: 'kid', value: key.kid };
    case 'none':
      return { $case: 'none', value: true };
    case 'other':
      return { $case: 'other', value: true };
  }
}

function readKidCounts(
  inspection: Inspection,
  fields: Fields,
  rows: Set<string | number>,
): KidCounts {
  const seconds = (name: string, value: unknown): number | null =>
    inspection.optionalWhole(name, value, REPORT_LIMITS.numericDateS);
  const issuer = readIssuer(inspection, fields);
  const key = readCountKey(inspection, fields['key']);
  const row = key.kind === 'kid' ? `${issuer}\nkid\n${key.kid}` : `${issuer}\n${key.kind}`;
  inspection.once('key', rows, row, 'issuer and key');
  return {
    issuer,
    key,
    outcomes: readOutcomes(inspection, fields['outcomes']),
    highestIat: seconds('highest_iat', fields['highestIat']),
    highestExp: seconds('highest_exp', fields['highestExp']),
    longestLifetimeS: seconds('longest_lifetime_s', fields['longestLifetimeS']),
    acceptedWithoutExp: inspection.whole('accepted_without_exp', fields['acceptedWithoutExp']),
    acceptedWithoutIat: inspection.whole('accepted_without_iat', fields['acceptedWithoutIat']),
    lastAcceptedAgeMs: inspection.optionalWhole(
      'last_accepted_age_ms',
      fields['lastAcceptedAgeMs'],
      REPORT_LIMITS.ageMs,
    ),
  };
}

function readCountKey(inspection: Inspection, value: unknown): CountKey {
  const fields = inspection.fields('key', value);
  const kind = fields['$case'];
  if (kind === 'kid') return { kind, kid: readKid(inspection, fields['value']) };
  if (kind !== 'none' && kind !== 'other') {
    inspection.refuse('key', `expected kid, none or other, got ${shown(kind)}`);
    return { kind: 'other' };
  }
  if (fields['value'] !== true) {
    inspection.refuse(kind, `expected true, got ${shown(fields['value'])}`);
  }
  return { kind };
}

function readOutcomes(inspection: Inspection, value: unknown): KidCounts['outcomes'] {
  const counts: Partial<Record<Outcome, number>> = {};
  const seen = new Set<string | number>();
  inspection.messages('outcomes', value, OUTCOME.words.size, (fields) => {
    const outcome = inspection.word('outcome', fields['outcome'], OUTCOME.words);
    inspection.once('outcome', seen, outcome, 'outcome');
    counts[outcome] = inspection.whole('count', fields['count']);
  });
  return counts;
}
