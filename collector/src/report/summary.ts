import { counted } from '@keyturn/shared/model/counted.ts';
import type { ReportView } from '../api/schemas/report.ts';
import { span } from './span.ts';

type Core = Omit<ReportView, 'summary' | 'controls'>;

/** The report in a few sentences: what was rotated, how it ended, and what to look at. */
export function summaryOf(report: Core): string[] {
  return [
    whatSentence(report),
    ...stepSentences(report),
    overlapSentence(report),
    exceptionSentence(report),
    integritySentence(report),
  ];
}

function whatSentence({ rotation }: Core): string {
  const what =
    rotation.origin === 'observed'
      ? `Key ${rotation.new_key.kid} appeared by itself beside ${rotation.old_key.kid} at ${rotation.issuer}, seen at ${rotation.started_at}; gates of such a rotation only advise.`
      : `The ${rotation.alg} ${rotation.key_kind === 'secret' ? 'shared secret' : 'signing key'} of ${rotation.issuer} was to change from ${rotation.old_key.kid} to ${rotation.new_key.kid}; ${rotation.started_by} started this at ${rotation.started_at}.`;
  if (rotation.outcome === null)
    return `${what} The rotation is still open: this report is interim.`;
  const why = rotation.ended_because === null ? '' : `: ${rotation.ended_because}`;
  return `${what} It was ${rotation.outcome} at ${rotation.ended_at ?? ''}${why}.`;
}

function stepSentences({ steps }: Core): string[] {
  const verbs: Readonly<Partial<Record<Core['steps'][number]['step'], string>>> = {
    activate: 'The signer was switched to the new key',
    retire: 'The old key was retired',
    complete: 'The old key was declared gone everywhere',
    rollback: 'The signer was switched back',
  };
  return steps.flatMap((step) => {
    const verb = verbs[step.step];
    if (verb === undefined) return [];
    const why =
      step.override_reason !== null
        ? `against gate ${step.gate ?? ''}, which was ${step.gate_status ?? 'not open'}, for this reason: ${step.override_reason}`
        : step.gate === null
          ? 'and no evidence was kept with it'
          : `with gate ${step.gate} ${step.gate_status ?? ''}`;
    return [`${verb} by ${step.by} at ${step.at}, ${why}.`];
  });
}

function overlapSentence({ overlap }: Core): string {
  const { required_ms: required, actual_ms: actual, margin_ms: margin } = overlap.whole;
  if (actual === null) return 'Both keys have not been published together from end to end yet.';
  const both = `Both keys were published together for ${span(actual)}`;
  if (required === null || margin === null) {
    return `${both}; how long was required cannot be said, as a term has no bound.`;
  }
  return margin < 0
    ? `${both}; required were ${span(required)}, ${span(-margin)} more than there was.`
    : `${both}; required were ${span(required)}, which left ${span(margin)} to spare.`;
}

function exceptionSentence({ overrides, waivers, attestations, findings }: Core): string {
  const parts = [
    counted(overrides.length, 'override'),
    counted(waivers.length, 'waiver'),
    counted(attestations.length, 'attestation'),
    counted(findings.filter(({ level }) => level !== 'note').length, 'finding'),
  ];
  return `On record: ${parts.join(', ')}.`;
}

function integritySentence({ audit, evidence }: Core): string {
  const torn = evidence.filter(({ witnessed }) => !witnessed).length;
  const chain =
    audit.chain_intact === null
      ? 'The audit trail as a whole was not looked at'
      : audit.chain_intact
        ? 'The audit trail is intact'
        : `The audit trail is broken at entry ${audit.first_broken ?? 0}`;
  const kept =
    evidence.length === 0
      ? 'and there is no snapshot of evidence'
      : torn === 0
        ? `and vouches for all ${counted(evidence.length, 'snapshot')} of evidence`
        : `and does not vouch for ${torn} of ${counted(evidence.length, 'snapshot')} of evidence`;
  return `${chain}, ${kept}.`;
}
