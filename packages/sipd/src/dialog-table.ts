import { type Dialog, dialogIdOf } from './dialog';
import type { Essentials } from './message/essentials';

/** All confirmed dialogs. */
export class DialogTable<Owner> {
  private readonly byId = new Map<string, Dialog<Owner>>();

  get size(): number {
    return this.byId.size;
  }

  get(id: string): Dialog<Owner> | undefined {
    return this.byId.get(id);
  }

  add(dialog: Dialog<Owner>): void {
    this.byId.set(dialog.id, dialog);
  }

  /** Removes this very dialog; a later one with the same id stays. */
  remove(dialog: Dialog<Owner>): void {
    if (this.byId.get(dialog.id) === dialog) this.byId.delete(dialog.id);
  }

  clear(): void {
    this.byId.clear();
  }

  /**
   * The dialog of a request from the far end (RFC 3261 section 12.2.2): Call-ID and both tags. As UAS the far end's From tag
   * made the id, as UAC ours, which is now in the To.
   */
  match({ callId, fromTag, toTag }: Essentials): Dialog<Owner> | undefined {
    if (toTag === undefined) return undefined;
    const asUas = this.byId.get(dialogIdOf(callId, fromTag ?? ''));
    if (asUas?.uas === true && asUas.localTag === toTag) return asUas;
    const asUac = this.byId.get(dialogIdOf(callId, toTag));
    if (asUac?.uas === false && asUac.remoteTag === (fromTag ?? '')) return asUac;
    return undefined;
  }
}
