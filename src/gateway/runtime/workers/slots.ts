/** Tells a worker its number. */
export const SLOT_VARIABLE = 'MODELOPS_GATEWAY_WORKER_SLOT'

/** Numbers of workers, from 1. One that has exited leaves its number to its successor. */
export class Slots<Holder> {
  readonly #taken = new Map<number, Holder>()

  /** The lowest number that is free. */
  next(): number {
    let slot = 1
    while (this.#taken.has(slot)) slot += 1
    return slot
  }

  take(slot: number, holder: Holder): void {
    this.#taken.set(slot, holder)
  }

  free(holder: Holder): void {
    for (const [slot, by] of this.#taken) if (by === holder) this.#taken.delete(slot)
  }
}
