import type { CanariesView, RotationDetailView, RotationView } from '../../api/schemas/rotation.ts';
import type { VerdictView } from '../../api/schemas/verdict.ts';
import { algsOf } from '../../api/views/algs.ts';
import { probedSentence } from '../../api/views/probed-sentence.ts';
import { reasonsOf } from '../../api/views/verdict.ts';
import { type Paint, statusWord } from '../paint.ts';
import { containmentLine } from './emergency.ts';
import { rehearsalLine } from './rehearsal.ts';
import { dependentLines } from './services.ts';
import { propagationLines } from './propagation.ts';
import { table } from './table.ts';
import { ago, toTheSecond, until } from './time.ts';
import { nameOf } from './verdict.ts';

const NAMES_SHOWN_MAX = 3;

/** One line per rotation. */
export function rotationsText(
  body: { readonly rotations: readonly RotationView[]; readonly more: number },
  nowMs: number,
): string {
  if (body.rotations.length === 0) return 'no rotation\n';
  const rows = body.rotations.map((rotation) => [
    rotation.id,
    rotation.origin === 'observed' ? `${rotation.phase} (observed)` : rotation.phase,
    `${rotation.old_key.kid} -> ${rotation.new_key.kid}`,
    algsOf(rotation),
    rotation.issuer,
    begunText(rotation, nowMs),
  ]);
  const lines = table([['ROTATION', 'PHASE', 'KEYS', 'ALG', 'ISSUER', ''], ...rows]);
  if (body.more > 0) lines.push(`and ${body.more} more`);
  return `${lines.join('\n')}\n`;
}

/** A rotation in full. */
export function rotationText(detail: RotationDetailView, nowMs: number, paint: Paint): string {
  const { rotation } = detail;
  const lines = [
    ...headLines(rotation, nowMs, paint),
    ...propagationLines(detail.propagation, nowMs, paint),
    '',
    ...gateLines(detail.gates, nowMs, paint),
    ...declaredLines(rotation, nowMs),
    ...canaryLines(detail.canaries, rotation, nowMs),
  ];
  const told = detail.dependents.filter(
    ({ judged_by: way, waits_for: what }) => way !== 'evidence' || what.length > 0,
  );
  lines.push(...dependentLines(told));
  for (const attestation of detail.attestations) {
    lines.push(
      `attested: ${attestation.service}${attestation.instance === null ? '' : `/${attestation.instance}`} ${attestation.fact}, by ${attestation.by} (${attestation.reason}), ${expiry(attestation, nowMs)}`,
    );
  }
  for (const waiver of detail.waivers) {
    lines.push(
      `waived: check ${waiver.check_id} of gate ${waiver.gate}, by ${waiver.by} (${waiver.reason}), ${expiry(waiver, nowMs)}`,
    );
  }
  if (detail.containment !== null) lines.push(containmentLine(detail.containment, paint));
  for (const rehearsal of detail.rehearsals) lines.push(rehearsalLine(rehearsal, nowMs));
  return `${lines.join('\n')}\n`;
}

/** What an act left behind. */
export function declaredText(
  rotation: RotationView,
  step: string,
  verdict: VerdictView | null,
): string {
  const under = verdict === null ? '' : `, gate ${verdict.gate} ${verdict.status}`;
  const how = verdict !== null && !verdict.ready ? ' as an override' : '';
  return `rotation ${rotation.id}: ${step} recorded${how}${under}; phase ${rotation.phase}\n`;
}

/** The gates of a rotation, one line each, and one more for who is in the way. */
export function gateLines(gates: readonly VerdictView[], nowMs: number, paint: Paint): string[] {
  // Padded before painted: colours have no width.
  return gates.flatMap((verdict) => {
    const status = statusWord(verdict.status, paint) + ' '.repeat(9 - verdict.status.length);
    const summary = verdict.summary.slice(verdict.summary.indexOf(': ') + 2);
    const clears =
      verdict.ready || verdict.clears_at === null
        ? ''
        : `; clears ${until(verdict.clears_at, nowMs)}`;
    return [`  ${verdict.gate.padEnd(9)} ${status} ${summary}${clears}`, ...inTheWayLine(verdict)];
  });
}

