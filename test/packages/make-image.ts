import { TARBALL } from '../../infra/package/command-line.ts'
import { pinnedBase } from '../../infra/package/image/base-packages.ts'
import { makeImage } from '../../infra/package/image/image.ts'
import { TEST_SOURCE } from './made.ts'

/** Makes the image of a package, for a test that does so as another user: `make-image.ts OUTPUT FOLDER-OF-THE-PACKAGE [BASE]`. */
const [output = '', packages = '', base] = process.argv.slice(2)
await makeImage({
  output,
  tarball: `${packages}/${TARBALL}`,
  base: base ? JSON.parse(base) : pinnedBase(),
  date: TEST_SOURCE.date,
  revision: TEST_SOURCE.commit,
  progress: () => {},
})
