/** Who is shown typing to whom. */
export class TypingBook {
  private readonly shown = new Set<string>();
  private count = 0;

  types(watcher: string, contact: string, composing: boolean): void {
    const line = `${watcher} ${contact}`;
    if (composing) this.count += 1;
    if (composing) this.shown.add(line);
    else this.shown.delete(line);
  }

  /** The watcher sees nobody type any more. */
  blind(watcher: string): void {
    for (const line of this.shown) if (line.startsWith(`${watcher} `)) this.shown.delete(line);
  }

  /** Those who are shown typing. */
  get stuck(): readonly string[] {
    return [...this.shown];
  }

  /** How often somebody was shown typing. */
  get seen(): number {
    return this.count;
  }
}
