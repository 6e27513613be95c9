import type { OrderBy } from '../../fleet/order.ts';

/** The columns of the table, each with what it can be ordered by. */
export const FLEET_COLUMNS: readonly { readonly label: string; readonly by: OrderBy }[] = [
  { label: 'Verifier', by: 'name' },
  { label: 'State', by: 'state' },
  { label: 'Since', by: 'since' },
  { label: 'Keys', by: 'keys' },
  { label: 'Age of keys', by: 'data' },
  { label: 'Last report', by: 'report' },
  { label: 'Fetch error', by: 'error' },
  { label: 'Failing/min', by: 'failures' },
  { label: 'Profile', by: 'profile' },
];
