import t from 'tap';
import { keyIdentity, usageKey } from '../../src/core/state.ts';
import { NEW, OLD } from '../support/policies.ts';

t.test('use is kept apart by issuer and kid, and tokens without kid are of no kid', (t) => {
  const all = [
    usageKey('https://a.test', null),
    usageKey('https://b.test', null),
    usageKey('https://a.test', 'null'),
    usageKey('https://b.test', 'null'),
    usageKey('https://a.test', 'k'),
  ];
  t.equal(new Set(all).size, all.length, JSON.stringify(all));
  t.end();
});

t.test('keys are told apart by kid and thumbprint', (t) => {
  const all = [OLD, NEW, { ...OLD, thumbprint: NEW.thumbprint }].map(keyIdentity);
  t.equal(new Set(all).size, all.length);
  t.equal(keyIdentity({ kid: 'k', thumbprint: 't' }), 'k t');
  t.end();
});
