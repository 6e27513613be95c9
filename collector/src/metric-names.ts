/** Attributes of instruments, each with what bounds its values. Kids, instances and free text are none. */
export const ATTRIBUTES = {
  'error.type': 'the reasons in this program; absent where nothing failed',
  'keyturn.alert.name': 'the alerts in this program',
  'keyturn.alert.severity': '`critical`, `warning`, `info`',
  'keyturn.alert.status': '`pending`, `firing`, `no_data`, `resolved`',
  'keyturn.collector.status': '`hold_down`, `ready`, `store_failing`',
  'keyturn.dropped.kind': '`verifier`, `usage`, `key`, `rotation`, `alert`, `notice`, `series`',
  'keyturn.gate': 'the five gates',
  'keyturn.gate.status': '`open`, `closed`, `unknown`, `aborted`',
  'keyturn.issuer': 'issuers of the settings, and `undeclared` for all others together',
  'keyturn.key.state': '`appearing`, `published`, `withdrawn`',
  'keyturn.kid.bucket': '`next`, `active`, `retired`, `foreign`, `none`, `other`',
  'keyturn.new_key': 'grades of evidence, and why there is none',
  'keyturn.probe.result': '`counted`, `not_counted`',
  'keyturn.report.result': '`applied`, `ignored`, `rejected`, `superseded`',
  'keyturn.rotation.alg': 'registered JOSE algorithms, and `other`',
  'keyturn.rotation.origin': '`declared`, `observed`',
  'keyturn.rotation.phase': 'the phases of a rotation',
  'keyturn.service': 'services of the settings, and `undeclared` for all others together',
  'keyturn.vantage.state': '`readable`, `failing`, `unread`',
  'keyturn.verifier.state': '`reporting`, `silent`, `joined`',
  'process.cpu.mode': '`user`, `system`',
} as const;

export type AttributeName = keyof typeof ATTRIBUTES;

/** One instrument, by OpenTelemetry's naming rules: dotted, no unit in the name, units by UCUM. */
export interface Instrument {
  readonly name: string;
  readonly kind: 'counter' | 'up_down_counter' | 'gauge' | 'histogram';
  readonly unit: string;
  /** One sentence, without its full stop. */
  readonly description: string;
  readonly attributes: readonly AttributeName[];
  /** Histograms: upper bounds of the buckets, in the unit. */
  readonly buckets?: readonly number[];
}

