import { formatAddress, isLoopback, isOpenToTampering } from '@keyturn/shared/address.ts';
import { discoveryUrl } from '@keyturn/shared/http/discovery.ts';
import { verifierKey, type VerifierId } from '@keyturn/shared/model/ids.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import type { Problem } from '@keyturn/shared/settings/check.ts';
import { shown } from '@keyturn/shared/shown.ts';
import { probeProblems } from './probe.ts';
import type { FileSettings, IssuerSettings, VerifierSettings } from './schema.ts';

/** What is wrong between keys that are each well formed. Sections that are not are left out. */
export function crossProblems(
  settings: Partial<FileSettings>,
  hostInstance: string,
): readonly Problem[] {
  return [
    ...collectorProblems(settings.collector),
    ...proxyProblems(settings.proxy),
    ...pushProblems(settings.push, settings.issuers ?? []),
    ...issuerProblems(settings.issuers ?? []),
    ...verifierProblems(settings, hostInstance),
  ];
}

function collectorProblems(collector: FileSettings['collector'] | undefined): readonly Problem[] {
  if (collector === undefined || collector.tls !== undefined) return [];
  if (isLoopback(collector.address.host)) return [];
  return [
    {
      path: ['collector', 'address'],
      message: `${formatAddress(collector.address)} is not on this machine, and reports are not sent in the clear: set collector.tls.ca to the PEM file of the authority that signed the collector's certificate`,
    },
  ];
}

function proxyProblems(proxy: FileSettings['proxy'] | undefined): readonly Problem[] {
  if (proxy === undefined) return [];
  const problems: Problem[] = [];
  if (!isLoopback(proxy.listen.host)) {
    problems.push({
      path: ['proxy', 'listen'],
      message: `${formatAddress(proxy.listen)} can be reached from other machines, where plain http lets anybody swap keys: keep proxy.listen on 127.0.0.1 and set proxy.https.listen to ${formatAddress(proxy.listen)} (with proxy.https.cert and proxy.https.key, or the agent's own authority)`,
    });
  }
  const { https } = proxy;
  if (https !== undefined && (https.cert === undefined) !== (https.key === undefined)) {
    const [given, missing] = https.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    problems.push({
      path: ['proxy', 'https', given],
      message: `proxy.https.${missing} is missing: set both, or none to let the agent make its own`,
    });
  }
  return problems;
}

function pushProblems(
  push: FileSettings['push'] | undefined,
  issuers: readonly IssuerSettings[],
): readonly Problem[] {
  if (push === undefined) return [];
  const problems: Problem[] = [];
  const max = REPORT_LIMITS.issuersPerVerifier;
  if (push.accept === 'any' && issuers.length > max) {
    problems.push({
      path: ['push', 'accept'],
      message: `expected declared, because a verifier takes at most ${max} issuers and this file has ${issuers.length}; got any`,
    });
  }
  if (!isLoopback(push.listen.host)) {
    problems.push({
      path: ['push', 'listen'],
      message: `${formatAddress(push.listen)} can be reached from other machines, and the push API has no TLS: use a loopback address such as 127.0.0.1:7463, or set push.socket`,
    });
  }
  return problems;
}

function issuerProblems(issuers: readonly IssuerSettings[]): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  for (const [index, entry] of issuers.entries()) {
    for (const key of ['issuer', 'alias'] as const) {
      const value = entry[key];
      if (value === undefined) continue;
      const first = seen.get(`${key} ${value}`);
      if (first === undefined) seen.set(`${key} ${value}`, `issuers.${index}`);
      else
        problems.push({
          path: ['issuers', index, key],
          message: `${shown(value)} is already the ${key} of ${first}`,
        });
    }
    problems.push(...sourceProblems(entry, index));
  }
  return problems;
}

function hasNoSource(entry: IssuerSettings): boolean {
  const { jwks_uri: uri, discovery, issuer } = entry;
  return uri === undefined && discovery === undefined && discoveryUrl(issuer) === null;
}

