import type { RotationReferenceView } from './live-alerts.ts';
import type { ServiceView } from './service.ts';

/** What can be the matter with a service; several at once. */
export const SERVICE_CONDITIONS = [
  /** It reports for an issuer nobody declared it for. */
  'undeclared',
  /** Declared, and no verifier of it was ever heard of. */
  'never_seen',
  /** Fewer instances live than declared. */
  'short',
  /** Some of its verifiers are not heard any more. */
  'silent',
  /** An open rotation waits for it. */
  'waiting',
] as const;

export type ServiceCondition = (typeof SERVICE_CONDITIONS)[number];

/** Services that match what was asked, those with something the matter first. */
export interface InventoryView {
  readonly counts: Readonly<Record<ServiceCondition | 'all' | 'declared' | 'in_order', number>>;
  readonly matching: number;
  readonly services: readonly ServiceRowView[];
  readonly more: number;
  readonly issuers: readonly string[];
  /** Open rotations that rows speak of. */
  readonly rotations: readonly RotationReferenceView[];
}

export interface ServiceRowView extends Omit<ServiceView, 'issuers'> {
  readonly conditions: readonly ServiceCondition[];
  /** The first ten, the one asked for and those with something the matter first. */
  readonly issuers: readonly (ServiceView['issuers'][number] & {
    readonly conditions: readonly ServiceCondition[];
    /** Firing alert that it verifies tokens and nobody declared it; null: none. */
    readonly hidden_alert_id: string | null;
  })[];
  readonly more_issuers: number;
}
