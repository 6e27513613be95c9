/** Oldest Node.js the agent runs on. */
const OLDEST = [22, 15] as const;

/** A sentence when this Node.js is too old. This file imports nothing: it is read before all others. */
export function nodeVersionProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return `keyturn-agent needs Node.js ${OLDEST.join('.')} or newer, this is ${version}`;
}
