import { fault, FaultError } from '@isthmus/model';
import { StoreUnavailableError } from '@isthmus/store';

/** Was something not taken because the store cannot be asked? */
export const isStoreAway = (error: unknown): boolean => error instanceof FaultError && error.cause instanceof StoreUnavailableError;

/** What the store says. Rejects with `FaultError` (`server.unavailable`) when it cannot be asked. */
export async function askStore<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (!(cause instanceof StoreUnavailableError)) throw cause;
    throw new FaultError(fault('server.unavailable'), { cause });
  }
}
