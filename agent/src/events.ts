import { AsyncLocalStorage } from 'node:async_hooks';
import type { CanaryAnswer } from '@keyturn/shared/model/probe.ts';
import type { VerifierId } from '@keyturn/shared/model/ids.ts';

/** What an agent has to say about itself. It never carries tokens, claims or key material. */
export type AgentEvent =
  | { readonly kind: 'connected'; readonly collector: string; readonly over: 'stream' | 'calls' }
  | {
      readonly kind: 'disconnected';
      readonly collector: string;
      readonly reason: string;
      readonly retryInMs: number;
    }
  /** The collector will not take reports of this verifier; asked again at a slow pace. */
  | {
      readonly kind: 'verifier_refused';
      readonly verifier: VerifierId;
      readonly reason: string;
      readonly retryInMs: number;
    }
  /** Another process reports under this identity and started later. */
  | {
      readonly kind: 'verifier_superseded';
      readonly verifier: VerifierId;
      readonly retryInMs: number;
    }
  | { readonly kind: 'report_rejected'; readonly verifier: VerifierId; readonly reason: string }
  /** Canary tokens were presented to a verifier. */
  | {
      readonly kind: 'probed';
      readonly verifier: VerifierId;
      readonly issuer: string;
      readonly answers: readonly CanaryAnswer[];
    }
  /** The collector said something that could not be read. */
  | { readonly kind: 'protocol_error'; readonly collector: string; readonly reason: string }
  /** A fault inside the agent, kept away from the verifier; told once per place. */
  | { readonly kind: 'fault'; readonly where: string; readonly message: string };

export type AgentEventListener = (event: AgentEvent) => void;

/** Where the parts of an agent tell their events. Never throws. */
export interface AgentEvents {
  tell(event: AgentEvent): void;
  /** Runs `work`; a throw is counted, told once per `where`, and goes no further. */
  guard<T>(where: string, work: () => T): T | undefined;
  /** Counts a fault that was caught elsewhere. */
  fault(where: string, thrown: unknown): void;
  /** Faults so far, by place. */
  readonly faults: ReadonlyMap<string, number>;
}

/** Places are named by the agent's own code; the bound is for a mistake there. */
const PLACES_MAX = 64;

export function createAgentEvents(listener?: AgentEventListener): AgentEvents {
  const faults = new Map<string, number>();
  // Sockets opened where the uplink connects are kept from holding the process; a listener's own are not.
  const asCaller = AsyncLocalStorage.snapshot();
  const tell = (event: AgentEvent) => {
    try {
      asCaller(() => listener?.(event));
    } catch {
      faults.set('listener', (faults.get('listener') ?? 0) + 1);
    }
  };
  const fault = (where: string, thrown: unknown) => {
    const before = faults.get(where);
    if (before === undefined && faults.size >= PLACES_MAX) return;
    faults.set(where, (before ?? 0) + 1);
    if (before === undefined) tell({ kind: 'fault', where, message: describe(thrown) });
  };
  return {
    tell,
    fault,
    faults,
    guard(where, work) {
      try {
        return work();
      } catch (thrown) {
        fault(where, thrown);
        return undefined;
      }
    },
  };
}

function describe(thrown: unknown): string {
  return (thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)).slice(
    0,
    500,
  );
}
