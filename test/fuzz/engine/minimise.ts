/** How often an input is tried while it is made shorter. */
const MAX_TRIES = 4000

/**
 * A shorter input that still `fails`, by leaving out pieces (delta debugging), then by plain letters in place of bytes.
 */
export async function minimise(input: Buffer, fails: (input: Buffer) => Promise<boolean>): Promise<Buffer> {
  let [best, tries] = [input, 0]
  const keepIf = async (candidate: Buffer) => {
    if (tries++ >= MAX_TRIES || !(await fails(candidate))) return false
    best = candidate
    return true
  }
  for (let size = Math.max(1, input.length >> 1); size >= 1; size >>= 1) {
    for (let at = 0; at < best.length; ) {
      const without = Buffer.concat([best.subarray(0, at), best.subarray(at + size)])
      if (!(await keepIf(without))) at += size
    }
  }
  for (let at = 0; at < best.length; at++) {
    if (best[at] === 0x61) continue
    const plain = Buffer.from(best)
    plain[at] = 0x61
    await keepIf(plain)
  }
  return best
}
