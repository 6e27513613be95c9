/** One instrument, by OpenTelemetry's naming rules: dotted, no unit in the name, units by UCUM. */
export interface AgentInstrument {
  readonly name: string;
  readonly kind: 'counter' | 'up_down_counter' | 'gauge';
  readonly unit: string;
  /** One sentence, without its full stop. */
  readonly description: string;
  /** Issuers are those of the agent's settings; all other values are this program's own. */
  readonly attributes: readonly string[];
}

/** Everything an agent counts and measures of itself. */
export const AGENT_INSTRUMENTS = {
  verifications: {
    name: 'keyturn.agent.verifications',
    kind: 'counter',
    unit: '{verification}',
    description: 'Verifications this agent was told of; a failed one has an error type',
    attributes: ['keyturn.issuer', 'error.type'],
  },
  verifiers: {
    name: 'keyturn.agent.verifiers',
    kind: 'up_down_counter',
    unit: '{verifier}',
    description: 'Key caches this agent reports for',
    attributes: [],
  },
  keysAge: {
    name: 'keyturn.agent.keys.age',
    kind: 'gauge',
    unit: 's',
    description: 'Age of the oldest key set that verifiers of this agent decide with',
    attributes: ['keyturn.issuer'],
  },
  connected: {
    name: 'keyturn.agent.session.status',
    kind: 'up_down_counter',
    unit: '{session}',
    description: 'Whether the collector is reached: 1 for the status that holds, else 0',
    attributes: ['keyturn.agent.session.status'],
  },
  breaks: {
    name: 'keyturn.agent.session.breaks',
    kind: 'counter',
    unit: '{break}',
    description: 'Times the way to the collector broke or could not be had',
    attributes: [],
  },
  rejected: {
    name: 'keyturn.agent.reports.rejected',
    kind: 'counter',
    unit: '{report}',
    description: 'Reports the collector would not take',
    attributes: [],
  },
  faults: {
    name: 'keyturn.agent.faults',
    kind: 'counter',
    unit: '{fault}',
    description: 'Faults inside the agent that were kept away from the verifier',
    attributes: ['keyturn.fault.place'],
  },
} as const satisfies Readonly<Record<string, AgentInstrument>>;

export type AgentInstrumentId = keyof typeof AGENT_INSTRUMENTS;
