import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keep, type Scenario } from '../lab/deployment.ts'
import { startPart } from '../lab/http-part.ts'
import { Monitoring } from '../lab/monitoring.ts'

const ALERT = 'ModelopsGatewayNoTarget'

/** Service discovery of a second Prometheus finds no gateway: in the first one, all others are there. */
export const nothingIsFound: Scenario = async (folder, parts) => {
  const part = keep(parts, await startPart((_request, response) => void response.end('up_to_now 1\n')))
  const job = 'found-modelops-gateway'
  const discovery = join(folder, 'targets.json')
  writeFileSync(discovery, '[]')
  return {
    job,
    targets: [`127.0.0.1:${part.port}`],
    expected: [],
    async run(monitoring) {
      const second = keep(parts, await Monitoring.start([{ job, targets: [], discovery }]))
      await second.fires(ALERT, '')
      writeFileSync(discovery, JSON.stringify([{ targets: [`127.0.0.1:${part.port}`] }]))
      await second.resolves(ALERT, '')
      monitoring.seen.push(...second.seen)
    },
  }
}
