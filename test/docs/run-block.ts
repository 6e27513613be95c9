import type { Ended } from '../harness/run-to-end.ts';
import { plainEnvironment, runToEnd } from '../harness/run-to-end.ts';
import type { Block } from './markdown.ts';

/** Where a block is run. */
export interface BlockStage {
  /** First on PATH. */
  readonly commands: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a block as it is printed; a command that fails ends it. */
export function runBlock(block: Block, stage: BlockStage, timeoutMs = 60_000): Promise<Ended> {
  return runToEnd({
    program: 'bash',
    args: ['-euo', 'pipefail', '-c', block.text],
    cwd: stage.cwd,
    env: environmentOf(stage),
    timeoutMs,
  });
}

/** A block's commands, one by line, without what is said about them. */
export function linesOf(block: Block): readonly string[] {
  return block.text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

export function environmentOf({
  commands,
  cwd,
  env,
}: BlockStage): Readonly<Record<string, string>> {
  const { PATH = '', ...plain } = plainEnvironment();
  return { ...plain, HOME: cwd, PATH: `${commands}:${PATH}`, ...env };
}
