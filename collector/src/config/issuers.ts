import { isOpenToTampering } from '@keyturn/shared/address.ts';
import { discoveryUrl } from '@keyturn/shared/http/discovery.ts';
import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import type { CanaryPolicy, IssuerPolicy } from '../core/policy.ts';
import type { WatchedIssuer } from '../issuer/watched-issuer.ts';
import type { ProblemList } from './problem-list.ts';
import type { IssuerSettings } from './schema.ts';
import { issuerSchema } from './schema.ts';

const ISSUERS_MAX = 64;

/** One issuer as the rules and as the watcher need it. */
export interface ResolvedIssuer {
  readonly policy: IssuerPolicy;
  readonly watched: WatchedIssuer;
  /** How often its key is meant to rotate; null when nothing is planned. */
  readonly rotationPeriodMs: number | null;
  /** Its place in the file. */
  readonly index: number;
}

export interface ResolvedIssuers {
  readonly issuers: readonly ResolvedIssuer[];
  /** Every `iss` named, those with other problems included, so that services can refer to them. */
  readonly names: readonly string[];
}

/** @param readCa gives the PEM text of a CA file, or undefined after adding the problem. */
export function resolveIssuers(
  value: unknown,
  problems: ProblemList,
  readCa: (file: string, path: KeyPath) => string | undefined,
): ResolvedIssuers {
  const entries = listOf(value, 'issuers', ISSUERS_MAX, problems);
  const names = entries.flatMap((entry) => {
    const name = (entry as { readonly issuer?: unknown } | null)?.issuer;
    return typeof name === 'string' ? [name] : [];
  });
  const issuers = entries.flatMap((entry, index) => {
    const path = ['issuers', index];
    const settings = problems.check(issuerSchema, entry, path);
    if (settings === undefined) return [];
    if (names.indexOf(settings.issuer) < names.lastIndexOf(settings.issuer)) {
      const first = names.indexOf(settings.issuer) === index;
      if (!first) problems.add([...path, 'issuer'], `${settings.issuer} is there twice`);
    }
    checkSources(settings, path, problems);
    const ca = settings.ca === undefined ? null : readCa(settings.ca, [...path, 'ca']);
    return [resolved(settings, ca ?? null, index)];
  });
  return { issuers, names };
}

/** The entries of a list in the file; empty, after adding the problem, when it is none. */
export function listOf(
  value: unknown,
  name: string,
  max: number,
  problems: ProblemList,
): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    problems.add([name], 'expected a list, each entry starting with "- "');
    return [];
  }
  if (value.length > max) {
    problems.add([name], `expected at most ${max} entries, got ${value.length}`);
    return [];
  }
  return value as readonly unknown[];
}

function resolved(settings: IssuerSettings, ca: string | null, index: number): ResolvedIssuer {
  const sources = sourcesOf(settings);
  return {
    policy: {
      issuer: settings.issuer,
      control: settings.control,
      vantages: sources.map(({ vantage }) => vantage),
      watchIntervalMs: settings.watch_interval,
      maxTokenLifetimeMs: settings.max_token_lifetime ?? null,
      skewMs: settings.clock_skew,
      originSpreadMs: settings.origin_spread,
      switchSpreadMs: settings.switch_spread,
      sharedCachesMs: settings.shared_caches.reduce((sum, ms) => sum + ms, 0),
      plannedLeadMs: settings.planned_lead ?? null,
      failedFetchMs: settings.failed_fetch_allowance,
      canary: canaryOf(settings),
      sharedSecrets: settings.shared_secrets,
    },
    watched: {
      issuer: settings.issuer,
      sources,
      intervalMs: settings.watch_interval,
      ca,
      allowHttp: settings.allow_http,
    },
    rotationPeriodMs: settings.rotation_period ?? null,
    index,
  };
}

function sourcesOf(settings: IssuerSettings): WatchedIssuer['sources'] {
  const discovery = settings.discovery ? discoveryUrl(settings.issuer) : null;
  return [
    ...(settings.jwks_uri === undefined
      ? []
      : [{ vantage: settings.jwks_uri, kind: 'jwks' as const }]),
    ...(discovery === null ? [] : [{ vantage: discovery, kind: 'discovery' as const }]),
    ...settings.vantages.map((vantage) => ({ vantage, kind: 'jwks' as const })),
  ];
}

function canaryOf({ canary }: IssuerSettings): CanaryPolicy | null {
  if (canary === undefined) return null;
  return {
    audience: canary.audience,
    maxLifetimeMs: canary.max_lifetime,
    apartMs: canary.interval,
    perSecond: canary.per_second,
  };
}

function checkSources(settings: IssuerSettings, path: KeyPath, problems: ProblemList): void {
  if (settings.jwks_uri !== undefined && settings.discovery) {
    problems.add([...path, 'discovery'], 'expected either jwks_uri or discovery: true, got both');
  }
  if (settings.discovery && discoveryUrl(settings.issuer) === null) {
    problems.add(
      [...path, 'discovery'],
      `expected jwks_uri, since ${settings.issuer} is no address to discover from`,
    );
    return;
  }
  const sources = sourcesOf(settings);
  if (sources.length === 0 && !settings.shared_secrets) {
    problems.add(
      path,
      'expected jwks_uri, discovery: true or vantages (or shared_secrets: true), got none of them',
    );
  }
  for (const [index, { vantage, kind }] of sources.entries()) {
    if (sources.findIndex((other) => other.vantage === vantage) < index) {
      problems.add([...path, 'vantages'], `${vantage} is there twice`);
    }
    if (settings.allow_http || !isOpenToTampering(new URL(vantage))) continue;
    problems.add(
      [...path, fieldOf(settings, vantage, kind)],
      `${vantage} can be changed on the way: use https, or set allow_http: true for this issuer`,
    );
  }
}

function fieldOf(settings: IssuerSettings, vantage: string, kind: string): string {
  if (kind === 'discovery') return 'issuer';
  return settings.jwks_uri === vantage ? 'jwks_uri' : 'vantages';
}
