import { KeyturnError } from '@keyturn/shared/errors.ts';
import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import { ID_LIMITS, nameProblem, textProblem } from '@keyturn/shared/model/ids.ts';
import { isAttributable, type Outcome } from '@keyturn/shared/model/outcome.ts';
import type { KidCounts, Report, Source, WatchedKey } from '@keyturn/shared/model/report.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import type { CacheKind } from '@keyturn/shared/model/secret-keys.ts';
import type { HeldSet } from './held-set.ts';
import {
  hasSameKeys,
  holdSet,
  isToldAgain,
  isWorthSending,
  NOTHING_KNOWN,
  readHeldSet,
} from './held-set.ts';
import type { IssuerRows, KidTableLimits } from './kid-table.ts';
import { createIssuerRows, KidTable } from './kid-table.ts';
import type { AcceptedClaims, HeldSecrets, KeySetState, Ledger, Urgency } from './ledger.ts';
import type { Row } from './row.ts';
import { addToRow, isOfIssuer, readRow } from './row.ts';

const UINT32_MAX = 4_294_967_295;

/** Watched kids kept per issuer; more are left out and counted as dropped. */
const WATCHED_PER_ISSUER = 256;

export interface LedgerOptions {
  readonly id: VerifierId;
  /** Profile id from the catalogue, such as `npm-jose`; empty when not known. */
  readonly profile: string;
  readonly source: Source;
  /** Exact `iss` strings this verifier takes tokens from; at most `REPORT_LIMITS.issuersPerVerifier`. */
  readonly issuers: readonly string[];
  /** `any` when absent: nobody said which keys it decides with. */
  readonly cacheKind?: CacheKind;
  readonly limits?: Partial<KidTableLimits>;
}

