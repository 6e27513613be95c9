import t from 'tap';
import type { Situation } from '../../support/rotating.ts';
import { gateTable } from '../../support/rotating.ts';
import { OLD } from '../../support/policies.ts';

const OF = ['rehearsed'];
const ASKED = {
  policy: {
    rollback: { windowMs: 86_400_000, requireRehearsal: true, rehearsalValidForMs: 60_000 },
  },
};

gateTable(t, 'activate', [
  {
    name: 'policy asks for none',
    given: ({ world, id }) => void world.rehearse(id),
    status: 'open',
    reads: { of: OF, lines: ['pass policy rehearsed: policy asks for no rehearsal of going back'] },
  },
  {
    name: 'none was made',
    from: ASKED,
    given: ({ world }) => world.pass(1_000),
    status: 'closed',
    blocked: ['rehearsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy rehearsed: no rehearsal of going back has passed | since 00:01:00Z | help: keyturn rotation rehearse r-1 --old-key-available',
      ],
    },
  },
  {
    name: 'none has passed',
    from: ASKED,
    given: ({ world, id }) => {
      world.sight([OLD]);
      world.pass(60_000, { silent: ['orders/b'] });
      world.rehearse(id);
    },
    status: 'closed',
    blocked: ['fleet_heard:unknown', 'rehearsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy rehearsed: no rehearsal of going back has passed | since 00:01:00Z | help: keyturn rotation rehearse r-1 --old-key-available',
      ],
    },
  },
  {
    name: 'one has passed',
    from: ASKED,
    given: ({ world, id }) => {
      world.rehearse(id);
      world.pass(60_000);
    },
    status: 'open',
    reads: {
      of: OF,
      lines: ['pass policy rehearsed: going back was rehearsed at 00:01:30Z | since 00:01:30Z'],
    },
  },
  {
    name: 'one has passed, and one after it has not',
    from: ASKED,
    given: ({ world, id }) => {
      world.rehearse(id);
      world.pass(50_000, { silent: ['orders/b'] });
      world.rehearse(id);
    },
    status: 'closed',
    blocked: ['fleet_heard:unknown', 'rehearsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy rehearsed: the last rehearsal of going back, at 00:02:20Z, did not pass | since 00:02:20Z | help: keyturn rotation rehearse r-1 --old-key-available',
      ],
    },
  },
  {
    name: 'it has passed a second too long ago',
    from: ASKED,
    given: ({ world, id }) => {
      world.rehearse(id);
      world.pass(61_000);
    },
    status: 'closed',
    blocked: ['rehearsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy rehearsed: the last rehearsal that passed was at 00:01:30Z, which is too long ago | since 00:02:30Z | help: keyturn rotation rehearse r-1 --old-key-available',
      ],
    },
  },
  {
    name: 'the later of two counts',
    from: ASKED,
    given: ({ world, id }) => {
      world.rehearse(id);
      world.pass(40_000);
      world.rehearse(id);
      world.pass(40_000);
    },
    status: 'open',
    reads: {
      of: OF,
      lines: ['pass policy rehearsed: going back was rehearsed at 00:02:10Z | since 00:02:10Z'],
    },
  },
  {
    name: 'the signer went back since',
    from: ASKED,
    given: ({ world, id }) => {
      world.rehearse(id);
      world.pass(5_000);
      world.declare(id, 'activate', 'now');
      world.pass(5_000);
      world.declare(id, 'rollback', 'it failed');
      world.pass(5_000);
    },
    status: 'closed',
    blocked: ['rehearsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy rehearsed: the rehearsal of 00:01:30Z counts no more: the signer went back since, and starts anew | since 00:01:40Z | help: keyturn rotation rehearse r-1 --old-key-available',
      ],
    },
  },
  {
    name: 'the signer went back at the same moment',
    from: ASKED,
    given: ({ world, id }) => {
      world.rehearse(id);
      world.declare(id, 'activate', 'now');
      world.declare(id, 'rollback', 'it failed');
    },
    status: 'closed',
    blocked: ['new_key_known:fail', 'rehearsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy rehearsed: the rehearsal of 00:01:30Z counts no more: the signer went back since, and starts anew | since 00:01:30Z | help: keyturn rotation rehearse r-1 --old-key-available',
      ],
    },
  },
  {
    name: 'the signer went back before',
    from: ASKED,
    given: ({ world, id }) => {
      world.declare(id, 'activate', 'now');
      world.declare(id, 'rollback', 'it failed');
      world.pass(5_000);
      world.rehearse(id);
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
    reads: {
      of: OF,
      lines: ['pass policy rehearsed: going back was rehearsed at 00:01:35Z | since 00:01:35Z'],
    },
  },
  {
    name: 'the old private key was destroyed since',
    from: ASKED,
    given: ({ world, id }) => {
      world.rehearse(id);
      world.pass(5_000);
      world.declare(id, 'destroy_old_key', 'the HSM is dead');
      world.pass(5_000);
    },
    status: 'closed',
    blocked: ['rehearsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy rehearsed: the rehearsal of 00:01:30Z counts no more: the old private key was destroyed since | since 00:01:35Z | help: keyturn rotation rehearse r-1 --old-key-available',
      ],
    },
  },
  {
    name: 'the old private key was destroyed at the same moment',
    from: ASKED,
    given: ({ world, id }) => {
      world.rehearse(id);
      world.declare(id, 'destroy_old_key', 'the HSM is dead');
    },
    status: 'closed',
    blocked: ['rehearsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy rehearsed: the rehearsal of 00:01:30Z counts no more: the old private key was destroyed since | since 00:01:30Z | help: keyturn rotation rehearse r-1 --old-key-available',
      ],
    },
  },
  {
    name: 'the old key is tainted, whatever was rehearsed',
    from: ASKED,
    given: ({ world, id }) => {
      world.rehearse(id);
      world.pass(5_000);
      world.declare(id, 'taint');
      world.pass(5_000);
    },
    status: 'closed',
    blocked: ['rehearsed:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy rehearsed: old is tainted, so going back cannot be rehearsed any more | since 00:01:35Z | help: name rehearsed under policy.emergency.skip, or: keyturn waive activate rehearsed --rotation r-1 --reason "the old key is tainted" --valid-for 1h',
      ],
    },
  },
] satisfies readonly Situation[]);
