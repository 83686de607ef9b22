import { fault, FaultError } from '@isthmus/model';
import { StoreUnavailableError } from '@isthmus/store';

/** What the store says. Rejects with `FaultError` (`server.unavailable`) when it cannot be asked. */
export async function askStore<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (!(cause instanceof StoreUnavailableError)) throw cause;
    throw new FaultError(fault('server.unavailable'), { cause });
  }
}
