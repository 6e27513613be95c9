import type { ProbeOrders, ProbeResult } from '@keyturn/shared/model/probe.ts';
import type {
  Ack,
  Goodbye,
  Hello,
  Report,
  Settings,
  Welcome,
} from '@keyturn/shared/model/report.ts';
import type { Break, Mode } from './session-events.ts';

/** One connection to the collector, as the uplink uses it. Nothing here throws or waits. */
export interface Connection {
  hello(hello: Hello): void;
  reports(reports: readonly Report[]): void;
  goodbye(goodbye: Goodbye): void;
  /** Absent: this way of talking carries no probes. */
  probeResults?(results: readonly ProbeResult[]): void;
  /** Nothing more will be said; ends with `broken` when the other side is done. */
  finish(): void;
  /** Ends at once; no more events follow. */
  abort(): void;
}

/** What a connection tells. `broken` comes once and is the last. */
export interface ConnectionEvents {
  welcome(welcome: Welcome): void;
  acks(acks: readonly Ack[]): void;
  settings(settings: Settings): void;
  probes(orders: ProbeOrders): void;
  /** A message that could not be read; it is left out. */
  unreadable(reason: string): void;
  broken(why: Break): void;
}

/** Opens connections; the seam behind which gRPC is. */
export type Dialer = (mode: Mode, events: ConnectionEvents) => Connection;

/** `events`, silent after `broken` and after `mute()`. */
export function onceBroken(events: ConnectionEvents): ConnectionEvents & { mute(): boolean } {
  let over = false;
  const unlessOver =
    <T>(tell: (value: T) => void) =>
    (value: T) => {
      if (!over) tell(value);
    };
  return {
    welcome: unlessOver((value) => {
      events.welcome(value);
    }),
    acks: unlessOver((value) => {
      events.acks(value);
    }),
    settings: unlessOver((value) => {
      events.settings(value);
    }),
    probes: unlessOver((value) => {
      events.probes(value);
    }),
    unreadable: unlessOver((value) => {
      events.unreadable(value);
    }),
    broken: unlessOver((value) => {
      over = true;
      events.broken(value);
    }),
    mute() {
      const was = over;
      over = true;
      return was;
    },
  };
}
