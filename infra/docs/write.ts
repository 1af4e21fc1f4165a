import { writeFileSync } from 'node:fs'
import { referencePages } from './reference.ts'

for (const [path, page] of Object.entries(referencePages)) {
  writeFileSync(path, await page())
  console.log(`written: ${path}`)
}
