import t from 'tap';
import type { Situation } from '../../support/rotating.ts';
import { gateTable } from '../../support/rotating.ts';
import { ISSUER, issuerOf, NEW, OLD, profileOf, serviceOf } from '../../support/policies.ts';

const OF = ['time_elapsed'];
const BOTH = { keys: [OLD, NEW] };
const mesh = (part: Parameters<typeof serviceOf>[1] = {}) =>
  serviceOf('mesh', { evidence: 'timed', instances: null, ...part });
const SLOW = serviceOf('slow', {
  kind: 'managed',
  evidence: 'timed',
  instances: null,
  profile: profileOf({ id: 'slow-cache', newKidRefusedS: 300 }),
});
const ENDLESS = mesh({ profile: profileOf({ id: 'endless', newKidRefusedS: null }) });

gateTable(t, 'activate', [
  {
    name: 'published a moment ago',
    from: { services: [SLOW, mesh()] },
    given: ({ world }) => world.pass(1_000),
    status: 'closed',
    blocked: ['time_elapsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail time time_elapsed: 2 services judged by time may lack the new key until 00:07:30Z | since 00:01:30Z | clears 00:07:30Z',
        '  slow timed since 00:01:30Z: managed, profile slow-cache: may lack the new key until 00:07:30Z',
        '  mesh timed since 00:01:30Z: instrumented, profile test-profile: may lack the new key until 00:03:30Z',
      ],
    },
  },
  {
    name: 'long enough for one of two',
    from: { services: [mesh(), SLOW] },
    given: ({ world }) => world.pass(120_000),
    status: 'closed',
    blocked: ['time_elapsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail time time_elapsed: 1 service judged by time may lack the new key until 00:07:30Z | since 00:01:30Z | clears 00:07:30Z',
        '  slow timed since 00:01:30Z: managed, profile slow-cache: may lack the new key until 00:07:30Z',
      ],
    },
  },
  {
    name: 'a second less than long enough',
    from: { services: [mesh()] },
    given: ({ world }) => world.pass(119_000),
    status: 'closed',
    blocked: ['time_elapsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail time time_elapsed: 1 service judged by time may lack the new key until 00:03:30Z | since 00:01:30Z | clears 00:03:30Z',
        '  mesh timed since 00:01:30Z: instrumented, profile test-profile: may lack the new key until 00:03:30Z',
      ],
    },
  },
  {
    name: 'long enough for both',
    from: { services: [mesh(), SLOW] },
    given: ({ world }) => world.pass(360_000),
    status: 'open',
    reads: { of: OF, lines: ['pass time time_elapsed: long enough published for 2 services'] },
  },
  {
    name: 'everything between origin and verifier adds',
    from: {
      services: [mesh()],
      policy: {
        issuers: new Map([
          [
            ISSUER,
            issuerOf({ originSpreadMs: 5_000, sharedCachesMs: 20_000, failedFetchMs: 100_000 }),
          ],
        ]),
      },
    },
    given: () => undefined,
    status: 'closed',
    blocked: ['time_elapsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail time time_elapsed: 1 service judged by time may lack the new key until 00:05:35Z | since 00:01:30Z | clears 00:05:35Z',
        '  mesh timed since 00:01:30Z: instrumented, profile test-profile: may lack the new key until 00:05:35Z',
      ],
    },
  },
  {
    name: 'the margin is another one while the old key is tainted',
    from: {
      services: [mesh()],
      policy: { emergency: { publishSafetyMs: 5_000, retireGraceMs: 0, skip: [] } },
    },
    given: ({ world, id }) => void world.declare(id, 'taint'),
    status: 'closed',
    blocked: ['time_elapsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail time time_elapsed: 1 service judged by time may lack the new key until 00:02:35Z | since 00:01:30Z | clears 00:02:35Z',
        '  mesh timed since 00:01:30Z: instrumented, profile test-profile: may lack the new key until 00:02:35Z',
      ],
    },
  },
  {
    name: 'not published: nothing to count from',
    from: { until: 'started', services: [mesh()] },
    given: () => undefined,
    status: 'closed',
    blocked: ['new_key_published:fail', 'new_key_known:fail', 'time_elapsed:unknown'],
    reads: {
      of: OF,
      lines: ['unknown time time_elapsed: time counts from publication, which has not been seen'],
    },
  },
  {
    name: 'no bound is known',
    from: { services: [mesh(), { ...ENDLESS, name: 'wild' }] },
    given: ({ world }) => world.pass(120_000),
    status: 'unknown',
    blocked: ['time_elapsed:unknown'],
    reads: {
      of: OF,
      lines: [
        'unknown time time_elapsed: profile endless of service wild has no bound, so time proves nothing',
      ],
    },
  },
  {
    name: 'keys that are configured come by no time',
    from: { services: [mesh({ profile: profileOf({ id: 'file', staticKeys: true }) })] },
    given: ({ world }) => world.pass(120_000),
    status: 'unknown',
    blocked: ['time_elapsed:unknown'],
    reads: {
      of: OF,
      lines: [
        'unknown time time_elapsed: profile file of service mesh has no bound, so time proves nothing',
      ],
    },
  },
  {
    name: 'full evidence needs no time',
    from: { services: [mesh({ instances: 1 })] },
    given: ({ world }) => void world.join('mesh').report(BOTH),
    status: 'open',
    reads: { of: OF, lines: ['pass time time_elapsed: no service is judged by time alone'] },
  },
  {
    name: 'evidence of some does',
    from: { services: [mesh({ instances: 2 })] },
    given: ({ world }) => void world.join('mesh').report(BOTH),
    status: 'closed',
    blocked: ['time_elapsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail time time_elapsed: 1 service judged by time may lack the new key until 00:03:30Z | since 00:01:30Z | clears 00:03:30Z',
        '  mesh timed since 00:01:30Z: instrumented, profile test-profile: may lack the new key until 00:03:30Z',
      ],
    },
  },
  {
    name: 'a word needs no time',
    from: { services: [mesh({ kind: 'managed' })] },
    given: ({ world, id }) => void world.attest(id, 'mesh'),
    status: 'open',
    reads: { of: OF, lines: ['pass time time_elapsed: no service is judged by time alone'] },
  },
  {
    name: 'an optional one waits for nothing',
    from: { services: [mesh({ required: false })] },
    given: () => undefined,
    status: 'open',
    reads: { of: OF, lines: ['pass time time_elapsed: no service is judged by time alone'] },
  },
] satisfies readonly Situation[]);
