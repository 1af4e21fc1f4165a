import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Returns the memory that only loading the program needed: the young generation has grown to 16 MiB by then, and V8
 * shrinks it long after the start, or never under load. It grows again as requests need it. The collector is reached in
 * this way because no API of Node leads to it. Called before the gateway listens, so that no request waits.
 */
export function shrinkHeap(): void {
  setFlagsFromString('--expose-gc')
  const collect: NodeJS.GCFunction = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
