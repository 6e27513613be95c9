import type { Outcome as OutcomeWord } from '../model/outcome.ts';
import type { CacheKind } from '../model/secret-keys.ts';
import type {
  CanaryOutcome as CanaryOutcomeWord,
  CanaryRole as CanaryRoleWord,
} from '../model/probe.ts';
import type {
  AckResult as AckWord,
  FetchError as FetchWord,
  Source as SourceWord,
} from '../model/report.ts';
import type {
  CheckStatus as CheckWord,
  Gate as GateWord,
  VerdictStatus as VerdictWord,
} from '../model/verdict.ts';
import {
  AckResult,
  CanaryOutcome,
  CanaryRole,
  FetchError,
  KeyKind,
  Outcome,
  Source,
} from './gen/keyturn/v1/fleet.ts';
import { CheckStatus, Gate, VerdictStatus } from './gen/keyturn/v1/readiness.ts';
import { Fact, Step } from './gen/keyturn/v1/rotation.ts';
import { type Checked, Inspection } from './inspection.ts';

/** The words for one enum: to its number, and back from the numbers that mean something. */
export interface EnumCodec<Word extends string, N extends number> {
  readonly toWire: Readonly<Record<Word, N>>;
  readonly words: ReadonlyMap<number, Word>;
}

/** Steps of a rotation that a tool declares. */
export type StepWord =
  | 'publish'
  | 'activate'
  | 'retire'
  | 'rollback'
  | 'abort'
  | 'taint'
  | 'complete'
  | 'destroy_old_key';

/** Facts a person can vouch for. */
export type FactWord = 'holds_new' | 'rejects_old';

export const SOURCE = enumCodec<SourceWord, Source>({
  in_process: Source.IN_PROCESS,
  pushed: Source.PUSHED,
  proxy: Source.PROXY,
});

export const CACHE_KIND = enumCodec<CacheKind, KeyKind>({
  any: KeyKind.UNSPECIFIED,
  public: KeyKind.PUBLIC,
  secret: KeyKind.SECRET,
});

export const FETCH_ERROR = enumCodec<FetchWord, FetchError>({
  timeout: FetchError.TIMEOUT,
  network: FetchError.NETWORK,
  tls: FetchError.TLS,
  status: FetchError.STATUS,
  too_large: FetchError.TOO_LARGE,
  not_json: FetchError.NOT_JSON,
  invalid: FetchError.INVALID,
  other: FetchError.OTHER,
});

export const OUTCOME = enumCodec<OutcomeWord, Outcome>({
  ok: Outcome.OK,
  unknown_kid: Outcome.UNKNOWN_KID,
  unknown_kid_expired_token: Outcome.UNKNOWN_KID_EXPIRED_TOKEN,
  unknown_kid_throttled: Outcome.UNKNOWN_KID_THROTTLED,
  bad_signature: Outcome.BAD_SIGNATURE,
  unknown_kid_or_bad_signature: Outcome.UNKNOWN_KID_OR_BAD_SIGNATURE,
  jwks_unavailable: Outcome.JWKS_UNAVAILABLE,
  key_ambiguous: Outcome.KEY_AMBIGUOUS,
  alg_rejected: Outcome.ALG_REJECTED,
  expired: Outcome.EXPIRED,
  not_yet_valid: Outcome.NOT_YET_VALID,
  claims: Outcome.CLAIMS,
  malformed: Outcome.MALFORMED,
  unclassified: Outcome.UNCLASSIFIED,
});

export const ACK_RESULT = enumCodec<AckWord, AckResult>({
  applied: AckResult.APPLIED,
  ignored: AckResult.IGNORED,
  superseded: AckResult.SUPERSEDED,
  rejected: AckResult.REJECTED,
});

export const CANARY_ROLE = enumCodec<CanaryRoleWord, CanaryRole>({
  next: CanaryRole.NEXT,
  current: CanaryRole.CURRENT,
  bogus: CanaryRole.BOGUS,
});

export const CANARY_OUTCOME = enumCodec<CanaryOutcomeWord, CanaryOutcome>({
  accepted: CanaryOutcome.ACCEPTED,
  rejected: CanaryOutcome.REJECTED,
  unreachable: CanaryOutcome.UNREACHABLE,
  unclear: CanaryOutcome.UNCLEAR,
});

export const GATE = enumCodec<GateWord, Gate>({
  publish: Gate.PUBLISH,
  activate: Gate.ACTIVATE,
  retire: Gate.RETIRE,
  purge: Gate.PURGE,
  rollback: Gate.ROLLBACK,
});

export const VERDICT_STATUS = enumCodec<VerdictWord, VerdictStatus>({
  open: VerdictStatus.OPEN,
  closed: VerdictStatus.CLOSED,
  unknown: VerdictStatus.UNKNOWN,
  aborted: VerdictStatus.ABORTED,
});

export const CHECK_STATUS = enumCodec<CheckWord, CheckStatus>({
  pass: CheckStatus.PASS,
  fail: CheckStatus.FAIL,
  unknown: CheckStatus.UNKNOWN,
  waived: CheckStatus.WAIVED,
});

const STEP = enumCodec<StepWord, Step>({
  publish: Step.PUBLISH,
  activate: Step.ACTIVATE,
  retire: Step.RETIRE,
  rollback: Step.ROLLBACK,
  abort: Step.ABORT,
  taint: Step.TAINT,
  complete: Step.COMPLETE,
  destroy_old_key: Step.DESTROY_OLD_KEY,
});

const FACT = enumCodec<FactWord, Fact>({
  holds_new: Fact.HOLDS_NEW,
  rejects_old: Fact.REJECTS_OLD,
});

export function gateToWire(gate: GateWord): Gate {
  return GATE.toWire[gate];
}

/** A request's gate; `GATE_UNSPECIFIED` and unknown numbers are refused. */
export function gateFromWire(gate: unknown): Checked<GateWord> {
  return Inspection.of((inspection) => inspection.word('gate', gate, GATE.words));
}

export function stepToWire(step: StepWord): Step {
  return STEP.toWire[step];
}

export function stepFromWire(step: unknown): Checked<StepWord> {
  return Inspection.of((inspection) => inspection.word('step', step, STEP.words));
}

export function factToWire(fact: FactWord): Fact {
  return FACT.toWire[fact];
}

export function factFromWire(fact: unknown): Checked<FactWord> {
  return Inspection.of((inspection) => inspection.word('fact', fact, FACT.words));
}

function enumCodec<Word extends string, N extends number>(
  toWire: Readonly<Record<Word, N>>,
): EnumCodec<Word, N> {
  const pairs = Object.entries(toWire) as [Word, N][];
  return { toWire, words: new Map(pairs.map(([word, number]) => [number, word])) };
}
