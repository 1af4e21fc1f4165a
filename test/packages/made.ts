import { type Base, pinnedBase } from '../../infra/package/image/base-packages.ts'
import { type Kind, makePackages } from '../../infra/package/make-packages.ts'
import { LOCAL_BUILDER } from '../../infra/package/provenance.ts'

/** What the packages of the tests say of their sources. */
export const TEST_SOURCE = { date: 1_700_000_000, commit: '0'.repeat(40), changed: false }

/** Makes packages in an empty folder, silently. @throws PartMissing */
export const makeTestPackages = (output: string, kinds: readonly Kind[], base: Base = pinnedBase()) =>
  makePackages(output, { kinds, source: TEST_SOURCE, base, builder: LOCAL_BUILDER, progress: () => {} })
