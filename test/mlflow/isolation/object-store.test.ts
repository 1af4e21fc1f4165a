import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { MLFLOW_RELEASES, type MlflowRelease } from '../../../infra/parts/mlflow-release.ts'
import { ALPHA, BETA, type Door, type Lab, startLab } from '../lab.ts'
import { World } from '../probes/world.ts'

/** MLflow with PostgreSQL and an S3 server that checks signatures, and presigned URLs permitted. */
for (const release of MLFLOW_RELEASES) describe(`MLflow ${release}`, () => storeTests(release))

const FILES = '/api/2.0/mlflow-artifacts'
const FOREIGN = 's3://artifacts/root'

function storeTests(release: MlflowRelease): void {
  let lab: Lab
  let bob: Door
  let own: World
  let carol: World

  before(async () => {
    lab = await startLab({
      release,
      backends: 'postgres',
      // The server's own guard of model sources is off: the gateway must hold by itself.
      env: { MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX: '' },
      route: { transfers: 'presigned', presignedSeconds: 3600 },
    })
    bob = await lab.through('bob', ALPHA)
    await bob.ask('GET /version')
    await (await lab.through('carol', BETA)).ask('GET /version')
    own = new World(lab.direct(ALPHA), 'bob', lab.database)
    carol = new World(lab.direct(BETA), 'carol', lab.database)
    await Promise.all([own.get('run'), carol.get('run')])
  })
  after(() => lab.close())

  const fileOf = async (world: World) => `${await world.get('experiment')}/${await world.get('run')}/artifacts/file.txt`
  const linesOf = (event: string) => lab.log.filter((line) => line.event === event)

  test('files are stored in the object store, below the prefix of the project', async () => {
    assert.equal((await bob.ask(`GET ${FILES}/artifacts/${await fileOf(own)}`)).text, `content ${own.secret}`)
    const run = await bob.ask(`GET /api/2.0/mlflow/runs/get?run_id=${await own.get('run')}`)
    assert.match(run.pick('run.info.artifact_uri'), new RegExp(`^mlflow-artifacts:/workspaces/${ALPHA}/`))
  })

  test('a presigned URL of an own file works, and is in the audit log without its signature', async () => {
    const reply = await bob.ask(`GET ${FILES}/presigned/${await fileOf(own)}`)
    assert.equal(reply.status, 200, reply.text)
    assert.equal(await (await fetch(reply.pick('url'))).text(), `content ${own.secret}`)
    const [line] = linesOf('presigned-url')
    assert.deepEqual([line?.user, line?.project, line?.route], ['bob', ALPHA, 'mlflow'])
    assert.match(String(line?.object), new RegExp(`/workspaces/${ALPHA}/.*file\\.txt$`))
    assert.doesNotMatch(JSON.stringify(line), /Signature/)
  })

  test('a presigned URL opens its own object alone, and cannot be made to live longer', async () => {
    const url = new URL((await bob.ask(`GET ${FILES}/presigned/${await fileOf(own)}`)).pick('url'))
    const foreign = new URL(url)
    foreign.pathname = `/artifacts/root/workspaces/${BETA}/${await fileOf(carol)}`
    assert.equal((await fetch(foreign)).status, 403)
    url.searchParams.set('X-Amz-Expires', '86400')
    assert.equal((await fetch(url)).status, 403)
  })

  test('the parts of an own multipart upload work, each with a line in the audit log', async () => {
    const folder = (await fileOf(own)).replace('/file.txt', '')
    const before = linesOf('presigned-url').length
    const made = await bob.ask(`POST ${FILES}/mpu/create/${folder}`, { path: 'parts.bin', num_parts: 2 })
    assert.equal(made.status, 200, made.text)
    assert.equal(linesOf('presigned-url').length, before + 2)
    const { upload_id } = made.json
    assert.equal(
      (await bob.ask(`POST ${FILES}/mpu/abort/${folder}`, { path: 'parts.bin', upload_id: String(upload_id) })).status,
      200,
    )
  })

  test('carol’s files get no URL, no upload, and no response that says they exist', async () => {
    const hers = await fileOf(carol)
    const lines: [string, object?][] = [
      [`GET ${FILES}/presigned/PATH`],
      ['POST /api/2.0/mlflow-artifacts/mpu/create/PATH', { path: 'x', num_parts: 1 }],
      ['POST /api/2.0/mlflow-artifacts/mpu/abort/PATH', { path: 'x', upload_id: 'u' }],
      ['POST /api/2.0/mlflow-artifacts/mpu/complete/PATH', { path: 'x', upload_id: 'u', parts: [] }],
      [`GET ${FILES}/artifacts/PATH`],
    ]
    const before = linesOf('presigned-url').length
    for (const [line, body] of lines) {
      const at = (path: string) => bob.ask(line.replace('PATH', path), body)
      const [workspace, absent] = [
        await at(`workspaces/${BETA}/${hers}`),
        await at(`workspaces/${BETA}/0/0/artifacts/no`),
      ]
      assert.ok(workspace.status >= 400, `${line} ${workspace.text}`)
      assert.equal(workspace.status, absent.status)
      assert.doesNotMatch(workspace.text, new RegExp(carol.secret))
    }
    // Without the prefix a path lies in bob's own project, whatever its name: such a URL leads to nothing of carol's.
    const url = await bob.ask(`GET ${FILES}/presigned/${hers}`)
    if (url.status === 200) assert.match(decodeURIComponent(url.pick('url')), new RegExp(`/workspaces/${ALPHA}/`))
    assert.ok(linesOf('presigned-url').length <= before + 1)
  })

  test('L3 a model version in the store’s own bucket reads carol’s file straight at MLflow, and is refused through the gateway', async () => {
    const register = async (door: Door, name: string) => {
      await door.ask('POST /api/2.0/mlflow/registered-models/create', { name })
      const source = `${FOREIGN}/workspaces/${BETA}/${(await fileOf(carol)).replace('/file.txt', '')}`
      return door.ask('POST /api/2.0/mlflow/model-versions/create', { name, source })
    }
    const direct = lab.direct(ALPHA)
    // 3.18 refuses a source in the store of another workspace by itself.
    if (release === '3.17') {
      assert.equal((await register(direct, 'straight')).status, 200)
      const straight = await direct.ask('GET /model-versions/get-artifact?name=straight&version=1&path=file.txt')
      assert.equal(straight.text, `content ${carol.secret}`)
    }
    assert.equal((await register(bob, 'through')).status, 400)
    const read = await bob.ask('GET /model-versions/get-artifact?name=through&version=1&path=file.txt')
    assert.doesNotMatch(read.text, new RegExp(carol.secret))
  })
}
