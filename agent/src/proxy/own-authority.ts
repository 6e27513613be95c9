import { createPrivateKey, X509Certificate, type webcrypto } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { KeyturnError, messageOf } from '@keyturn/shared/errors.ts';
import type { X509Certificate as BuiltCertificate } from '@peculiar/x509';

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
/** An authority this close to its end is replaced at the next start. */
const AUTHORITY_RENEW_DAYS = 90;
/** Longest that Apple's platforms accept. */
const CERTIFICATE_DAYS = 825;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** The directory of the agent's own authority cannot be used; the message says what to do. */
class OwnAuthorityError extends KeyturnError {
  constructor(directory: string, cause: unknown) {
    super(
      'OWN_AUTHORITY',
      `cannot use the authority in ${directory} (${messageOf(cause)}): set proxy.https.directory to a writable directory, or remove ca.pem and ca-key.pem there to have new ones made`,
      { cause },
    );
  }
}

/** A certificate and key for a server, PEM. */
export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface OwnIdentity extends ServerIdentity {
  /** For verifiers to trust. */
  readonly caFile: string;
  /** The authority was made just now: verifiers must be given it. */
  readonly isNew: boolean;
}

/**
 * A certificate for the given names, made anew at each start and signed by an authority kept in
 * `directory` (`ca.pem`, `ca-key.pem` with mode 0600), so that verifiers trust it across restarts.
 *
 * @throws OwnAuthorityError when the directory cannot be used or holds something else.
 */
export async function ownIdentity(
  directory: string,
  names: readonly string[],
  nowMs: number,
): Promise<OwnIdentity> {
  try {
    return await keepIdentity(directory, names, nowMs);
  } catch (error) {
    throw new OwnAuthorityError(directory, error);
  }
}

async function keepIdentity(
  directory: string,
  names: readonly string[],
  nowMs: number,
): Promise<OwnIdentity> {
  const caFile = join(directory, 'ca.pem');
  const keyFile = join(directory, 'ca-key.pem');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const kept = await readAuthority(caFile, keyFile, nowMs);
  const authority = kept ?? (await makeAuthority(nowMs));
  if (kept === undefined) {
    await writeWhole(keyFile, authority.key, 0o600);
    await writeWhole(caFile, authority.cert, 0o644);
  }
  const identity = await issue(authority, names, nowMs);
  return { ...identity, caFile, isNew: kept === undefined };
}

async function readAuthority(
  caFile: string,
  keyFile: string,
  nowMs: number,
): Promise<ServerIdentity | undefined> {
  const [cert, key] = await Promise.all([readIfThere(caFile), readIfThere(keyFile)]);
  if (cert === undefined || key === undefined) return undefined;
  const certificate = new X509Certificate(cert);
  // Both are replaced one after the other: a crash in between leaves two that do not belong together.
  if (!certificate.checkPrivateKey(createPrivateKey(key))) return undefined;
  const endMs = Date.parse(certificate.validTo);
  return endMs - nowMs < AUTHORITY_RENEW_DAYS * DAY_MS ? undefined : { cert, key };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

// A crash must not leave half a file that the next start takes for a damaged authority.
async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, text, { mode });
  await rename(draft, file);
}

// Loaded here only: most agents never make a certificate.
async function x509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

async function makeAuthority(nowMs: number): Promise<ServerIdentity> {
  const { X509CertificateGenerator, BasicConstraintsExtension, KeyUsagesExtension, ...rest } =
    await x509();
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Keyturn agent authority',
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(nowMs, AUTHORITY_DAYS),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(rest.KeyUsageFlags.keyCertSign | rest.KeyUsageFlags.cRLSign, true),
      await rest.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return toPem(certificate, keys.privateKey);
}

async function issue(
  authority: ServerIdentity,
  names: readonly string[],
  nowMs: number,
): Promise<ServerIdentity> {
  const x = await x509();
  const issuer = new x.X509Certificate(authority.cert);
  const signingKey = await crypto.subtle.importKey(
    'pkcs8',
    x.PemConverter.decodeFirst(authority.key),
    ALGORITHM,
    false,
    ['sign'],
  );
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x.X509CertificateGenerator.create({
    subject: 'CN=Keyturn agent',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    ...validity(nowMs, CERTIFICATE_DAYS),
    extensions: [
      new x.BasicConstraintsExtension(false, undefined, true),
      new x.KeyUsagesExtension(x.KeyUsageFlags.digitalSignature, true),
      new x.ExtendedKeyUsageExtension([x.ExtendedKeyUsage.serverAuth]),
      new x.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
      await x.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return toPem(certificate, keys.privateKey);
}

// A day back: the verifier's clock may be behind.
function validity(nowMs: number, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(nowMs - DAY_MS), notAfter: new Date(nowMs + (days - 1) * DAY_MS) };
}

async function toPem(
  certificate: BuiltCertificate,
  key: webcrypto.CryptoKey,
): Promise<ServerIdentity> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  const lines = der.match(/.{1,64}/g) ?? [];
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}
