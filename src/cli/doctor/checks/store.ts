import { accessSync, constants, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseRedisAddress } from '../../../gateway/config/redis-address.ts'
import type { Config } from '../../../gateway/config/schema.ts'
import { RedisConnection } from '../../../gateway/sessions/stores/redis-connection.ts'
import { readFailure } from '../../../shared/settings/read-file.ts'
import { storeErrors } from '../../check/store.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, findingOf, ok, skipped, warning } from '../finding.ts'
import { blockedBecause, type World } from '../world.ts'

/** A slower store is noticed at each sign-in, in milliseconds. */
const SLOW_MS = 100
/** More than two machines with NTP differ, in milliseconds. */
const CLOCK_MS = 2000

export const storeCheck: Check = {
  id: 'store',
  title: 'Session store',
  needs: ['dns', 'tls'],
  async run(world) {
    const { store } = world.config.session
    if (store === 'memory') return [ok('memory: all users sign in again after a restart; fine for one process')]
    if (!world.hasSecrets) return [skipped('session store: not checked, because the secrets are not available here')]
    if (store.startsWith('sqlite:')) return await sqliteFindings(world.config, store.slice('sqlite:'.length))
    return await redisFindings(world)
  },
}

/** A file that does not exist is not created: it would belong to the user who runs this command. */
async function sqliteFindings(config: Config, file: string): Promise<Finding[]> {
  const place = existsSync(file) ? file : dirname(file)
  try {
    accessSync(place, constants.W_OK)
  } catch (error) {
    const cause = 'The folder does not exist, or the user who runs this command may not write there.'
    return [
      failed(
        `${place} is not writable: ${readFailure(error)}`,
        cause,
        'Create the folder, and make the gateway’s user its owner.',
      ),
    ]
  }
  if (place !== file) return [ok(`${file} does not exist yet; its folder is writable`)]
  const errors = await storeErrors(config)
  return errors.length === 0 ? [ok(`${file} accepts writes`)] : errors.map((error) => findingOf(error))
}

async function redisFindings(world: World): Promise<Finding[]> {
  const { config, clock } = world
  const { store, storeCa: ca, storeTimeoutMs: timeoutMs } = config.session
  const address = parseRedisAddress(store)
  const reasons = address.nodes.map((node) => blockedBecause(world, node))
  if (reasons.every((why) => why !== undefined)) return [skipped(`Redis: not checked, because ${reasons[0]}`)]
  const errors = await storeErrors(config)
  const isReachable = errors.every(({ expected }) => expected !== 'a store that responds')
  const findings = errors.map((error) => findingOf(error, isReachable ? 'warning' : 'failed'))
  if (!isReachable) return findings
  const connection = new RedisConnection({ address, ca, timeoutMs })
  try {
    await connection.call((redis) => redis.ping())
    const sentAt = performance.now()
    const before = clock()
    const [seconds, microseconds] = await connection.call((redis) => redis.time())
    const milliseconds = performance.now() - sentAt
    const ahead = Number(seconds) * 1000 + Number(microseconds) / 1000 - (before + clock()) / 2
    return [latencyFinding(milliseconds), ...findings, redisClockFinding(ahead)]
  } finally {
    connection.close()
  }
}

export function latencyFinding(milliseconds: number): Finding {
  const text = `Redis accepts writes and responds in ${milliseconds.toFixed(1)} ms`
  if (milliseconds < SLOW_MS) return ok(text)
  return warning(
    text,
    'Redis is far away or overloaded.',
    'Run Redis in the same network as the gateway, with less load.',
  )
}

/** @param ahead Milliseconds by which Redis is ahead of this machine. */
export function redisClockFinding(ahead: number): Finding {
  if (Math.abs(ahead) < CLOCK_MS) return ok('this machine and Redis have the same time')
  const text = `the clock of Redis is ${Math.round(Math.abs(ahead) / 1000)} seconds ${ahead > 0 ? 'ahead of' : 'behind'} this machine’s`
  return warning(text, 'One of the two machines does not synchronize its clock.', 'Synchronize both clocks (NTP).')
}
