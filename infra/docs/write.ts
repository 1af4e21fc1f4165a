import { writeFileSync } from 'node:fs'
import { referencePages } from './reference.ts'

for (const [path, page] of Object.entries(referencePages)) {
  writeFileSync(path, page())
  console.log(`written: ${path}`)
}
