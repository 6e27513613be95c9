/** Headers every answer carries. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** For a page whose only needs are one inline style sheet, given by its hash, and an empty icon. */
export function pagePolicy(styleSha256: string): string {
  return `${SECURITY_HEADERS['content-security-policy'] ?? ''}; img-src data:; style-src 'sha256-${styleSha256}'`;
}

/** For the dashboard: scripts, styles and pictures are files of this collector, and it asks nobody else. */
export const DASHBOARD_POLICY: string = [
  SECURITY_HEADERS['content-security-policy'],
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');
