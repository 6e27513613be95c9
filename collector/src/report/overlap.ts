import type { OverlapView, WindowView } from '../api/schemas/report.ts';
import { isoMomentOrNull } from '../iso-moment.ts';
import type { EvidencedMoments, OverlapTerms } from '../core/snapshot/evidence-record.ts';
import type { ReportFacts } from './report-facts.ts';

const FORMULA = 'P + Spub + switch spread + Tmax + σ + Sret';

/** How long both keys were published together, against how long they had to be. */
export function overlapOf(facts: ReportFacts): OverlapView {
  const { rotation } = facts;
  const moments = momentsOf(facts);
  const { terms, from } = termsOf(facts);
  const spanMs = (fromMs: number | null, toMs: number | null): number | null =>
    fromMs === null || toMs === null ? null : toMs - fromMs;
  const beforeMs = terms === null ? null : plus(terms.propagationMs, terms.publishSafetyMs);
  const afterMs =
    terms === null ? null : plus(terms.lifetimeMs, terms.skewMs + terms.retireSafetyMs);
  return {
    published_at: isoMomentOrNull(moments.publishedAtMs),
    switched_at: isoMomentOrNull(moments.switchedAtMs),
    switch_seen_at: isoMomentOrNull(moments.switchSeenAtMs),
    last_old_signature_at: isoMomentOrNull(moments.lastOldSignatureAtMs),
    last_old_accepted_at: isoMomentOrNull(moments.lastOldAcceptedAtMs),
    old_tokens_gone_at: isoMomentOrNull(moments.oldTokensGoneAtMs),
    withdrawn_at: isoMomentOrNull(moments.withdrawnAtMs),
    gone_at: rotation.outcome === 'completed' ? isoMomentOrNull(rotation.endedAtMs) : null,
    formula: FORMULA,
    terms: terms === null ? [] : termViews(terms, facts.rotation.keyKind === 'secret'),
    terms_from: from,
    whole: windowOf(
      terms?.requiredMs ?? null,
      spanMs(moments.publishedAtMs, moments.withdrawnAtMs),
    ),
    before_switch: windowOf(beforeMs, spanMs(moments.publishedAtMs, moments.switchedAtMs)),
    after_switch: windowOf(afterMs, spanMs(moments.lastOldSignatureAtMs, moments.withdrawnAtMs)),
  };
}

/** What was written down last comes first once the rotation has ended: later rotations change keys. */
function momentsOf({ evidence, moments, rotation }: ReportFacts): EvidencedMoments {
  const kept = evidence.map(({ record }) => record.moments).toReversed();
  const sources = rotation.endedAtMs === null ? [moments, ...kept] : [...kept, moments];
  const first = (name: keyof EvidencedMoments): number | null =>
    sources.map((source) => source[name]).find((atMs) => atMs !== null) ?? null;
  const switching = evidence.findLast(
    ({ record }) => record.occasion.kind === 'step' && record.occasion.step === 'activate',
  );
  return {
    // What counted for the switch; the key may have been taken back and served again since.
    publishedAtMs: switching?.record.moments.publishedAtMs ?? first('publishedAtMs'),
    switchedAtMs: rotation.switchedAtMs,
    switchSeenAtMs: rotation.switchSeenAtMs,
    lastOldSignatureAtMs: rotation.switchedAtMs === null ? null : first('lastOldSignatureAtMs'),
    lastOldAcceptedAtMs: first('lastOldAcceptedAtMs'),
    oldTokensGoneAtMs: rotation.switchedAtMs === null ? null : first('oldTokensGoneAtMs'),
    withdrawnAtMs: rotation.endedAtMs === null ? moments.withdrawnAtMs : first('withdrawnAtMs'),
  };
}

/** The terms that were in force when the old key was retired, or as near to it as is on record. */
function termsOf({ evidence, overlap, rotation }: ReportFacts): {
  readonly terms: OverlapTerms | null;
  readonly from: number | null;
} {
  const retire = evidence.findLast(
    ({ record }) => record.occasion.kind === 'step' && record.occasion.step === 'retire',
  );
  const nearest = retire ?? (rotation.endedAtMs === null ? undefined : evidence.at(-1));
  if (nearest === undefined) return { terms: overlap, from: null };
  return { terms: nearest.record.overlap, from: nearest.record.number };
}

function termViews(terms: OverlapTerms, isSecret: boolean): OverlapView['terms'] {
  return [
    {
      symbol: 'P',
      name: 'longest a required verifier may work without the new key',
      ms: terms.propagationMs,
      note:
        terms.propagationOf === null
          ? isSecret
            ? 'time brings nobody a secret'
            : 'no service is required'
          : terms.propagationMs === null
            ? `service ${terms.propagationOf} has no bound, so evidence decided and not time`
            : `service ${terms.propagationOf}`,
    },
    {
      symbol: 'Spub',
      name: 'safety margin after publication',
      ms: terms.publishSafetyMs,
      note: '',
    },
    {
      symbol: 'switch spread',
      name: 'from the declared switch to the last signature of the old key',
      ms: terms.switchSpreadMs,
      note: 'as observed',
    },
    {
      symbol: 'Tmax',
      name: 'longest token lifetime declared or seen',
      ms: terms.lifetimeMs,
      note: terms.lifetimeMs === null ? 'neither declared nor seen' : '',
    },
    { symbol: 'σ', name: 'clock skew and leeway', ms: terms.skewMs, note: '' },
    { symbol: 'Sret', name: 'safety margin before withdrawal', ms: terms.retireSafetyMs, note: '' },
  ];
}

function windowOf(requiredMs: number | null, actualMs: number | null): WindowView {
  return {
    required_ms: requiredMs,
    actual_ms: actualMs,
    margin_ms: requiredMs === null || actualMs === null ? null : actualMs - requiredMs,
  };
}

function plus(a: number | null, b: number): number | null {
  return a === null ? null : a + b;
}
