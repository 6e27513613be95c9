import type { AlertName, Severity } from '../../core/alerts/catalogue.ts';
import type { AlertStatus } from '../../core/alerts/alert.ts';
import type { RotationView } from './rotation.ts';
import type { VerdictView } from './verdict.ts';

// What live views say in short of things that have a view of their own. Moments: ISO 8601, UTC, by the
// collector's clock.

/** How the JWKS of an issuer stands at all its vantages together: the worst of them. */
export type JwksStanding =
  /** Read everywhere, the last time. */
  | 'readable'
  /** Somewhere it cannot be used. */
  | 'failing'
  /** Somewhere it was not read since the collector started. */
  | 'unread'
  /** It has no address: it shares secrets, or none is configured. */
  | 'none';

/** One issuer in a line. */
export interface IssuerGlanceView {
  readonly issuer: string;
  readonly control: 'ours' | 'third_party';
  readonly shared_secrets: boolean;
  readonly standing: JwksStanding;
  /** After that, what was read says nothing of now; null: nothing was read. */
  readonly read_counts_until_at: string | null;
  readonly vantages: number;
  /** The first three that cannot be used. */
  readonly failing: readonly {
    readonly url: string;
    readonly message: string;
    readonly since_at: string | null;
  }[];
  readonly more_failing: number;
  /** Vantages that could be read the last time serve different keys. */
  readonly differs: boolean;
  /** Published and not withdrawn. */
  readonly keys_published: number;
  readonly reused_kids: number;
  readonly open_rotations: number;
  readonly fleet: FleetTotalsView;
}

/** Verifiers of one issuer. */
export interface FleetTotalsView {
  readonly services: number;
  readonly verifiers: number;
  readonly reporting: number;
  readonly silent: number;
  /** Said hello and did not report yet. */
  readonly joined: number;
}

/** One alert in a line. */
export interface AlertLineView {
  readonly id: string;
  readonly name: AlertName;
  readonly severity: Severity;
  readonly status: AlertStatus;
  readonly firing: boolean;
  readonly summary: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly since_at: string;
  readonly fired_at: string | null;
  readonly resolved_at: string | null;
  readonly acknowledged_by: string | null;
  readonly silenced: boolean;
  /** Not told by itself: another alert that is told explains it. */
  readonly inhibited: boolean;
}

/** Alerts that are told together: of one name, issuer and rotation. */
export interface AlertGroupView {
  readonly group: string;
  readonly name: AlertName;
  readonly title: string;
  /** The worst of them. */
  readonly severity: Severity;
  readonly shuts_gates: boolean;
  readonly advises_rollback: boolean;
  readonly runbook_url: string;
  readonly alerts: readonly AlertLineView[];
  /** Of this group and asked for, but not listed. */
  readonly more: number;
}

/** How one gate stands, in a word. */
export interface GateGlanceView {
  readonly gate: VerdictView['gate'];
  readonly status: VerdictView['status'];
  readonly advised: boolean;
}

/** One open rotation on a card. */
export interface RotationGlanceView {
  readonly id: string;
  readonly issuer: string;
  /** `RS256`, or `RS256 -> ES256`. */
  readonly algs: string;
  readonly key_kind: RotationView['key_kind'];
  readonly old_kid: string;
  readonly new_kid: string;
  readonly phase: RotationView['phase'];
  readonly origin: RotationView['origin'];
  readonly tainted: boolean;
  readonly started_at: string;
  readonly started_by: string;
  /** What the issuer did that can make verifiers refuse valid tokens; observed only. */
  readonly findings: readonly string[];
  readonly gates: readonly GateGlanceView[];
  /** The gate it waits for; null: none any more. */
  readonly next: NextGateView | null;
}

export interface NextGateView {
  readonly gate: VerdictView['gate'];
  readonly status: VerdictView['status'];
  /** The first reason it is not open, a sentence; empty when it is. */
  readonly reason: string;
  readonly more_reasons: number;
  /** The command that would help with that reason; empty when only waiting does. */
  readonly help: string;
  readonly satisfied: number | null;
  readonly expected: number | null;
  readonly clears_at: string | null;
  readonly open_since_at: string | null;
}
