import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { load } from './load.ts'
import * as start from './subjects.ts'

/** `profile.ts DIRECTORY`: a CPU profile of the session row into the directory; `flame.ts` makes a picture of it. */

const [target = start.directory] = process.argv.slice(2)
const upstream = await start.startUpstream()
const issuer = await start.startBenchIssuer()
const gateway = await start.gateway(issuer, upstream.url, { nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${target}`] })
load({ url: `${gateway.url}/1k`, headers: gateway.headers, seconds: 8 })
await gateway.process.stop()
await Promise.all([upstream.process.stop(), upstream.sink.stop(), issuer.close()])
console.log(join(target, readdirSync(target).findLast((name) => name.endsWith('.cpuprofile')) ?? ''))
