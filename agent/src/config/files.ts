import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf } from '@keyturn/shared/errors.ts';
import { plainText } from '@keyturn/shared/shown.ts';
import type { AgentConfig } from '../config.ts';

/** What the files that the settings name hold, PEM text. */
export interface ConfigFiles {
  readonly collectorCa: string | null;
  /** By issuer. */
  readonly issuerCa: ReadonlyMap<string, string>;
  /** Of probe endpoints, by file. */
  readonly probeCa: ReadonlyMap<string, string>;
  /** The given certificate of the proxy. */
  readonly https: { readonly cert: string; readonly key: string } | null;
}

export type FilesResult =
  | { readonly ok: true; readonly files: ConfigFiles }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads every file the settings name; reports all problems at once. */
export async function readConfigFiles(config: AgentConfig): Promise<FilesResult> {
  const problems: string[] = [];
  const read = async (key: string, file: string, check: (pem: string) => void) => {
    try {
      const pem = await readFile(file, 'utf8');
      check(pem);
      return pem;
    } catch (error) {
      problems.push(`${key}: cannot use ${file}: ${plainText(messageOf(error), 200)}`);
      return null;
    }
  };
  const collectorCa =
    config.collector.ca === null
      ? null
      : await read('collector.tls.ca', config.collector.ca, expectCertificate);
  const issuerCa = new Map<string, string>();
  for (const [index, { issuer, ca }] of config.issuers.entries()) {
    const pem = ca === null ? null : await read(`issuers.${index}.ca`, ca, expectCertificate);
    if (pem !== null) issuerCa.set(issuer, pem);
  }
  const probeCa = new Map<string, string>();
  for (const [index, { probe }] of config.verifiers.entries()) {
    const file = probe?.ca ?? null;
    if (file === null || probeCa.has(file)) continue;
    const pem = await read(`verifiers.${index}.probe.ca`, file, expectCertificate);
    if (pem !== null) probeCa.set(file, pem);
  }
  const given = config.proxy.https?.given ?? null;
  const cert = given && (await read('proxy.https.cert', given.cert, expectCertificate));
  const key = given && (await read('proxy.https.key', given.key, () => undefined));
  const https = cert === null || key === null ? null : { cert, key };
  if (https !== null) problems.push(...pairProblems(https));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, files: { collectorCa, issuerCa, probeCa, https } };
}

function expectCertificate(pem: string): void {
  try {
    void new X509Certificate(pem);
  } catch (error) {
    throw new Error('expected a PEM certificate', { cause: error });
  }
}

function pairProblems(pair: { readonly cert: string; readonly key: string }): readonly string[] {
  try {
    createSecureContext(pair);
    return [];
  } catch (error) {
    return [`proxy.https.key: does not fit proxy.https.cert: ${plainText(messageOf(error), 200)}`];
  }
}
