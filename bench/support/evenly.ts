import { now } from './clock';

/** Does something `count` times, evenly within the time; does not wait for what it begins. */
export async function evenly(count: number, seconds: number, act: (index: number) => void): Promise<void> {
  const begun = now();
  for (let done = 0; done < count; ) {
    const due = seconds <= 0 ? count : Math.min(count, Math.ceil((((now() - begun) / 1_000) * count) / seconds));
    for (; done < due; done += 1) act(done);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
