/** A request of the far side that has no final answer yet; `W` is what has it. */
export interface InHand<W> {
  /** The server's id of its transaction; undefined for what needs no answer: ACK, and what the server has sent itself. */
  readonly id: string | undefined;
  readonly method: string;
  readonly inDialog: boolean;
  /** As `pairOf` gives it. */
  readonly pair: string;
  /** As it goes to a worker. */
  readonly frame: Buffer;
  /** Rises with every request. */
  readonly order: number;
  readonly arrivedAt: number;
  /** Who has it; undefined while it waits for a worker. */
  holder: W | undefined;
  givenAt: number;
  /** Who had it and lost it: whatever that one still answers is dropped. */
  lostBy: W | undefined;
  /** A provisional answer has come. */
  heard: boolean;
  /** A final answer is on its way to the server. */
  answering: boolean;
  /** When its present holder is late, or is looked at again because it is. */
  lateAt: number;
  late: boolean;
}
