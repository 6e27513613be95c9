import type { Grade } from '@keyturn/shared/model/evidence.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { Population, ServiceKind } from './kinds.ts';
import type { CacheKind } from '@keyturn/shared/model/secret-keys.ts';
import type { AlertPolicy } from './alerts/alert-policy.ts';
import type { EmergencyPolicy, RollbackPolicy } from './emergency-policy.ts';

/** What the operator declared about one service that verifies tokens. */
export interface ServicePolicy {
  readonly name: string;
  /** False for a service that reported without being declared; it still blocks. */
  readonly declared: boolean;
  /** How its verifiers come to be known. */
  readonly kind: ServiceKind;
  readonly issuers: readonly string[];
  /** Expected live instances, the fewest where a range was declared; null when none was declared. */
  readonly instances: number | null;
  /** The most instances of a declared range; null when no range was declared. */
  readonly instancesMax: number | null;
  /** False: listed, never blocks. */
  readonly required: boolean;
  readonly profile: ProfileFacts;
  /** The weakest evidence that counts for `activate`. */
  readonly evidence: Grade;
  /** Of kind `unmanaged`; null for all others. */
  readonly population: Population | null;
  /** Of kind `static`: how often its keys are shipped; null when that was not declared. */
  readonly shippingIntervalMs: number | null;
  /** Which keys it verifies with; `any` unless it was declared that one kind never matters to it. */
  readonly keys: CacheKind;
}

/** How canary tokens of one issuer are to be made, and how often they are presented. */
export interface CanaryPolicy {
  /** The only audience a canary may have. */
  readonly audience: string;
  /** Longest exp - iat of a canary. */
  readonly maxLifetimeMs: number;
  /** Shortest time between two probes of one verifier; its kind's cooldown can make it longer. */
  readonly apartMs: number;
  /** Verifiers probed in a second, at most. */
  readonly perSecond: number;
}

/** What the operator declared about one issuer. */
export interface IssuerPolicy {
  /** Exact `iss` string. */
  readonly issuer: string;
  /** Third party: nobody here steers its rotations, which are observed only. */
  readonly control: 'ours' | 'third_party';
  /** Every address the collector fetches the JWKS from. */
  readonly vantages: readonly string[];
  readonly watchIntervalMs: number;
  /** Declared longest token lifetime; null when only observation can tell. */
  readonly maxTokenLifetimeMs: number | null;
  /** σ: clock skew between issuer and verifiers plus verifier leeway. */
  readonly skewMs: number;
  /** Spread between the first and the last origin that serves a new key. */
  readonly originSpreadMs: number;
  /** Dsgn: time between the first and the last signer that uses the new key. */
  readonly switchSpreadMs: number;
  /** Shared caches in series between origin and verifiers, summed: tiers add. */
  readonly sharedCachesMs: number;
  /** Time meant to pass between publication and switch; null when none is planned. */
  readonly plannedLeadMs: number | null;
  /** Allowance for failed fetches. */
  readonly failedFetchMs: number;
  /** Null: no canaries are taken for this issuer. */
  readonly canary: CanaryPolicy | null;
  /** Tokens of this issuer may be signed with secrets it shares with verifiers. */
  readonly sharedSecrets: boolean;
}

export interface Policy {
  readonly issuers: ReadonlyMap<string, IssuerPolicy>;
  readonly services: ReadonlyMap<string, ServicePolicy>;
  /** For services that report without being declared. */
  readonly profiles: ReadonlyMap<string, ProfileFacts>;
  readonly unknownProfile: ProfileFacts;
  readonly publishSafetyMs: number;
  readonly retireSafetyMs: number;
  readonly heartbeatMs: number;
  /** Lease = this × heartbeat; 3 by default. */
  readonly leaseHeartbeats: number;
  readonly reconnectWindowMs: number;
  readonly verifiersMax: number;
  /** True: verifiers that cannot count outcomes keep `retire` from opening. */
  readonly uncountedBlocksRetire: boolean;
  /** All other checks of `activate` must have passed without a break for this long. */
  readonly stableForMs: number;
  readonly rollback: RollbackPolicy;
  readonly emergency: EmergencyPolicy;
  readonly alerts: AlertPolicy;
}

/** The most instances a service may have by its declaration; null when nobody said. */
export function instancesAtMost(service: ServicePolicy): number | null {
  return service.instancesMax ?? service.instances;
}

/** Time a verifier may be silent before it counts as silent, milliseconds. */
export function leaseMs(policy: Policy): number {
  return policy.heartbeatMs * policy.leaseHeartbeats;
}
