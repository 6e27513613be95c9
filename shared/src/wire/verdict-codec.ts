import { GRADES } from '../model/evidence.ts';
import { ID_LIMITS, textProblem } from '../model/ids.ts';
import { type Check, OFFENDERS_SHOWN_MAX, type Offender, type Verdict } from '../model/verdict.ts';
import { plainText } from '../shown.ts';
import { CHECK_STATUS, GATE, VERDICT_STATUS } from './enums.ts';
import type * as wire from './gen/keyturn/v1/readiness.ts';
import { type Checked, type Fields, Inspection } from './inspection.ts';
import { countToWire, uint32ToWire } from './numbers.ts';

const CHECKS_MAX = 64;
const SENTENCE_BYTES = 4_096;
const WORD_BYTES = 128;

const CHECK_CLASSES = ['time', 'evidence', 'coverage', 'health', 'policy'] as const;

/** A verdict as a message; sentences are cut to one printable line each. */
export function verdictToWire(verdict: Verdict): wire.Verdict {
  return {
    rotationId: verdict.rotationId,
    gate: GATE.toWire[verdict.gate],
    status: VERDICT_STATUS.toWire[verdict.status],
    checks: verdict.checks.map(checkToWire),
    weakestGrade: verdict.weakestGrade ?? '',
    evaluatedAtUnixMs: Math.trunc(verdict.evaluatedAtMs),
    revision: countToWire(verdict.revision),
    clearsAtUnixMs: momentToWire(verdict.clearsAtMs, Math.ceil),
    advised: verdict.advised,
    advisory: verdict.advisory,
  };
}

/** Reads a verdict a collector sent. A status that cannot be read is a problem, never `open`. */
export function verdictFromWire(message: unknown): Checked<Verdict> {
  return Inspection.of((inspection) =>
    inspection.nested('verdict', message, (fields) => ({
      rotationId: sentence(inspection, 'rotation_id', fields['rotationId'], WORD_BYTES),
      gate: inspection.word('gate', fields['gate'], GATE.words),
      status: inspection.word('status', fields['status'], VERDICT_STATUS.words),
      checks: inspection.messages('checks', fields['checks'], CHECKS_MAX, (check) =>
        readCheck(inspection, check),
      ),
      weakestGrade:
        fields['weakestGrade'] === ''
          ? null
          : inspection.oneOf('weakest_grade', fields['weakestGrade'], GRADES),
      evaluatedAtMs: inspection.whole('evaluated_at_unix_ms', fields['evaluatedAtUnixMs']),
      revision: inspection.whole('revision', fields['revision']),
      clearsAtMs: inspection.optionalWhole('clears_at_unix_ms', fields['clearsAtUnixMs']),
      advised: inspection.flag('advised', fields['advised']),
      advisory: inspection.flag('advisory', fields['advisory']),
    })),
  );
}

/** One check as a message, its sentences cut likewise. */
export function checkToWire(check: Check): wire.Check {
  return {
    id: check.id,
    status: CHECK_STATUS.toWire[check.status],
    class: check.class,
    message: plainText(check.message, SENTENCE_BYTES),
    offenders: check.offenders.slice(0, OFFENDERS_SHOWN_MAX).map(offenderToWire),
    offenderCount: uint32ToWire(check.offenderCount),
    sinceUnixMs: momentToWire(check.sinceMs, Math.floor),
    clearsAtUnixMs: momentToWire(check.clearsAtMs, Math.ceil),
    help: plainText(check.help, SENTENCE_BYTES),
  };
}

function readCheck(inspection: Inspection, fields: Fields): Check {
  return {
    id: sentence(inspection, 'id', fields['id'], WORD_BYTES),
    status: inspection.word('status', fields['status'], CHECK_STATUS.words),
    class: inspection.oneOf('class', fields['class'], CHECK_CLASSES),
    message: sentence(inspection, 'message', fields['message']),
    offenders: inspection.messages(
      'offenders',
      fields['offenders'],
      OFFENDERS_SHOWN_MAX,
      (offender) => readOffender(inspection, offender),
    ),
    offenderCount: inspection.uint32('offender_count', fields['offenderCount']),
    sinceMs: inspection.optionalWhole('since_unix_ms', fields['sinceUnixMs']),
    clearsAtMs: inspection.optionalWhole('clears_at_unix_ms', fields['clearsAtUnixMs']),
    help: sentence(inspection, 'help', fields['help']),
  };
}

function offenderToWire(offender: Offender): wire.Offender {
  return {
    service: offender.service,
    instance: offender.instance,
    cache: offender.cache,
    state: offender.state,
    sinceUnixMs: momentToWire(offender.sinceMs, Math.floor),
    detail: plainText(offender.detail, SENTENCE_BYTES),
  };
}

function readOffender(inspection: Inspection, fields: Fields): Offender {
  return {
    service: sentence(inspection, 'service', fields['service'], ID_LIMITS.serviceBytes),
    instance: sentence(inspection, 'instance', fields['instance'], ID_LIMITS.instanceBytes),
    cache: sentence(inspection, 'cache', fields['cache'], ID_LIMITS.cacheBytes),
    state: sentence(inspection, 'state', fields['state'], WORD_BYTES),
    sinceMs: inspection.optionalWhole('since_unix_ms', fields['sinceUnixMs']),
    detail: sentence(inspection, 'detail', fields['detail']),
  };
}

function momentToWire(atMs: number | null, round: (value: number) => number): number | undefined {
  return atMs === null ? undefined : countToWire(round(atMs));
}

function sentence(
  inspection: Inspection,
  name: string,
  value: unknown,
  bytesMax: number = SENTENCE_BYTES,
): string {
  return value === '' ? '' : inspection.text(name, value, (text) => textProblem(text, bytesMax));
}
