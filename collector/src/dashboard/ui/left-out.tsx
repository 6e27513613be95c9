/** Says how many things a list leaves out, and where they are. */
export function LeftOut({
  count,
  what,
  where,
}: {
  readonly count: number;
  readonly what: string;
  /** How to see them. */
  readonly where: string;
}) {
  return count === 0 ? null : (
    <p class="soft left-out">
      and {count} more {what}: {where}
    </p>
  );
}
