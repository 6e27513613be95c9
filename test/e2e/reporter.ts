import { fileURLToPath } from 'node:url';
import type { Child } from '../harness/child.ts';
import { startChild } from '../harness/child.ts';
import { plainEnvironment } from '../harness/run-to-end.ts';
import type { ReportingAgentSettings } from './reporting-agent.ts';

const ENTRY = fileURLToPath(new URL('./reporting-agent.ts', import.meta.url));

/** Starts a process with an agent that keeps a journal; see reporting-agent.ts. */
export async function startReporter(settings: ReportingAgentSettings): Promise<Child> {
  const child = startChild({
    name: settings.instance,
    entry: ENTRY,
    args: [JSON.stringify(settings)],
    env: plainEnvironment(),
  });
  try {
    await child.message(15_000);
    return child;
  } catch (error) {
    await child.kill();
    throw error;
  }
}
