const NAME = 'keyturn-agent';

/**
 * What the sidecar calls itself where the environment says nothing; undefined where it does, which is
 * then for the SDK to read: `OTEL_SERVICE_NAME`, or `service.name` in `OTEL_RESOURCE_ATTRIBUTES`.
 */
export function serviceName(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const isNamed =
    (env['OTEL_SERVICE_NAME']?.trim() ?? '') !== '' ||
    /(?:^|,)\s*service\.name\s*=\s*[^\s,]/.test(env['OTEL_RESOURCE_ATTRIBUTES'] ?? '');
  return isNamed ? undefined : NAME;
}