/** What there is of canaries, and what they showed. */
export function canaryLines(
  canaries: CanariesView | null,
  rotation: RotationView,
  nowMs: number,
): string[] {
  if (canaries === null || !rotation.open) return [];
  const probed = probedSentence(canaries.verifiers);
  const held =
    canaries.held_until_at === null
      ? 'none at hand (lost at a restart, or expired)'
      : `at hand, gone ${until(canaries.held_until_at, nowMs)}`;
  const wait =
    canaries.held_until_at === null || canaries.not_presented_because === null
      ? ''
      : `; not presented now: ${canaries.not_presented_because}`;
  return [`  canaries: ${held}${wait}${probed === '' ? '' : `; ${probed}`}`];
}

/** Which keys, where it stands. */
export function headLines(rotation: RotationView, nowMs: number, paint: Paint): string[] {
  const tainted = rotation.tainted ? paint.red(' OLD KEY TAINTED') : '';
  const isSecret = rotation.key_kind === 'secret';
  return [
    `rotation ${paint.bold(rotation.id)}: ${isSecret ? 'shared secret ' : ''}${rotation.old_key.kid} -> ${rotation.new_key.kid}, ${algsOf(rotation)}, ${rotation.issuer}`,
    `  phase ${paint.bold(rotation.phase)}${tainted}, ${begunText(rotation, nowMs)}`,
    ...momentLine(
      isSecret ? 'new secret handed out, as declared' : 'new key published everywhere',
      rotation.published_at,
    ),
    ...momentLine(
      rotation.origin === 'observed' ? 'first token of the new key accepted' : 'signer switched',
      rotation.switched_at,
    ),
    ...momentLine(
      isSecret ? 'old secret to be dropped, as declared' : 'old key withdrawn everywhere',
      rotation.withdrawn_at,
    ),
    ...backLines(rotation, nowMs),
    ...momentLine(rotation.outcome ?? 'ended', rotation.ended_at),
    ...(rotation.ended_because === null ? [] : [`  because ${rotation.ended_because}`]),
    ...rotation.findings.map((finding) =>
      paint.red(`  finding ${finding.id}, ${ago(finding.at, nowMs)}: ${finding.message}`),
    ),
  ];
}

/** Who began it, or that nobody did. */
function begunText(rotation: RotationView, nowMs: number): string {
  return rotation.origin === 'observed'
    ? `observed ${ago(rotation.started_at, nowMs)}`
    : `started ${ago(rotation.started_at, nowMs)} by ${rotation.started_by}`;
}

/** Whether there is a way back, and what a way back taken leaves behind. */
function backLines(rotation: RotationView, nowMs: number): string[] {
  const lines = [
    ...momentLine('signer switched back', rotation.rolled_back_at),
    ...momentLine('old private key destroyed', rotation.old_key_destroyed_at),
  ];
  if (rotation.rollback_until !== null && rotation.open) {
    const isOver = Date.parse(rotation.rollback_until) <= nowMs;
    lines.push(
      isOver
        ? `  old private key was kept until ${toTheSecond(rotation.rollback_until)}`
        : `  old private key is kept, going back ends ${until(rotation.rollback_until, nowMs)}`,
    );
  }
  if (rotation.new_key_needed === 'until' && rotation.new_key_needed_until !== null) {
    lines.push(
      `  keep ${rotation.new_key.kid} published: its last token ends ${until(rotation.new_key_needed_until, nowMs)}`,
    );
  }
  if (rotation.new_key_needed === 'unknown') {
    lines.push(`  keep ${rotation.new_key.kid} published: nobody can say when its last token ends`);
  }
  return lines;
}

function inTheWayLine(verdict: VerdictView): string[] {
  const [first] = reasonsOf(verdict.checks);
  if (first === undefined || first.offenders.length === 0) return [];
  const names = first.offenders.slice(0, NAMES_SHOWN_MAX).map(nameOf);
  const more = first.offender_count - names.length;
  return [`            in the way: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`];
}

function momentLine(what: string, at: string | null): string[] {
  return at === null ? [] : [`  ${what} at ${toTheSecond(at)}`];
}

function declaredLines(rotation: RotationView, nowMs: number): string[] {
  return rotation.declared.map(
    (step) =>
      `declared: ${step.step} ${ago(step.at, nowMs)} by ${step.by}${step.reason === null ? '' : ` (${step.reason})`}${step.override_reason === null ? '' : `, overriding the gate: ${step.override_reason}`}`,
  );
}

function expiry(
  record: { readonly in_force: boolean; readonly expires_at: string },
  nowMs: number,
): string {
  return record.in_force
    ? `expires ${until(record.expires_at, nowMs)}`
    : `expired ${ago(record.expires_at, nowMs)}`;
}
