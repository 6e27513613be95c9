/**
 * Claims that give their bearer something, by name; of names such as `https://example.com/roles` or
 * `cognito:groups` the last part counts. A canary is shown to endpoints and passes through proxies
 * and logs nobody has looked at, so it must be worth nothing.
 */
const PRIVILEGES: ReadonlySet<string> = new Set([
  'scope',
  'scopes',
  'scp',
  'role',
  'roles',
  'wids',
  'permission',
  'permissions',
  'group',
  'groups',
  'entitlement',
  'entitlements',
  'privilege',
  'privileges',
  'authorities',
  'authority',
  'rights',
  'realm_access',
  'resource_access',
  'authorization',
  'authorization_details',
  'policy',
  'policies',
  'capabilities',
  'admin',
  'is_admin',
  'claims',
  'act',
  'may_act',
  'cnf',
]);

/** Claims that name who the bearer is: a canary is nobody but itself. */
const IDENTITIES: readonly string[] = [
  'sub',
  'azp',
  'client_id',
  'cid',
  'appid',
  'uid',
  'oid',
  'email',
  'upn',
  'unique_name',
  'preferred_username',
  'username',
];

/** What a claim is at fault for; its value is not told. */
export interface ClaimProblem {
  readonly claim: string;
  readonly expected: string;
}

/** The first claim by which a canary would be worth something, or somebody. */
export function privilegeIn(
  claims: Readonly<Record<string, unknown>>,
  audience: string,
): ClaimProblem | undefined {
  for (const [claim, value] of Object.entries(claims)) {
    const name = claim.split(/[/:]/).at(-1) ?? claim;
    if (PRIVILEGES.has(name.toLowerCase()) && !isEmpty(value)) {
      return { claim, expected: 'nothing that gives rights' };
    }
    if (IDENTITIES.includes(claim.toLowerCase()) && value !== audience && !isEmpty(value)) {
      return { claim, expected: `nobody, or ${JSON.stringify(audience)}` };
    }
  }
  return undefined;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === false || value === '') return true;
  if (typeof value !== 'object') return false;
  return Object.values(value).every(isEmpty);
}