/** Everything the collector counts and measures. */
export const INSTRUMENTS = {
  verifications: {
    name: 'keyturn.token.verifications',
    kind: 'counter',
    unit: '{verification}',
    description: 'Verifications of tokens that verifiers reported; a failed one has an error type',
    attributes: ['keyturn.issuer', 'keyturn.service', 'keyturn.kid.bucket', 'error.type'],
  },
  verifiers: {
    name: 'keyturn.verifiers',
    kind: 'up_down_counter',
    unit: '{verifier}',
    description: 'Verifiers of each service and issuer, by whether they are heard of',
    attributes: ['keyturn.issuer', 'keyturn.service', 'keyturn.verifier.state'],
  },
  expected: {
    name: 'keyturn.service.instances.expected',
    kind: 'up_down_counter',
    unit: '{instance}',
    description: 'Live instances that the settings declare, where they declare a number',
    attributes: ['keyturn.service'],
  },
  gateStatus: {
    name: 'keyturn.rotation.gate.status',
    kind: 'up_down_counter',
    unit: '{rotation}',
    description: 'Open rotations whose gate has the status: 1 for the one it has, else 0',
    attributes: [
      'keyturn.issuer',
      'keyturn.rotation.alg',
      'keyturn.rotation.origin',
      'keyturn.gate',
      'keyturn.gate.status',
    ],
  },
  phase: {
    name: 'keyturn.rotation.phase',
    kind: 'up_down_counter',
    unit: '{rotation}',
    description: 'Open rotations in the phase: 1 for the one it is in, else 0',
    attributes: [
      'keyturn.issuer',
      'keyturn.rotation.alg',
      'keyturn.rotation.origin',
      'keyturn.rotation.phase',
    ],
  },
  rotationAge: {
    name: 'keyturn.rotation.age',
    kind: 'gauge',
    unit: 's',
    description: 'Time since the oldest open rotation began',
    attributes: ['keyturn.issuer', 'keyturn.rotation.alg', 'keyturn.rotation.origin'],
  },
  propagation: {
    name: 'keyturn.rotation.verifiers',
    kind: 'up_down_counter',
    unit: '{verifier}',
    description: 'Verifiers an open rotation waits for, by what is known of the new key there',
    attributes: [
      'keyturn.issuer',
      'keyturn.rotation.alg',
      'keyturn.rotation.origin',
      'keyturn.service',
      'keyturn.new_key',
    ],
  },
  alerts: {
    name: 'keyturn.alerts',
    kind: 'up_down_counter',
    unit: '{alert}',
    description: 'Alerts of each kind; those resolved are kept for a day',
    attributes: ['keyturn.alert.name', 'keyturn.alert.severity', 'keyturn.alert.status'],
  },
  notices: {
    name: 'keyturn.alert.notices',
    kind: 'up_down_counter',
    unit: '{notice}',
    description: 'News of alerts that a receiver has not taken yet',
    attributes: [],
  },
  reports: {
    name: 'keyturn.reports',
    kind: 'counter',
    unit: '{report}',
    description: 'Reports of verifiers, by what became of them',
    attributes: ['keyturn.report.result'],
  },
  refusedMessages: {
    name: 'keyturn.agent.messages.refused',
    kind: 'counter',
    unit: '{message}',
    description: 'Messages of agents that ended their call because they could not be read',
    attributes: [],
  },
  sessions: {
    name: 'keyturn.agent.sessions',
    kind: 'up_down_counter',
    unit: '{session}',
    description: 'Streams of agents that are open',
    attributes: [],
  },
  probes: {
    name: 'keyturn.probes',
    kind: 'counter',
    unit: '{probe}',
    description: 'Answers to canary tokens, by whether they count as evidence',
    attributes: ['keyturn.probe.result'],
  },
  commitDuration: {
    name: 'keyturn.store.commit.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time one commit took; a refused one has an error type',
    attributes: ['error.type'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  },
  fetches: {
    name: 'keyturn.jwks.fetches',
    kind: 'counter',
    unit: '{fetch}',
    description: "The collector's own fetches of a JWKS; a failed one has an error type",
    attributes: ['keyturn.issuer', 'error.type'],
  },
  jwksAge: {
    name: 'keyturn.jwks.age',
    kind: 'gauge',
    unit: 's',
    description:
      'Time since every address of the issuer could be read; absent before the first time',
    attributes: ['keyturn.issuer'],
  },
  vantages: {
    name: 'keyturn.jwks.vantages',
    kind: 'up_down_counter',
    unit: '{address}',
    description: 'Addresses the JWKS is fetched from, by how the last fetch went',
    attributes: ['keyturn.issuer', 'keyturn.vantage.state'],
  },
  keys: {
    name: 'keyturn.keys',
    kind: 'up_down_counter',
    unit: '{key}',
    description: 'Keys the collector has seen or knows of, by whether they are served',
    attributes: ['keyturn.issuer', 'keyturn.key.state'],
  },
  reusedKids: {
    name: 'keyturn.kids.reused',
    kind: 'up_down_counter',
    unit: '{kid}',
    description: 'Kids that were seen with more than one key; any is an alarm',
    attributes: ['keyturn.issuer'],
  },
  status: {
    name: 'keyturn.collector.status',
    kind: 'up_down_counter',
    unit: '{collector}',
    description: 'What the collector can answer now: 1 for the status it has, else 0',
    attributes: ['keyturn.collector.status'],
  },
  dropped: {
    name: 'keyturn.collector.dropped',
    kind: 'counter',
    unit: '{item}',
    description: 'What was not kept because a bound was reached',
    attributes: ['keyturn.dropped.kind'],
  },
  cpu: {
    name: 'process.cpu.time',
    kind: 'counter',
    unit: 's',
    description: 'CPU time of the process',
    attributes: ['process.cpu.mode'],
  },
  memory: {
    name: 'process.memory.usage',
    kind: 'up_down_counter',
    unit: 'By',
    description: 'Physical memory of the process',
    attributes: [],
  },
  uptime: {
    name: 'process.uptime',
    kind: 'gauge',
    unit: 's',
    description: 'Time the process has been running',
    attributes: [],
  },
} as const satisfies Readonly<Record<string, Instrument>>;

export type InstrumentId = keyof typeof INSTRUMENTS;

/** The attributes an instrument takes; an error type is left out where nothing failed. */
export type AttributesOf<Id extends InstrumentId> = {
  readonly [Name in Exclude<(typeof INSTRUMENTS)[Id]['attributes'][number], 'error.type'>]: string;
} & {
  readonly [Name in Extract<(typeof INSTRUMENTS)[Id]['attributes'][number], 'error.type'>]?: string;
};
