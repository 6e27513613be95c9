import type { AlertName, Severity } from '../../core/alerts/catalogue.ts';
import type { AlertView, SilenceView } from './alert.ts';
import type { AlertGroupView } from './glance.ts';
import type { ReceiverView } from './receiver.ts';

/** Alerts that match what was asked, and who is told of them. */
export interface AlertsView {
  /** All there are, the watchdog left out, whatever was asked for. */
  readonly counts: {
    readonly firing: number;
    readonly no_data: number;
    readonly pending: number;
    readonly resolved: number;
  };
  readonly watchdog: AlertView | null;
  /** How many match. */
  readonly matching: number;
  readonly firing: readonly AlertGroupView[];
  readonly pending: readonly AlertGroupView[];
  /** Of the last day. */
  readonly resolved: readonly AlertGroupView[];
  /** Matching ones that are not listed. */
  readonly more: number;
  /** What there is to choose from. */
  readonly names: readonly AlertName[];
  readonly issuers: readonly string[];
  readonly silences: readonly (SilenceView & {
    /** Firing alerts it keeps from being told now. */
    readonly silencing: number;
  })[];
  readonly more_silences: number;
  readonly receivers: readonly ReceiverView[];
}

/** One alert with what it is connected to. */
export interface AlertDetailView {
  readonly alert: AlertView;
  /** What keeps receivers from being told. */
  readonly silence: SilenceView | null;
  readonly inhibitor: AlertReferenceView | null;
  /** Alerts that are told with this one instead of by themselves: the first 20. */
  readonly inhibits: readonly AlertReferenceView[];
  /** What receivers were told of it last; null: nothing. */
  readonly told: {
    readonly severity: Severity;
    readonly no_data: boolean;
    readonly resolved: boolean;
  } | null;
  /** Open rotations whose gates it shuts now: the first 20. */
  readonly shuts: readonly RotationReferenceView[];
  /** Open rotations for which it advises going back: the first 20. */
  readonly advises: readonly RotationReferenceView[];
  /** The one it names; null: none, or it is forgotten. */
  readonly rotation: RotationReferenceView | null;
  /** The verifier it names is known. */
  readonly has_verifier: boolean;
  readonly has_issuer: boolean;
  /** Grows with what is on record of it. */
  readonly transition: number;
}

export interface AlertReferenceView {
  readonly id: string;
  readonly name: AlertName;
  readonly severity: Severity;
  readonly summary: string;
}

export interface RotationReferenceView {
  readonly id: string;
  readonly issuer: string;
  readonly old_kid: string;
  readonly new_kid: string;
  readonly open: boolean;
}
