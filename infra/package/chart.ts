import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout } from '../parts/directories.ts'
import type { Progress } from '../parts/progress.ts'
import { VERSION } from './python-packages.ts'
import { pack } from './tar.ts'

const CHARTS = join(checkout, 'infra', 'helm')
const CHART = 'modelops-gateway'

/** Helm's own name for it is that of the npm package. */
export const CHART_FILE = `${CHART}-chart-${VERSION}.tgz`

/** Packs the Helm chart as `helm package` does, but with the same bytes each time. */
export async function packChart(output: string, date: number, progress: Progress): Promise<void> {
  progress('chart: packing')
  const ignored = (await readFile(join(CHARTS, CHART, '.helmignore'), 'utf8')).split('\n')
  const except = ignored.map((line) => line.trim()).filter((line) => line && !line.startsWith('#'))
  await pack(join(output, CHART_FILE), {
    folder: CHARTS,
    names: [CHART],
    date,
    gzip: true,
    except: except.map((pattern) => `${CHART}/${pattern.replace(/\/$/, '')}`),
  })
}
