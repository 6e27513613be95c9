#!/usr/bin/env node
import { nodeVersionProblem } from './node-version.ts';

const problem = nodeVersionProblem(process.versions.node);
if (problem === undefined) {
  // Loaded only now: on an old Node.js some of it cannot even be read.
  const { runCommand } = await import('./command.ts');
  process.exitCode = await runCommand({
    args: process.argv.slice(2),
    env: process.env,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  });
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
