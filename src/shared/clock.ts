/** Milliseconds since the epoch. A parameter everywhere, so that tests move time instead of waiting for it. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()
