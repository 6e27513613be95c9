// Plain JavaScript, and run before anything else: on a Node.js without type stripping no TypeScript
// file can be loaded to say so, and better-sqlite3 crashes the process on Node.js 20.

/**
 * A sentence naming what is needed when this Node.js cannot run Keyturn, or null.
 *
 * @param {string} version such as `24.21.0`
 * @param {unknown} typescript `process.features.typescript`
 * @returns {string | null}
 */
export function nodeVersionProblem(version, typescript) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const found = `this is Node.js ${version}`;
  if (major < 22 || (major === 22 && minor < 15)) {
    return `Keyturn needs Node.js 22.15 or newer, ${found}. Install Node.js 24 and start it with that.`;
  }
  if (!typescript) {
    return `Keyturn runs its TypeScript sources directly, which needs Node.js 22.18 or newer, ${found}. Install Node.js 24 and start it with that.`;
  }
  return null;
}

/**
 * Loads a program, or says why this Node.js cannot and sets exit code 1.
 *
 * @param {string} name of the program, for the message
 * @param {() => Promise<unknown>} load
 */
export async function startOn(name, load) {
  const problem = nodeVersionProblem(process.versions.node, process.features.typescript);
  if (problem === null) {
    await load();
    return;
  }
  process.stderr.write(`${name}: ${problem}\n`);
  process.exitCode = 1;
}
