import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { MlflowRelease } from '../../../infra/parts/mlflow-release.ts'
import { CATALOGUES } from '../../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import { ALPHA, BETA, type Door, type Lab, type LabOptions, startLab } from '../lab.ts'
import { type ClassedPlace, classPlaces, identifiersOf } from './classes.ts'
import { EXAMPLES, type Example } from './examples.ts'
import { differences, factsOf } from './facts.ts'
import { CHOSEN_BY_CLIENTS, NOT_PROBED, NOT_REACHED } from './limits.ts'
import { send, type Variant, variantsOf } from './probe.ts'
import { type Outcome, RESULTS_FILE, type Results } from './results.ts'
import { World } from './world.ts'

export interface SuiteOptions {
  readonly release: MlflowRelease
  readonly backends?: LabOptions['backends']
  /** `enforced`: only the fields that the gateway looks up, makes the project's own, or refuses. */
  readonly fields: 'all' | 'enforced'
}

const ENFORCED = /^(?:checked|derived|refused)/
/** Rewrites the results of all fields instead of comparing them. */
const isRecording = process.env.PROBE_RESULTS === 'write'

/**
 * Every field that names something of a project, with an identifier of carol's in bob's request: straight at MLflow, to
 * see that the request is one that works, and through the gateway, where nothing of hers may change, be said, or be told
 * apart from what does not exist.
 */
