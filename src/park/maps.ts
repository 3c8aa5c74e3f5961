// A process's memory, as /proc/PID/maps describes it. proc_pid_maps(5)

/** One mapping. */
export interface Mapping {
  readonly start: number;
  /** The first address behind it. */
  readonly end: number;
  /** Such as "r-xp". */
  readonly permissions: string;
  /** A file's path, a name in brackets such as "[stack]", or nothing for anonymous memory. */
  readonly name: string;
}

/**
 * Takes a maps file apart.
 * @throws {Error} at a line that is not as the manual page says
 */
export function parseMaps(text: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    // start-end perms offset dev inode, and after some spaces the name, which may have spaces too.
    const dash = line.indexOf("-");
    const space = line.indexOf(" ");
    const start = Number.parseInt(line.slice(0, dash), 16);
    const end = Number.parseInt(line.slice(dash + 1, space), 16);
    let column = space + 1;
    for (let field = 0; field < 4; field++) column = line.indexOf(" ", column) + 1;
    if (!(start < end) || (column === 0 && !/ \d+$/.test(line))) {
      throw new Error(`Cannot read the line "${line}" of /proc/self/maps`);
    }
    const permissions = line.slice(space + 1, space + 5);
    mappings.push({ start, end, permissions, name: column === 0 ? "" : line.slice(column).trim() });
  }
  return mappings;
}
