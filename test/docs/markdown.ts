/** What the comment right before a block says of running it. */
export type Mark =
  /** `<!-- run: NAME -->`: its text is run on the stage of that name. */
  | { readonly kind: 'run'; readonly stage: string }
  /** `<!-- run by .ci/run -->`: its commands are parts of it. */
  | { readonly kind: 'ci' }
  /** `<!-- not run: REASON -->` */
  | { readonly kind: 'not_run'; readonly reason: string };

/** A fenced block of a document. */
export interface Block {
  readonly file: string;
  /** Line of its first fence, from 1. */
  readonly line: number;
  /** `sh`, `json`, …; empty when not said. */
  readonly language: string;
  readonly text: string;
  /** Null when no comment says anything. */
  readonly mark: Mark | null;
}

export interface Link {
  readonly file: string;
  readonly line: number;
  readonly target: string;
}

const FENCE = /^( *)(`{3,})([\w-]*)/;
const MARK = /^<!-- (?:run: (?<stage>[a-z-]+)|not run: (?<reason>.*\S)|run by \.ci\/run) -->$/;

/** Every fenced block, with the mark that the last line with text before it holds. */
export function blocksOf(file: string, text: string): readonly Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let before = '';
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const fence = FENCE.exec(line);
    if (fence === null) {
      if (line.trim() !== '') before = line.trim();
      continue;
    }
    const [, indent = '', ticks = '', language = ''] = fence;
    const end = lines.findIndex((other, index) => index > at && other.trim() === ticks);
    const body = lines.slice(at + 1, end === -1 ? undefined : end);
    blocks.push({
      file,
      line: at + 1,
      language,
      text: body
        .map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each))
        .join('\n'),
      mark: markOf(before),
    });
    before = '';
    at = end === -1 ? lines.length : end;
  }
  return blocks;
}

function markOf(line: string): Mark | null {
  const found = MARK.exec(line);
  if (found === null) return null;
  const { stage, reason } = found.groups ?? {};
  if (stage !== undefined) return { kind: 'run', stage };
  return reason === undefined ? { kind: 'ci' } : { kind: 'not_run', reason };
}

/** Links outside of fenced blocks and code. */
export function linksOf(file: string, text: string): readonly Link[] {
  return proseOf(text).flatMap((line, index) =>
    [...line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({
      file,
      line: index + 1,
      target,
    })),
  );
}

/** What `inline code` says, outside of fenced blocks. */
export function inlineCodeOf(text: string): readonly string[] {
  return [
    ...proseOf(text)
      .join('\n')
      .matchAll(/`([^`]+)`/g),
  ].map(([, code = '']) => code.replaceAll('\n', ' '));
}

/** Anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  return new Set(
    proseOf(text).flatMap((line) => {
      const [, heading] = /^#{1,6} (.*)$/.exec(line) ?? [];
      if (heading === undefined) return [];
      const plain = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '');
      return [plain.trim().replaceAll(/\s/g, '-')];
    }),
  );
}

/** The lines of a document, those of fenced blocks emptied. */
function proseOf(text: string): readonly string[] {
  let isInside = false;
  return text.split('\n').map((line) => {
    if (!FENCE.test(line)) return isInside ? '' : line;
    isInside = !isInside;
    return '';
  });
}