export function probeSuite({ release, backends, fields }: SuiteOptions): void {
  const file = CATALOGUES[release]
  let lab: Lab
  let direct: Door
  let bob: Door
  let carol: World
  let ids: readonly string[]
  let worlds = 0
  const seen: { own: number; probes: Record<string, Outcome> } = { own: 0, probes: {} }

  before(async () => {
    lab = await startLab({ release, ...(backends && { backends }) })
    direct = lab.direct(ALPHA)
    bob = await lab.through('bob', ALPHA)
    await bob.ask('GET /version')
    await (await lab.through('carol', BETA)).ask('GET /version')
    // Her numbers must not be those of bob's first experiments.
    for (let n = 0; n < 5; n++) await direct.ask('POST /api/2.0/mlflow/experiments/create', { name: `filler ${n}` })
    await newCarol()
  })
  after(() => lab.close())

  async function newCarol() {
    carol = new World(lab.direct(BETA), `carol${++worlds}`, lab.database)
    ids = [...(await carol.fill()).values()]
  }
  const newBob = () => new World(direct, `bob${++worlds}`, lab.database)
  const facts = () => factsOf(lab.database, ids, carol.secret)

  test('every field that names something of a project has a probe, or a reason why it has none', () => {
    const probed = new Set(EXAMPLES.flatMap((example) => classPlaces(file, example) ?? []).map(({ owner }) => owner))
    const missing = [...identifiersOf(file).keys()].filter((owner) => !probed.has(owner) && !(owner in NOT_PROBED))
    assert.deepEqual(missing, [])
  })

  for (const { example, places } of examplesOf(release)) {
    if (fields === 'enforced' && !places.some(({ fieldClass }) => ENFORCED.test(fieldClass))) continue
    const failsAnyway = NOT_REACHED.some(([start]) => example.line.startsWith(start))
    const name = `${example.line} ${JSON.stringify(example.body ?? '')}`.slice(0, 160)

    if (!failsAnyway && !places.some(({ fieldClass }) => fieldClass === 'refused'))
      test(`own objects: ${name}`, async () => {
        const own: Variant = { example, places: [], name: 'own' }
        const straight = await send(direct, own, 'own', newBob(), carol)
        const through = await send(bob, own, 'own', newBob(), carol)
        assert.ok(straight.reply.status < 400, straight.text)
        assert.equal(through.reply.status, straight.reply.status, `${straight.text}\n${through.text}`)
        seen.own++
      })

    for (const variant of variantsOf(example)) {
      const concerned = variant.places.flatMap((index) => places[index] ?? [])
      if (fields === 'enforced' && !concerned.some(({ fieldClass }) => ENFORCED.test(fieldClass))) continue
      test(`carol’s ${variant.name}: ${name}`, () => probe(variant, concerned, failsAnyway))
    }
  }

  test('the results are those that the documentation is made from', { skip: fields !== 'all' || backends }, () => {
    const all: Results = JSON.parse(readFileSync(RESULTS_FILE, 'utf8'))
    if (isRecording) writeFileSync(RESULTS_FILE, `${JSON.stringify({ ...all, [release]: sorted(seen) }, null, 1)}\n`)
    else assert.deepEqual(sorted(seen), all[release])
  })

  async function probe(variant: Variant, concerned: readonly ClassedPlace[], failsAnyway: boolean) {
    const [world, other] = [newBob(), newBob()]
    const own: Variant = { ...variant, places: [], name: 'own' }
    for (const each of failsAnyway ? [] : [world, other]) await send(direct, own, 'own', each, carol)
    const isText = concerned.some(({ fieldClass }) => fieldClass === 'plain')
    const absent = await send(bob, variant, 'nobodys', other, carol)
    const before = await facts()
    const hers = await send(bob, variant, 'carols', world, carol)
    // A text of bob's may mention her: nothing is looked up by it.
    const changes = differences(before, await facts()).filter((change) => !(isText && change.startsWith('+')))
    assert.deepEqual(changes, [], hers.text)
    assert.ok(!hers.reply.text.includes(carol.secret), hers.text)
    const isToldApart = hers.text !== absent.text
    if (!concerned.some(({ owner = '' }) => CHOSEN_BY_CLIENTS.has(owner))) assert.equal(hers.text, absent.text)
    const straight = await probeDirectly(variant, world)
    if (variant.name === 'all') return
    const owner = concerned.map((place) => place.owner ?? '').join(' ')
    const fieldClass = concerned[0]?.fieldClass ?? ''
    if (/^workspace/.test(fieldClass)) assert.doesNotMatch(straight, /changed|disclosed/, `${owner}: class it checked`)
    const name = `${owner} | ${variant.example.line}`
    seen.probes[name] = worse(seen.probes[name], {
      fieldClass,
      direct: straight,
      gateway: isToldApart ? 'told apart' : 'held',
    })
  }

  /** What MLflow does by itself; afterwards carol's objects may have to be made anew. */
  async function probeDirectly(variant: Variant, world: World): Promise<string> {
    const absent = await send(direct, variant, 'nobodys', world, carol)
    const before = await facts()
    const hers = await send(direct, variant, 'carols', world, carol)
    const changes = differences(before, await facts())
    const outcome = [
      changes.length > 0 && 'changed',
      hers.reply.text.includes(carol.secret) && 'disclosed',
      hers.text !== absent.text && 'told apart',
    ].filter(Boolean)
    if (changes.some((change) => change.startsWith('-'))) await newCarol()
    return outcome.join(', ') || 'held'
  }
}

/** The examples whose route and fields the release has. */
function examplesOf(release: MlflowRelease): { example: Example; places: ClassedPlace[] }[] {
  return EXAMPLES.flatMap((example) => {
    const places = classPlaces(CATALOGUES[release], example)
    const isOfAnother = places?.some(({ owner, field }) => owner === undefined && /^query|^body\.issue_id/.test(field))
    return places === undefined || isOfAnother ? [] : [{ example, places }]
  })
}

/** Of two requests with the same field, the one in which more happened. */
const worse = (one: Outcome | undefined, other: Outcome): Outcome =>
  one !== undefined && wordsOf(one) >= wordsOf(other) ? one : other
const wordsOf = ({ direct, gateway }: Outcome) =>
  `${direct}, ${gateway}`.split(', ').filter((word) => word !== 'held').length

function sorted({ own, probes }: Results[string]): Results[string] {
  return { own, probes: Object.fromEntries(Object.entries(probes).sort(([a], [b]) => (a < b ? -1 : 1))) }
}
