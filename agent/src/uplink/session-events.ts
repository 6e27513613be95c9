import type { Ack, Settings, Welcome } from '@keyturn/shared/model/report.ts';
import type { Urgency } from '../ledger/ledger.ts';
import type { Stamp } from './line.ts';

/** `stream`: one long Session. `calls`: one Report call per message, where streams do not hold. */
export type Mode = 'stream' | 'calls';

/** Why a connection ended. */
export interface Break {
  /** `unimplemented`: the server or a proxy knows no such stream. */
  readonly kind: 'unimplemented' | 'failed';
  readonly reason: string;
}

export type SessionEvent =
  | { readonly on: 'added'; readonly handle: number }
  | { readonly on: 'removed'; readonly handle: number; readonly reason: string }
  /** Another line speaks for the same verifier from now on. */
  | { readonly on: 'replaced'; readonly handle: number }
  | { readonly on: 'changed'; readonly handle: number; readonly urgency: Urgency }
  | { readonly on: 'silenced'; readonly handle: number }
  | { readonly on: 'welcome'; readonly welcome: Welcome }
  | { readonly on: 'acks'; readonly acks: readonly Ack[] }
  | { readonly on: 'settings'; readonly settings: Settings }
  | { readonly on: 'broken'; readonly why: Break }
  | { readonly on: 'tick' }
  | { readonly on: 'close'; readonly reason: string };

export type SessionAction =
  | { readonly do: 'connect'; readonly mode: Mode }
  | { readonly do: 'hello'; readonly handles: readonly number[] }
  | { readonly do: 'report'; readonly stamps: readonly Stamp[] }
  | { readonly do: 'goodbye'; readonly handles: readonly number[]; readonly reason: string }
  /** The verifier is gone and told so; its ledger is no longer needed. */
  | { readonly do: 'forget'; readonly handle: number }
  /** Nothing more will be said; let the other side finish. */
  | { readonly do: 'finish' }
  | { readonly do: 'disconnect' }
  | { readonly do: 'apply'; readonly settings: Settings }
  | { readonly do: 'tell'; readonly what: SessionNews };

export type SessionNews =
  | { readonly kind: 'connected'; readonly mode: Mode }
  | { readonly kind: 'disconnected'; readonly reason: string; readonly retryInMs: number }
  | {
      readonly kind: 'refused';
      readonly handle: number;
      readonly reason: string;
      readonly retryInMs: number;
    }
  | { readonly kind: 'superseded'; readonly handle: number; readonly retryInMs: number }
  | { readonly kind: 'rejected'; readonly handle: number; readonly reason: string };
