import type { ReportedVerifier } from '../../harness/reporting-fleet.ts';

/** A made-up company: services and how many instances each has. */
const SERVICES: Readonly<Record<string, number>> = {
  accounts: 24,
  billing: 18,
  'billing-batch': 4,
  catalogue: 36,
  checkout: 40,
  gateway: 48,
  notifications: 12,
  orders: 32,
  'partner-api': 8,
  payments: 20,
  'risk-eu': 10,
  'risk-us': 10,
  search: 28,
  warehouse: 6,
};

const ZONES = ['a', 'b', 'c'];

/** Names as a cluster would give them, the same each time. */
export function shopFleet(): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(SERVICES).map(([service, count]) => [
      service,
      Array.from(
        { length: count },
        (_, index) => `${service}-${ZONES[index % ZONES.length]}-${suffix(service, index)}`,
      ),
    ]),
  );
}

/** Who has not learned the key yet when the picture is taken, and why. */
export function trouble(verifier: ReportedVerifier): 'silent' | 'failing' | 'slow' | null {
  const { service, instance } = verifier;
  if (service === 'billing-batch') return 'failing';
  if (service === 'partner-api' && instance.includes('-b-')) return 'silent';
  if (service === 'risk-eu' || (service === 'search' && instance.includes('-c-'))) return 'slow';
  return null;
}

function suffix(service: string, index: number): string {
  let hash = index * 7_919 + 17;
  for (const char of service) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 60_466_176;
  return hash.toString(36).padStart(5, '0');
}
