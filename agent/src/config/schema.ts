import { ID_LIMITS } from '@keyturn/shared/model/ids.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import { duration } from '@keyturn/shared/settings.ts';
import {
  address,
  filePath,
  integer,
  issuerName,
  name,
  oneOf,
  text,
} from '@keyturn/shared/settings/fields.ts';
import { z } from 'zod';
import { headerValue, socketMode, url } from './fields.ts';
import { probeSchema } from './probe.ts';

const collector = z.strictObject({
  /** gRPC address of the collector. */
  address: address('127.0.0.1:7461').default({ host: '127.0.0.1', port: 7461 }),
  /** Needed for any collector that is not on this machine. */
  tls: z.strictObject({ ca: filePath }).optional(),
});

const https = z.strictObject({
  listen: address('127.0.0.1:7464'),
  /** Given certificate chain and key, PEM. Without them the agent makes its own. */
  cert: filePath.optional(),
  key: filePath.optional(),
  /** Where the agent keeps its own authority: ca.pem for verifiers to trust, ca-key.pem (0600). */
  directory: filePath.default('./data/agent-tls'),
});

const proxy = z.strictObject({
  /** Plain http, this machine only. */
  listen: address('127.0.0.1:7462').default({ host: '127.0.0.1', port: 7462 }),
  https: https.optional(),
  /** Further names by which verifiers reach the proxy: accepted over http, put into its certificate. */
  hosts: z.array(text('a host name or IP address', 253)).max(32).default([]),
  /** What verifiers are told; `upstream` passes on what the issuer says. */
  cache_control: headerValue().default('no-cache'),
});

const push = z.strictObject({
  /** http, this machine only. */
  listen: address('127.0.0.1:7463').default({ host: '127.0.0.1', port: 7463 }),
  /** Unix socket, besides the address. */
  socket: filePath.optional(),
  socket_mode: socketMode().default(0o600),
  /** Which verifiers may push: those under `verifiers`, or whoever reaches the API. */
  accept: oneOf(['declared', 'any']).default('declared'),
  /** A verifier that pushes nothing for this long is no longer reported. */
  lease: duration({ minMs: 1_000, maxMs: 3_600_000 }).default(45_000),
});

const issuer = z.strictObject({
  issuer: issuerName,
  /** Short name in proxy URLs of verifiers that take several issuers. */
  alias: name(64).optional(),
  jwks_uri: url().optional(),
  /** Where to find the jwks_uri, when it is not given. */
  discovery: url().optional(),
  refresh: duration({ minMs: 100, maxMs: 86_400_000 }).default(15_000),
  /** A verifier that asks while the document is older than this makes the proxy ask the issuer. */
  fresh_for: duration({ minMs: 0, maxMs: 60_000 }).default(2_000),
  /** For the whole exchange: connect, headers, body. */
  timeout: duration({ minMs: 50, maxMs: 60_000 }).default(5_000),
  max_stale: duration({ minMs: 1_000 }).default(86_400_000),
  max_bytes: integer(256, 16_777_216).default(1_048_576),
  /** PEM of the authority that signed the issuer's certificate, when the system does not know it. */
  ca: filePath.optional(),
  /** Take keys over plain http from another machine. Whoever is on the way can then forge tokens. */
  allow_http: z.boolean().default(false),
  /** Shares secrets with verifiers, so it need not have a JWKS. */
  shared_secrets: z.boolean().default(false),
});

const verifier = z.strictObject({
  /** The key cache, when the instance has several. */
  name: name(ID_LIMITS.cacheBytes).default('default'),
  service: name(ID_LIMITS.serviceBytes).optional(),
  instance: name(ID_LIMITS.instanceBytes).optional(),
  /** Id in the profile catalogue, such as npm-jwks-rsa. */
  profile: name(64).optional(),
  /** Default: every issuer of this file. */
  issuers: z.array(issuerName).min(1).max(REPORT_LIMITS.issuersPerVerifier).optional(),
  via: oneOf(['proxy', 'push']).default('proxy'),
  /** Which keys a pushing verifier decides with. */
  keys: oneOf(['any', 'public', 'secret']).default('any'),
  probe: probeSchema.optional(),
});

/** The settings file of the sidecar, section by section. */
export const SECTIONS = {
  collector: collector.prefault({}),
  /** For verifiers that do not name their own. */
  service: name(ID_LIMITS.serviceBytes).optional(),
  /** For verifiers that do not name their own; the host's name by default. */
  instance: name(ID_LIMITS.instanceBytes).optional(),
  proxy: proxy.prefault({}),
  push: push.prefault({}),
  issuers: z.array(issuer).min(1).max(256),
  // A goodbye takes verifiers out of gates; said of some that go on, it could open one.
  on_stop: oneOf(['goodbye', 'silence']).default('silence'),
  verifiers: z.array(verifier).max(REPORT_LIMITS.verifiersPerSession).default([]),
  log: z
    .strictObject({ level: oneOf(['debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
} as const;

export const fileSchema = z.strictObject(SECTIONS);

export type FileSettings = z.infer<typeof fileSchema>;
export type IssuerSettings = z.infer<typeof issuer>;
export type VerifierSettings = z.infer<typeof verifier>;
