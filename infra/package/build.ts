import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout } from '../parts/directories.ts'
import { bundle } from './bundle.ts'
import { writeTypes } from './types.ts'

/** `npm run build`: the program in the folder `dist` of the checkout, as the packages have it. */
const output = join(checkout, 'dist')
// The wheel of the client may be there already.
for (const name of ['chunks', 'types']) await rm(join(output, name), { recursive: true, force: true })
const packages = await bundle(output)
await writeTypes(output)
process.stdout.write(`dist/modelops-gateway.js, with ${packages.length} libraries\n`)
