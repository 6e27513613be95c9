/**
 * Reports which signing keys the JWT verifiers of this process hold, and how their verifications end,
 * to a Keyturn collector.
 *
 * ```ts
 * import * as jose from 'jose';
 * import { createAgent, observeJose } from '@keyturn/agent';
 *
 * const agent = createAgent({ service: 'orders', issuer: 'https://login.example.com' });
 * const { createRemoteJWKSet, jwtVerify } = observeJose(jose, agent);
 * // … use them as jose's own; at the end:
 * await agent.close();
 * ```
 */
export type { Agent, KeysObserved, VerifierHandle, VerifierOptions } from './agent.ts';
export { createAgent } from './agent.ts';
export type { AgentOptions, IssuerOption } from './agent-options.ts';
export { AgentOptionsError } from './agent-options.ts';
export type { AgentEvent, AgentEventListener } from './events.ts';
export type { JoseLike, ObservedJose, ObserveJoseOptions } from './observe/jose.ts';
export { observeJose } from './observe/jose.ts';
export { joseOutcome } from './observe/jose-outcome.ts';
export type { SecretId } from './observe/secrets.ts';
export type { RemoteSetLike } from './observe/remote-set.ts';
export type { ProbedVerifier, ProbeFunction } from './probe/present-function.ts';
export type { OpenTelemetryLike } from './telemetry/open-telemetry.ts';
export type { TlsOptions } from './uplink/tls-options.ts';
export type { CanaryAnswer, CanaryOutcome, CanaryRole } from '@keyturn/shared/model/probe.ts';
export type { Outcome } from '@keyturn/shared/model/outcome.ts';
export { isAttributable, OUTCOMES } from '@keyturn/shared/model/outcome.ts';
export type { FetchError } from '@keyturn/shared/model/report.ts';
