import t from 'tap';
import {
  filterLaggards,
  laggardsOf,
  nameOf,
} from '../../../src/dashboard/pages/rotation/laggards.ts';
import { check, offender, verdict } from './verdicts.ts';

t.test('each once, the worst first, those that are not listed counted', async (t) => {
  const found = laggardsOf(
    verdict({
      checks: [
        check({ id: 'passing', status: 'pass', offenders: [offender('note', 'n-1')] }),
        check({
          id: 'fleet_heard',
          status: 'unknown',
          offenders: [offender('b', 'b-1', 'silent'), offender('a', 'a-1', 'silent')],
          offender_count: 7,
        }),
        check({ id: 'new_key_known', offenders: [offender('b', 'b-1', 'absent')] }),
        check({
          id: 'old_key_unused',
          offenders: [offender('c', 'c-1', 'accepts_old'), offender('d', 'd-1', 'from the future')],
        }),
      ],
    }),
  );
  t.same(found.listed.map(nameOf), ['c/c-1/jwks', 'b/b-1/jwks', 'a/a-1/jwks', 'd/d-1/jwks']);
  t.match(found.listed[1], { state: 'absent', checks: ['new_key_known', 'fleet_heard'] });
  t.equal(found.unlisted, 5);
});

t.test('of those in one state, who is in it for longest comes first', async (t) => {
  const at = (since_at: string | null) => ({ since_at });
  const offenders = [
    offender('a', '1', 'silent', at(null)),
    offender('a', '2', 'silent', at('2026-11-27T10:00:00.000Z')),
    offender('a', '3', 'silent', at('2026-11-27T09:00:00.000Z')),
  ];
  const { listed } = laggardsOf(verdict({ checks: [check({ offenders })] }));
  t.same(
    listed.map(({ instance }) => instance),
    ['3', '2', '1'],
  );
});

t.test('a filter wants every word, in whatever is shown', async (t) => {
  const { listed } = laggardsOf(
    verdict({
      checks: [
        check({
          offenders: [offender('orders', 'o-1', 'absent'), offender('search', 's-1', 'silent')],
        }),
      ],
    }),
  );
  const names = (filter: string) => filterLaggards(listed, filter).map(({ service }) => service);
  t.same(names(''), ['orders', 'search']);
  t.same(names('  SILENT s-1 '), ['search']);
  t.same(names('orders silent'), []);
  t.same(names('new_key'), ['orders', 'search'], 'the check that names them counts as well');
});
