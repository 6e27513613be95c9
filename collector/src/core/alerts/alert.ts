import type { AlertName, Severity } from './catalogue.ts';

/** Labels an alert may have: names of things, never values that change while it lasts. */
export const ALERT_LABELS = [
  'issuer',
  'rotation',
  'key',
  'service',
  'instance',
  'cache',
  'address',
  'kid',
  'receiver',
] as const;
export type AlertLabel = (typeof ALERT_LABELS)[number];

/** What an alert is about. With its name this is its identity. */
export type AlertLabels = Readonly<Partial<Record<AlertLabel, string>>>;

/**
 * `pending`: seen, not for long enough. `firing`. `no_data`: it fired, and what would show that it is
 * over cannot be seen now; it counts as firing everywhere. `resolved`: seen to be over.
 */
export const ALERT_STATUSES = ['pending', 'firing', 'no_data', 'resolved'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

/** A named person or tool has taken it on. */
export interface Acknowledgement {
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

/** What receivers were told of an alert. */
export interface Told {
  /** The highest they heard of. */
  readonly severity: Severity;
  readonly noData: boolean;
  readonly resolved: boolean;
}

/** One alert, from when it was first seen to when it is forgotten. Times: Unix ms, collector's clock. */
export interface AlertRecord {
  /** Of this occurrence: another one of the same identity gets another id. */
  readonly id: string;
  readonly name: AlertName;
  readonly labels: AlertLabels;
  readonly severity: Severity;
  readonly status: AlertStatus;
  /** When it was first seen. */
  readonly sinceMs: number;
  /** When it began to fire; null while pending. */
  readonly firedAtMs: number | null;
  readonly resolvedAtMs: number | null;
  /** When its status changed last. */
  readonly changedAtMs: number;
  /** Grows with every change of status or severity, and when it is acknowledged. */
  readonly transition: number;
  /** One sentence for a person, with values. */
  readonly summary: string;
  /** What was seen, and where: further sentences, each short. */
  readonly details: readonly string[];
  readonly acknowledged: Acknowledgement | null;
  /** Null: nothing yet. */
  readonly told: Told | null;
}

/** Keeps alerts from being told, never from firing and never from shutting a gate. */
export interface SilenceRecord {
  readonly id: string;
  /** Null: any. */
  readonly name: AlertName | null;
  /** All of these have to be the alert's. */
  readonly labels: AlertLabels;
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
  readonly expiresAtMs: number;
}

/** True while an alert counts: for gates, for people, for receivers. */
export function isFiring({ status }: AlertRecord): boolean {
  return status === 'firing' || status === 'no_data';
}

/** Alerts of one group are told and shown together: same name, issuer and rotation. */
export function alertGroup({ name, labels }: AlertRecord): string {
  return JSON.stringify([name, labels.issuer ?? null, labels.rotation ?? null]);
}

/** The identity of an alert as text: its name and its labels in the order of `ALERT_LABELS`. */
export function alertIdentity(name: AlertName, labels: AlertLabels): string {
  return JSON.stringify([name, ...ALERT_LABELS.map((label) => labels[label] ?? null)]);
}