function sourceProblems(entry: IssuerSettings, index: number): readonly Problem[] {
  if (hasNoSource(entry)) {
    if (entry.shared_secrets) return [];
    return [
      {
        path: ['issuers', index],
        message: `${shown(entry.issuer)} is no http or https URL, so there is nothing to discover: set jwks_uri, or shared_secrets: true`,
      },
    ];
  }
  if (entry.allow_http) return [];
  return (['jwks_uri', 'discovery', 'issuer'] as const).flatMap((key) => {
    const value = entry[key];
    if (key === 'issuer' && (entry.jwks_uri ?? entry.discovery) !== undefined) return [];
    if (value === undefined || !isOpenToTampering(new URL(value))) return [];
    return [
      {
        path: ['issuers', index, key],
        message: `${shown(String(value))} is plain http from another machine, where anybody on the way can swap keys: use https, or set allow_http: true if something else protects that way`,
      },
    ];
  });
}

function verifierProblems(
  settings: Partial<FileSettings>,
  hostInstance: string,
): readonly Problem[] {
  const { verifiers, issuers } = settings;
  // The section itself is at fault, and says so.
  if (verifiers === undefined) return [];
  const byIssuer = issuers && new Map(issuers.map((entry) => [entry.issuer, entry]));
  const problems: Problem[] = [];
  if (verifiers.length === 0 && settings.push?.accept === 'declared') {
    problems.push({
      path: ['verifiers'],
      message:
        'expected at least one verifier (or push.accept: any), got none: nothing would be reported',
    });
  }
  const seen = new Map<string, number>();
  for (const [index, verifier] of verifiers.entries()) {
    if (verifier.service === undefined && settings.service === undefined) {
      problems.push({
        path: ['verifiers', index],
        message: 'has no service: set service here, or once at the top of the file',
      });
    }
    const key = verifierKey(idOf(verifier, settings, hostInstance));
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else {
      problems.push({
        path: ['verifiers', index],
        message: `${key} is already verifiers.${first}: give each a name of its own`,
      });
    }
    problems.push(...probeProblems(verifier.probe, ['verifiers', index, 'probe']));
    if (byIssuer !== undefined) problems.push(...takenIssuerProblems(verifier, index, byIssuer));
  }
  return problems;
}

function takenIssuerProblems(
  verifier: VerifierSettings,
  index: number,
  byIssuer: ReadonlyMap<string, IssuerSettings>,
): readonly Problem[] {
  const taken = verifier.issuers ?? [...byIssuer.keys()];
  const problems: Problem[] = [];
  const max = REPORT_LIMITS.issuersPerVerifier;
  if (taken.length > max) {
    problems.push({
      path: ['verifiers', index],
      message: `takes all ${taken.length} issuers of this file, expected at most ${max}: set issuers`,
    });
  }
  for (const [i, issuer] of taken.entries()) {
    const entry = byIssuer.get(issuer);
    if (entry === undefined) {
      problems.push({
        path: ['verifiers', index, 'issuers', i],
        message: `${shown(issuer)} is not under issuers: add it there`,
      });
    } else if (verifier.via === 'proxy' && hasNoSource(entry)) {
      problems.push({
        path: ['verifiers', index],
        message: `takes ${shown(issuer)} through the proxy, which has no JWKS to serve: set via: push`,
      });
    } else if (verifier.via === 'proxy' && taken.length > 1 && entry.alias === undefined) {
      problems.push({
        path: ['verifiers', index],
        message: `takes ${taken.length} issuers through the proxy, so each needs a short name for its URL: set alias on the issuer ${shown(issuer)}`,
      });
    }
  }
  return problems;
}

/** The identity a verifier of the file has. */
export function idOf(
  verifier: VerifierSettings,
  settings: Partial<FileSettings>,
  hostInstance: string,
): VerifierId {
  return {
    service: verifier.service ?? settings.service ?? '',
    instance: verifier.instance ?? settings.instance ?? hostInstance,
    cache: verifier.name,
  };
}
