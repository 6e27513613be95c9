import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Now } from '../state.ts';
import type { Comparison } from './comparison.ts';
import type { IssuerDetectors } from './detectors.ts';
import { type Excursion, type Firing, recentOf } from './excursion.ts';
import type { Series } from './series.ts';

/** How long a sentence stays as it is: numbers that move every second are no news. */
const KEPT_MS = 10_000;

/** Of the worst, as many are named. */
const NAMED_MAX = 5;

/** Nearly all. */
const CAUSE_SHARE = 0.8;

const BUCKET_WORDS: Readonly<Record<string, string>> = {
  next: 'of the next key',
  active: 'of the active key',
  retired: 'of the retired key',
};

export interface Told {
  readonly summary: string;
  readonly details: readonly string[];
}

/** What a firing series says for people, renewed every few seconds. */
export function tellSeries(of: IssuerDetectors, series: Series, now: Now): Told {
  return kept(series, now, () => ({
    summary: `${amount(series)} of ${of.issuer} refused for reasons keys cause ${since(series)}: ${reasonsOf(series)}${cause(of, series)}`,
    details: [
      ...worst(of, 'service', series),
      ...worst(of, 'verifier', series),
      lately(series, now),
      ...compared(of),
    ],
  }));
}

export function tellForeign(of: IssuerDetectors, now: Now): Told {
  const series = of.foreign;
  return kept(series, now, () => ({
    summary: `${amount(series)} of ${of.issuer} named kids nobody published ${since(series)}: verifiers that fetch on a miss spend their fetches on them`,
    details: [lately(series, now)],
  }));
}

export function tellComparison(of: IssuerDetectors, comparison: Comparison, now: Now): Told {
  const arms =
    comparison.kind === 'key'
      ? 'tokens of the new key fail more often than those of the old key at the same time'
      : 'tokens of the new key fail more often at verifiers without it than at those with it';
  const place = comparison.verifier ?? comparison.service;
  const where = place === null ? '' : ` at ${place}`;
  return kept(comparison, now, () => ({
    summary: `${arms}${where}: ${amount(comparison)} refused ${since(comparison)}: ${reasonsOf(comparison)}${placeOf(of, comparison)}`,
    details: [
      ...worstVerifiers(of, comparison),
      lately(comparison, now),
      comparability(comparison),
    ],
  }));
}

function placeOf(of: IssuerDetectors, comparison: Comparison): string {
  const most = partsOf(of, comparison).find((part) => isMost(part, comparison));
  return most === undefined ? '' : `; nearly all at verifier ${most.verifier}`;
}

function worstVerifiers(of: IssuerDetectors, comparison: Comparison): string[] {
  return partsOf(of, comparison)
    .sort((a, b) => b.failures - a.failures)
    .slice(0, NAMED_MAX)
    .map((part) => `verifier ${part.verifier}: ${amount(part)} refused (${reasonsOf(part)})`);
}

function isPartOfWhole(of: IssuerDetectors, { service }: Comparison): boolean {
  return of.services.get(service ?? '')?.above === of.fleet;
}

/** The verifiers that refuse more tokens of the new key than of the old. */
function partsOf(of: IssuerDetectors, { kind, verifier, service, rotationId }: Comparison) {
  const parts = verifier === null && kind === 'key' ? of.compared.get(rotationId)?.verifiers : null;
  return [...(parts?.values() ?? [])].filter(
    (part) =>
      part.failures > 0 && (service === null ? isPartOfWhole(of, part) : part.service === service),
  );
}

/** Whether two arms can be compared at all, in words. */
export function comparability({ comparedAtMs, kind }: Comparison): string {
  const arms = kind === 'key' ? 'new and old key' : 'verifiers with and without the new key';
  return comparedAtMs === null
    ? `${arms}: cannot be compared, one of them has had no tokens at the same moment`
    : `${arms}: last compared at ${moment(comparedAtMs)}`;
}

function kept(excursion: Excursion, now: Now, say: () => Told): Told {
  const firing: Firing | null = excursion.firing;
  if (firing === null) return say();
  if (firing.told === null || now.atMs - firing.told.atMs >= KEPT_MS) {
    firing.told = { atMs: now.atMs, ...say() };
  }
  return { summary: firing.told.summary, details: firing.told.details };
}

function amount({ failures, tokens }: Excursion): string {
  return `${failures} of ${tokens} tokens`;
}

function since({ sinceMs }: Excursion): string {
  return `since ${moment(sinceMs)}`;
}

function reasonsOf({ reasons }: Excursion): string {
  const rows: [Outcome, number][] = [...(reasons ?? [])];
  if (rows.length === 0) return 'no reason on record';
  return rows
    .sort((a, b) => b[1] - a[1])
    .map(([outcome, times]) => `${outcome} ${times}`)
    .join(', ');
}

/** The narrowest thing that nearly all failures have in common. */
function cause(of: IssuerDetectors, series: Series): string {
  const names: string[] = [];
  const whole = series.tier === 'bucket' ? of.fleet : series;
  if (series.tier === 'bucket') names.push(`all ${BUCKET_WORDS[series.name] ?? series.name}`);
  else if (series.tier === 'issuer') {
    const bucket = Object.values(of.buckets).find((part) => isMost(part, series));
    if (bucket !== undefined) names.push(`nearly all ${BUCKET_WORDS[bucket.name] ?? bucket.name}`);
  }
  const places =
    series.tier === 'verifier' ? [] : [...of.verifiers.values(), ...of.services.values()];
  const place = places.find((part) => isWithin(part, whole) && isMost(part, series));
  if (place !== undefined) names.push(`nearly all at ${place.tier} ${place.name}`);
  return names.length === 0 ? '' : `; ${names.join(', ')}`;
}

function isMost(part: Excursion, whole: Excursion): boolean {
  return part !== whole && part.failures >= CAUSE_SHARE * Math.max(1, whole.failures);
}

function isWithin(part: Series, whole: Series): boolean {
  for (let { above } = part; above !== null; { above } = above) if (above === whole) return true;
  return false;
}

function worst(of: IssuerDetectors, tier: 'service' | 'verifier', series: Series): string[] {
  const parts = tier === 'service' ? of.services : of.verifiers;
  if (series.tier === 'verifier' || series.tier === tier) return [];
  const whole = series.tier === 'service' ? series : of.fleet;
  const most: Series[] = [];
  for (const part of parts.values()) {
    if (part.failures === 0 || !isWithin(part, whole)) continue;
    const at = most.findIndex((other) => other.failures < part.failures);
    if (at >= 0) most.splice(at, 0, part);
    else most.push(part);
    if (most.length > NAMED_MAX) most.pop();
  }
  return most.map((part) => `${tier} ${part.name}: ${amount(part)} refused (${reasonsOf(part)})`);
}

function lately(excursion: Excursion, now: Now): string {
  const { failures, tokens } = recentOf(excursion, now.atMs);
  return `in the last ${calmSpan(excursion)} ${failures} of ${tokens} tokens`;
}

function compared(of: IssuerDetectors): string[] {
  return [...of.comparisons.values()].filter(({ service }) => service === null).map(comparability);
}

function calmSpan({ calmForMs }: Excursion): string {
  const seconds = Math.round(calmForMs / 1_000);
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
