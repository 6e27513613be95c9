/** The labels of a verifier by its key: `service/instance/cache`, none of which has a slash. */
export function parseVerifierKey(key: string): {
  readonly service: string;
  readonly instance: string;
  readonly cache: string;
} {
  const [service = '', instance = '', cache = ''] = key.split('/');
  return { service, instance, cache };
}
