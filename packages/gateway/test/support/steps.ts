/** Which texts the records of a simulation held: one that comes back after it was gone, or lies there twice, was stepped twice. */
export class Steps {
  private readonly queues = new Map<string, readonly string[]>();
  private readonly gone = new Set<string>();
  /** In words; none is the aim. */
  readonly doubled = new Set<string>();

  /** A commit has reached the store: the texts that wait in the record now. */
  committed(key: string, queue: readonly string[]): void {
    for (const id of this.queues.get(key) ?? []) if (!queue.includes(id)) this.gone.add(id);
    this.queues.set(key, queue);
    queue.forEach((id, at) => {
      if (queue.indexOf(id) < at) this.doubled.add(`${id} lies in the record twice`);
      if (this.gone.has(id)) this.doubled.add(`${id} was gone from the record and came back`);
    });
  }
}
