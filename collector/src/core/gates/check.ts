import type { Check, CheckClass, CheckStatus, Offender } from '@keyturn/shared/model/verdict.ts';
import { OFFENDERS_SHOWN_MAX } from '@keyturn/shared/model/verdict.ts';
import type { Verifier } from '../fleet.ts';
import type { RotationRecord } from '../records.ts';

/** What a rule may add to its answer. */
export interface CheckExtras {
  readonly offenders?: readonly Offender[];
  /** Full number when more than the shown ones offend. */
  readonly offenderCount?: number;
  readonly sinceMs?: number | null;
  readonly clearsAtMs?: number | null;
  readonly help?: string;
}

function check(
  status: CheckStatus,
  id: string,
  checkClass: CheckClass,
  message: string,
  extras: CheckExtras = {},
): Check {
  const offenders = extras.offenders ?? [];
  return {
    id,
    status,
    class: checkClass,
    message,
    offenders: offenders.slice(0, OFFENDERS_SHOWN_MAX),
    offenderCount: extras.offenderCount ?? offenders.length,
    sinceMs: extras.sinceMs ?? null,
    clearsAtMs: extras.clearsAtMs ?? null,
    help: extras.help ?? '',
  };
}

export function pass(
  id: string,
  checkClass: CheckClass,
  message: string,
  extras?: CheckExtras,
): Check {
  return check('pass', id, checkClass, message, extras);
}

export function fail(
  id: string,
  checkClass: CheckClass,
  message: string,
  extras?: CheckExtras,
): Check {
  return check('fail', id, checkClass, message, extras);
}

export function unknown(
  id: string,
  checkClass: CheckClass,
  message: string,
  extras?: CheckExtras,
): Check {
  return check('unknown', id, checkClass, message, extras);
}

/** One verifier as an offender. */
export function offender(
  verifier: Verifier,
  state: string,
  sinceMs: number | null,
  detail: string,
): Offender {
  const { service, instance, cache } = verifier.record.id;
  return { service, instance, cache, state, sinceMs, detail };
}

/** What a person calls the rotation's keys. */
export function noun(rotation: RotationRecord): 'key' | 'secret' {
  return rotation.keyKind === 'secret' ? 'secret' : 'key';
}

/** An argument for a shell command in a help line; names reported by agents keep to a safe alphabet. */
export function quoted(text: string): string {
  return /^[A-Za-z0-9._:@/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
