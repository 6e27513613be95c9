import type { CheckView, OffenderView, VerdictView } from '../../api/schemas/verdict.ts';
import { counted } from '@keyturn/shared/model/counted.ts';
import type { Consequence } from './act-form.ts';

const NAMES_SHOWN_MAX = 8;

/** The checks that keep a gate from being open, failing ones first. */
export function againstIt(verdict: VerdictView): readonly CheckView[] {
  return [
    ...verdict.checks.filter(({ status }) => status === 'fail'),
    ...verdict.checks.filter(({ status }) => status === 'unknown'),
  ];
}

/** How a gate stands now, and what taking its step would override. */
export function gateConsequences(verdict: VerdictView): readonly Consequence[] {
  const waived = verdict.checks.filter(({ status }) => status === 'waived');
  const setAside: Consequence[] =
    waived.length === 0
      ? []
      : [
          {
            tone: 'warning',
            text: `${counted(waived.length, 'check')} of it set aside by a waiver:`,
            items: waived.map(({ message }) => message),
          },
        ];
  if (verdict.status === 'open') {
    const weakest =
      verdict.weakest_grade === null
        ? ''
        : ` The weakest evidence it accepted is “${verdict.weakest_grade}”.`;
    return [{ tone: 'good', text: `Gate ${verdict.gate} is open.${weakest}` }, ...setAside];
  }
  const against = againstIt(verdict);
  return [
    {
      tone: 'danger',
      text: `Gate ${verdict.gate} is ${verdict.status.toUpperCase()}. This would override ${counted(against.length, 'check')}:`,
      items: against.map(
        (check) => `${check.id}${check.status === 'unknown' ? ' (unknown)' : ''}: ${check.message}`,
      ),
    },
    ...whoCouldBreak(against),
    ...setAside,
  ];
}

/** Everybody in the way, by name, each once. Of very many only some are named to us. */
export function whoCouldBreak(checks: readonly CheckView[]): readonly Consequence[] {
  const names = new Set(checks.flatMap(({ offenders }) => offenders.map(nameOf)));
  const unnamed = checks.reduce(
    (sum, { offenders, offender_count: count }) => sum + count - offenders.length,
    0,
  );
  const count = names.size + unnamed;
  if (count === 0) return [];
  return [
    {
      tone: 'danger',
      text: `${unnamed > 0 ? 'Up to ' : ''}${counted(count, 'dependent')} could break:`,
      items: shownNames([...names], count),
    },
  ];
}

/** Some names, and how many more there are. */
export function shownNames(names: readonly string[], count: number = names.length): string[] {
  const shown = names.slice(0, NAMES_SHOWN_MAX);
  const more = count - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

/** `service/instance/cache`, or what of it is meant. */
export function nameOf({ service, instance, cache }: OffenderView): string {
  return [service, instance, cache].filter((part) => part !== '').join('/');
}

/** Another text: what a person decides by has changed. */
export function basisOf(verdict: VerdictView): string {
  const against = againstIt(verdict).map(({ id, status }) => `${id}:${status}`);
  return [verdict.gate, verdict.status, String(verdict.advised), ...against].join('|');
}
