import { isAttributable } from '@keyturn/shared/model/outcome.ts';
import type {
  DetectorHistoryView,
  RotationHistoryView,
  TokenHistoryView,
} from '../../../api/schemas/history.ts';
import {
  type Column,
  type Columns,
  columnsOf,
  latestOf,
  percentOf,
  settledCount,
  sumOf,
  totalOf,
} from '../../charts/columns.ts';

/** By what a series of tokens is, as JSON: `["kid","2026-a","ok"]`. */
export function tokenColumns(view: TokenHistoryView): Columns {
  return columnsOf(view, [
    ...view.series.map(
      ({ of, kid, outcome, values }) => [JSON.stringify([of, kid, outcome]), values] as const,
    ),
    ['reporting', view.reporting],
  ]);
}

/** `all score`, `all threshold`, and so on for each detector. */
export function detectorColumns(view: DetectorHistoryView): Columns {
  return columnsOf(
    view,
    view.detectors.flatMap(({ name, score, threshold }) => [
      [`${name} score`, score] as const,
      [`${name} threshold`, threshold] as const,
    ]),
  );
}

export function rotationColumns(view: RotationHistoryView): Columns {
  const { propagation, control } = view;
  return columnsOf(view, [
    ['verifiers', propagation.verifiers],
    ['knowing', propagation.knowing],
    ['unheard', propagation.unheard],
    ['new tokens', control.new.tokens],
    ['new failures', control.new.failures],
    ['old tokens', control.old.tokens],
    ['old failures', control.old.failures],
    ['key score', control.key.score],
    ['key threshold', control.key.threshold],
  ]);
}

/** One of the columns; empty of values where there is none. */
export function columnOf({ at, values }: Columns, name: string): Column {
  return values.get(name) ?? at.map(() => null);
}

/** Accepted tokens per second: of both keys, and of everything else of the issuer. */
export function acceptedByKey(
  columns: Columns,
  oldKid: string,
  newKid: string,
): { readonly old: Column; readonly next: Column; readonly others: Column } {
  const isOf = (kid: string) => (name: string) => name === JSON.stringify(['kid', kid, 'ok']);
  const [isOld, isNew] = [isOf(oldKid), isOf(newKid)];
  const others = [...columns.values.keys()].filter(
    (name) => name.endsWith(',"ok"]') && !isOld(name) && !isNew(name),
  );
  return {
    old: watched(columns, columnOf(columns, JSON.stringify(['kid', oldKid, 'ok']))),
    next: watched(columns, columnOf(columns, JSON.stringify(['kid', newKid, 'ok']))),
    others: sumOf(
      others.map((name) => columnOf(columns, name)),
      columns.at.length,
    ),
  };
}

export interface ReasonColumn {
  readonly outcome: string;
  readonly values: Column;
}

/** Failures per second that a key can cause, by reason, the most frequent first; foreign kids apart. */
export function failuresByReason(columns: Columns): readonly ReasonColumn[] {
  const byReason = new Map<string, Column[]>();
  for (const [name, values] of columns.values) {
    if (!name.startsWith('[')) continue;
    const [of, , outcome] = JSON.parse(name) as [
      string,
      string | null,
      Parameters<typeof isAttributable>[0],
    ];
    if (of === 'foreign' || !isAttributable(outcome)) continue;
    byReason.set(outcome, [...(byReason.get(outcome) ?? []), values]);
  }
  return [...byReason]
    .map(([outcome, values]) => ({
      outcome,
      values: watched(columns, sumOf(values, columns.at.length)),
    }))
    .sort((a, b) => totalOf(b.values, columns.stepS) - totalOf(a.values, columns.stepS));
}

export interface Arm {
  readonly tokens: number;
  readonly failures: number;
  /** Per cent; null: no tokens. */
  readonly percent: number | null;
}

/** How one key fared over all of the time shown. */
export function armOf(columns: Columns, which: 'new' | 'old'): Arm {
  const tokens = totalOf(columnOf(columns, `${which} tokens`), columns.stepS);
  const failures = totalOf(columnOf(columns, `${which} failures`), columns.stepS);
  return { tokens, failures, percent: tokens === 0 ? null : (100 * failures) / tokens };
}

/** As many tokens of each key have to be there before two rates say anything beside each other. */
export const ARM_TOKENS_MIN = 8;

/** Whether the two arms can be compared, in a sentence. */
export function comparedSentence(next: Arm, old: Arm): string {
  const lacking = [
    ...(next.tokens < ARM_TOKENS_MIN ? ['the new key'] : []),
    ...(old.tokens < ARM_TOKENS_MIN ? ['the old key'] : []),
  ];
  if (lacking.length > 0) {
    return `Cannot be compared: too few tokens of ${lacking.join(' and of ')} in this time.`;
  }
  const [n, o] = [next.percent ?? 0, old.percent ?? 0];
  if (n > 2 * o && next.failures >= 3)
    return 'Tokens of the new key fail more often than those of the old one.';
  if (o > 2 * n && old.failures >= 3)
    return 'Tokens of the old key fail more often than those of the new one.';
  return 'Both keys fare alike.';
}

/** Share of verifiers that know the new key, per cent, over time; none where nobody was heard. */
export function knowingPercent(columns: Columns): Column {
  const unheard = columnOf(columns, 'unheard');
  const all = columnOf(columns, 'verifiers');
  const percent = percentOf(columnOf(columns, 'knowing'), all);
  return percent.map((value, index) => (unheard[index] === all[index] ? null : value));
}

/** How many know the new key, in a sentence, as last seen; empty where nothing is known. */
export function knowingSentence(columns: Columns): string {
  const knowing = latestOf(columnOf(columns, 'knowing'));
  const all = latestOf(columnOf(columns, 'verifiers'));
  if (knowing === null || all === null || all === 0) return '';
  const unheard = latestOf(columnOf(columns, 'unheard')) ?? 0;
  const silence = unheard > 0 ? `; nothing is heard of ${unheard}` : '';
  return `${knowing} of ${all} verifiers (${Math.floor((100 * knowing) / all)} %) are known to hold the new key or to fetch it when they meet it${silence}.`;
}

/** A kid nobody used has no series: where others were heard, that means none and not unknown. */
function watched(columns: Columns, values: Column): Column {
  const reporting = columnOf(columns, 'reporting');
  const settled = settledCount(columns);
  const isHeard = (index: number): boolean => index < settled && (reporting[index] ?? 0) > 0;
  return values.map((value, index) => value ?? (isHeard(index) ? 0 : null));
}
