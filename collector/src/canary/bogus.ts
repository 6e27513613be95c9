/**
 * The token with its signature spoiled: the same header and claims, a signature of the same length
 * and encoding that no key made. One bit is flipped where the signature stays a number of its range,
 * so that verifiers get to compare it instead of turning away what is malformed: in the last byte of
 * an RSA or ECDSA signature (RFC 8017, RFC 7518 section 3.4: the lowest of a big-endian number), and
 * in the first byte of the second half of an EdDSA one (RFC 8032: the lowest of S).
 */
export function spoiled(token: string, alg: string): string {
  const dot = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(dot + 1), 'base64url');
  const at = alg === 'EdDSA' || alg.startsWith('Ed') ? signature.length / 2 : signature.length - 1;
  signature[at] = (signature[at] ?? 0) ^ 1;
  return `${token.slice(0, dot)}.${signature.toString('base64url')}`;
}