/** A verifier that cannot be named in a report; `message` lists every problem. */
export class LedgerError extends KeyturnError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('LEDGER_INVALID', `verifier cannot be reported: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/** Every reason why a report could not name this verifier, `field: sentence` each. */
export function verifierProblems(id: VerifierId, issuers: readonly string[]): readonly string[] {
  const named: readonly (readonly [string, string | undefined])[] = [
    ['service', nameProblem(id.service, ID_LIMITS.serviceBytes)],
    ['instance', nameProblem(id.instance, ID_LIMITS.instanceBytes)],
    ['cache', nameProblem(id.cache, ID_LIMITS.cacheBytes)],
    ...issuers.map(
      (issuer, i) => [`issuers[${i}]`, textProblem(issuer, ID_LIMITS.issuerBytes)] as const,
    ),
  ];
  const problems = named.flatMap(([field, problem]) =>
    problem === undefined ? [] : [`${field}: ${problem}`],
  );
  const max = REPORT_LIMITS.issuersPerVerifier;
  if (issuers.length === 0 || issuers.length > max) {
    problems.push(`issuers: expected 1 to ${max} issuers, got ${issuers.length}`);
  }
  return problems;
}

/**
 * A ledger for one verifier. Within its life no total of any row goes down, which is what an epoch
 * needs; make a new ledger only together with a new boot id.
 *
 * @throws LedgerError naming every field that is not valid.
 */
export function createLedger(options: LedgerOptions): Ledger {
  const issuers = [...new Set(options.issuers)];
  const problems = verifierProblems(options.id, issuers);
  if (problems.length > 0) throw new LedgerError(problems);
  return new MemoryLedger(options, issuers);
}

class MemoryLedger implements Ledger {
  readonly id: VerifierId;
  readonly profile: string;
  readonly source: Source;
  readonly issuers: readonly string[];
  readonly cacheKind: CacheKind;
  revision = 1;
  foreignIssuerCounts = 0;
  readonly #rows: ReadonlyMap<string, IssuerRows>;
  readonly #table: KidTable;
  readonly #sets = new Map<string, HeldSet>();
  /** Kids of watched secrets, by issuer: no fetch brings them. */
  #watchedSecrets: ReadonlySet<string> = new Set();
  #watchedLeftOut = 0;
  #toldAtMs: number | null = null;

  constructor(options: LedgerOptions, issuers: readonly string[]) {
    this.id = { ...options.id };
    this.profile = options.profile;
    this.source = options.source;
    this.issuers = issuers;
    this.cacheKind = options.cacheKind ?? 'any';
    this.#rows = new Map(issuers.map((issuer) => [issuer, createIssuerRows(issuer)]));
    this.#table = new KidTable([...this.#rows.values()], {
      // Every issuer also has its rows for tokens without kid and for other kids.
      rowsMax: REPORT_LIMITS.countRowsPerReport - 2 * issuers.length,
      strangersPerIssuer: 8,
      // The collector keeps rows that are no longer sent, 512 of one process.
      parkedMax: 512 - REPORT_LIMITS.countRowsPerReport,
      ...options.limits,
    });
  }

  count(
    issuer: string,
    kid: string | null,
    outcome: Outcome,
    claims: AcceptedClaims | null,
    nowMs: number,
    times = 1,
  ): Urgency | null {
    const rows = this.#rows.get(issuer);
    if (rows === undefined) {
      this.foreignIssuerCounts += times;
      return null;
    }
    const row = kid === null ? rows.none : this.#rowOf(rows, kid);
    const isFirst = addToRow(row, outcome, claims, nowMs, times);
    if (!isFirst && !goesOn(row, outcome)) return null;
    this.revision += 1;
    return isFirst && isAttributable(outcome) ? 'now' : 'soon';
  }

  // Hashing a kid of a megabyte is what an attacker would like; its length alone says `other`.
  #rowOf(rows: IssuerRows, kid: string): Row {
    if (kid.length > ID_LIMITS.kidBytes) return rows.other;
    return rows.byKid.get(kid) ?? this.#table.admit(rows, kid, this.revision);
  }

  setKeys(issuer: string, state: KeySetState): boolean {
    return this.#hold(issuer, state, this.#sets.get(issuer)?.secrets ?? null);
  }

  setSecrets(issuer: string, secrets: HeldSecrets | null): void {
    const told = this.#sets.get(issuer)?.told;
    if (told === undefined && secrets === null) return;
    this.#hold(issuer, told ?? NOTHING_KNOWN, secrets);
  }

  #hold(issuer: string, state: KeySetState, secrets: HeldSecrets | null): boolean {
    const rows = this.#rows.get(issuer);
    if (rows === undefined) return false;
    const before = this.#sets.get(issuer);
    const after = isToldAgain(before, state, secrets)
      ? { ...before, told: state, state: { ...state, keys: before.state.keys } }
      : holdSet(state, secrets, rows.watched);
    this.#sets.set(issuer, after);
    if (isWorthSending(before, after)) this.revision += 1;
    if (hasSameKeys(before, after)) return false;
    rows.held = new Set(after.state.keys.map((key) => key.kid));
    this.#table.wantedChanged(this.revision);
    return before !== undefined || after.identities.size > 0;
  }

  watch(keys: readonly WatchedKey[]): void {
    this.#watchedSecrets = new Set(
      keys.flatMap(({ issuer, kid, secret }) => (secret ? [`${issuer}\u0000${kid}`] : [])),
    );
    const byIssuer = new Map<string, Set<string>>(
      this.issuers.map((issuer) => [issuer, new Set()]),
    );
    this.#watchedLeftOut = 0;
    for (const { issuer, kid } of keys) {
      const kids = byIssuer.get(issuer);
      if (kids === undefined) continue;
      const fits = kids.size < WATCHED_PER_ISSUER || kids.has(kid);
      if (fits && textProblem(kid, ID_LIMITS.kidBytes) === undefined) kids.add(kid);
      else this.#watchedLeftOut += 1;
    }
    for (const [issuer, kids] of byIssuer) {
      const rows = this.#rows.get(issuer);
      if (rows !== undefined) rows.watched = kids;
      const held = this.#sets.get(issuer);
      if (held !== undefined && held.leftOut > 0) this.setKeys(issuer, held.told);
    }
    this.#table.wantedChanged(this.revision);
  }

  missing(issuer: string): readonly string[] {
    const rows = this.#rows.get(issuer);
    if (rows === undefined) return [];
    return [...rows.watched].filter(
      (kid) => !rows.held.has(kid) && !this.#watchedSecrets.has(`${issuer}\u0000${kid}`),
    );
  }

  toldAt(nowMs: number): void {
    this.#toldAtMs = nowMs;
  }

  snapshot(
    nowMs: number,
    stamp: { readonly handle: number; readonly epoch: number; readonly seq: number },
  ): Report {
    return {
      handle: stamp.handle,
      epoch: stamp.epoch,
      seq: stamp.seq,
      observedAgeMs: this.#toldAtMs === null ? 0 : Math.max(0, Math.round(nowMs - this.#toldAtMs)),
      keySets: [...this.#sets].map(([issuer, held]) => readHeldSet(issuer, held, nowMs)),
      counts: [...this.#rows.values()].flatMap((rows) => readRows(rows, nowMs)),
      dropped: this.#dropped(),
    };
  }

  #dropped(): number {
    let n = this.#table.parked + this.#table.refused + this.#watchedLeftOut;
    for (const held of this.#sets.values()) n += held.leftOut;
    return Math.min(n, UINT32_MAX);
  }
}

// How fast a failure that a key causes grows is what detection waits for. Nearly all end well, and
// comparing a word costs less than looking it up.
function goesOn(row: Row, outcome: Outcome): boolean {
  return outcome !== 'ok' && isAttributable(outcome) && isOfIssuer(row);
}

function readRows(rows: IssuerRows, nowMs: number): readonly KidCounts[] {
  return [...rows.byKid.values(), rows.none, rows.other].flatMap((row) => {
    const counts = readRow(row, rows.issuer, nowMs);
    return counts === undefined ? [] : [counts];
  });
}
