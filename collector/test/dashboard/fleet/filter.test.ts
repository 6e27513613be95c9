import t from 'tap';
import {
  type FleetFilter,
  filterFrom,
  filterQuery,
  matcher,
  NO_FILTER,
} from '../../../src/dashboard/fleet/filter.ts';
import { fleetJson } from '../../../src/dashboard/fleet/fleet-json.ts';
import { orderFrom } from '../../../src/dashboard/fleet/order.ts';
import { HEAD, row, set, standing } from './rows.ts';

const ROWS = [
  row(1, { flags: ['reporting', 'synced'], standings: [standing()] }),
  row(2, {
    service: 'web',
    flags: ['reporting', 'lagging', 'failing', 'holds_old'],
    standings: [standing({ holdsNew: 'absent', sufficient: false })],
    sets: [set({ keys: [0], failedFetches: 2, error: 'timeout' })],
  }),
  row(3, { flags: ['silent'], instance: 'Spare-3', sets: [set({ issuer: 1, keys: [3] })] }),
  row(4, { flags: ['reporting', 'synced'], failures: 2 }),
];

const CASES: readonly (readonly [filter: Partial<FleetFilter>, ids: readonly number[]])[] = [
  [{}, [1, 2, 3, 4]],
  [{ text: 'orders' }, [1, 3, 4]],
  [{ text: ' SPARE  orders/ ' }, [3]],
  [{ text: 'timeout' }, [2]],
  [{ text: 'nobody' }, []],
  [{ service: 'web' }, [2]],
  [{ service: 'we' }, []],
  [{ state: 'lagging' }, [2]],
  [{ state: 'failing' }, [2]],
  [{ state: 'failing_tokens' }, [4]],
  [{ state: 'synced' }, [1, 4]],
  [{ state: 'holds_old' }, [2]],
  [{ issuer: 'https://b.example' }, [3]],
  [{ issuer: 'https://nobody.example' }, []],
  [{ rotation: 'r-1' }, [1, 2]],
  [{ issuer: 'https://a.example', kid: 'new', holds: 'no' }, [2]],
  [{ issuer: 'https://a.example', kid: 'new', holds: 'yes' }, [1, 4]],
  [{ issuer: 'https://b.example', kid: 'other', holds: 'unknown' }, [3]],
];

t.test('which rows a filter shows, from the address and back', (t) => {
  for (const [partial, ids] of CASES) {
    const filter = { ...NO_FILTER, ...partial };
    const query = filterQuery(filter);
    t.same(filterFrom(new URLSearchParams(query)), filter, query);
    const shown = ROWS.filter(matcher(filter, HEAD)).map(({ id }) => id);
    t.same(shown, ids, JSON.stringify(partial));
  }
  t.same(filterFrom(new URLSearchParams('state=bored&holds=maybe')), NO_FILTER);
  t.match(orderFrom(new URLSearchParams('sort=colour')), { by: 'state', reversed: false });
  t.match(orderFrom(new URLSearchParams('sort=data&order=reversed')), {
    by: 'data',
    reversed: true,
  });
  t.end();
});

t.test('rows as JSON have names in place of numbers', (t) => {
  t.match(JSON.parse(fleetJson(ROWS.slice(1, 2), HEAD)), [
    {
      verifier: 'web/i-2/main',
      condition: 'lagging',
      states: ['reporting', 'lagging', 'holds_old', 'failing'],
      key_sets: [{ issuer: 'https://a.example', kids: ['old'], last_error: 'timeout' }],
      rotations: [{ rotation_id: 'r-1', holds_new: 'absent', sufficient: false }],
    },
  ]);
  t.end();
});

t.test('an address that looks for too much looks for its beginning', async (t) => {
  const query = new URLSearchParams({ q: 'x '.repeat(50_000) });
  t.equal(filterFrom(query).text.length, 200);
});
