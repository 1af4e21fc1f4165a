import { type Case, fail, pass, unanswered, type Verdict, worst } from '../case.ts'
import { shown } from '../judges.ts'
import { USER_AGENT } from '../wire/request.ts'
import type { Received } from '../wire/send.ts'
import type { World } from '../world.ts'
import { type Demand, framingVerdict, longLengthVerdict } from './framing-verdicts.ts'

const section = 'framing' as const
const STRICT =
  'Reject it in the first server: update the proxy in front, or choose its strict parser. The gateway rejects it too, so nothing reaches an application; another server behind the same proxy may read it differently.'

/** How long to listen for a second response, and for a first one, in milliseconds. */
const LISTEN = { listenMs: 1000, timeoutMs: 8000 }

/**
 * Signs nobody out, because the request has no cookie. The gateway reads the whole body before it responds, so that a
 * response says that the body was accepted.
 */
const TARGET = '/auth/logout'
const PAGE = '/auth/client-config'
const FORM = 'Content-Type: application/x-www-form-urlencoded'

/** A request with a body, in lines as they are sent. */
const post = (host: string, lines: readonly string[], body: string) =>
  [`POST ${TARGET} HTTP/1.1`, `Host: ${host}`, ...COMMON, FORM, ...lines, '', body].join('\r\n')
const get = (host: string, lines: readonly string[], line = `GET ${PAGE} HTTP/1.1`) =>
  [line, `Host: ${host}`, ...COMMON, ...lines, '', ''].join('\r\n')
const COMMON = [`User-Agent: ${USER_AGENT}`, 'Accept: application/json']

type Build = (host: string) => readonly (readonly [label: string, bytes: string])[]

async function aliveAfter(world: World, received: Received): Promise<boolean> {
  return received.kind !== 'closed' && received.kind !== 'silent' ? true : world.control()
}

/** Whether an ordinary request with a chunked body has the response that the cases tell from a rejection. */
async function withoutControl(world: World): Promise<string | undefined> {
  const bytes = post(world.host, ['Transfer-Encoding: chunked', 'Connection: close'], CHUNKED)
  const received = await world.sendTo(world.place, bytes)
  if (received.kind === 'response' && received.first.status < 400) return undefined
  return `an ordinary POST of ${TARGET} was not accepted`
}

const CHUNKED = '3\r\na=b\r\n0\r\n\r\n'

type Judge = (received: Received, isAlive: boolean) => Verdict

function framing(
  id: string,
  title: string,
  build: Build,
  source: string,
  demand: Demand,
  judge: Judge = (received, isAlive) => framingVerdict(received, demand, isAlive),
): Case {
  return {
    ...{ id: `framing-${id}`, section, title, source, fix: STRICT },
    sent: `bytes with ${build('HOST')
      .map(([label]) => label)
      .join('; ')}`,
    demanded: demand === 'must' ? 'a rejection' : 'a rejection, or one reading of the request',
    async run(world) {
      const why = await withoutControl(world)
      if (why !== undefined) return unanswered(why)
      const verdicts: Verdict[] = []
      for (const [label, bytes] of build(world.host)) {
        const received = await world.sendTo(world.place, bytes, LISTEN)
        const verdict = judge(received, await aliveAfter(world, received))
        verdicts.push({ ...verdict, detail: `${label}: ${verdict.detail}` })
      }
      return worst(verdicts)
    },
  }
}

const must = (id: string, title: string, build: Build, source: string) => framing(id, title, build, source, 'must')
const may = (id: string, title: string, build: Build, source: string) => framing(id, title, build, source, 'may')

const lengths = (host: string, values: readonly string[]) =>
  values.map((value) => [`Content-Length: ${value}`, post(host, [`Content-Length: ${value}`], 'a=b')] as const)
const codings = (host: string, values: readonly string[]) =>
  values.map((value) => [`Transfer-Encoding: ${value}`, post(host, [`Transfer-Encoding: ${value}`], CHUNKED)] as const)
const chunks = (host: string, bodies: readonly (readonly [label: string, body: string])[]) =>
  bodies.map(([label, body]) => [label, post(host, ['Transfer-Encoding: chunked'], body)] as const)

/** Hidden in a body. Its response differs from that of the request around it only by being a second one. */
const hidden = (host: string) => get(host, [])

/** Content-Length covers a part of the chunked body: whoever reads by it takes the rest for a second request. */
function shortLength(host: string) {
  const end = '\r\n0\r\n\r\n'
  // The second request has a body as well, so that nothing malformed follows it.
  const inner = `a=${get(host, [`Content-Length: ${end.length}`])}`
  const size = inner.length.toString(16)
  const body = `${size}\r\n${inner}${end}`
  return post(host, [`Content-Length: ${size.length + 4}`, 'Transfer-Encoding: chunked'], body)
}

/** Content-Length covers more than the chunked body: whoever reads by it sees no second request. */
function longLength(host: string) {
  const body = `${CHUNKED}${hidden(host)}`
  return post(host, [`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked'], body)
}

const RFC = 'RFC 9112'

/** A proxy that counts a malformed body as a failure of the server behind it takes that server out for everybody. */
const outage: Case = {
  ...{ id: 'framing-outage', section, title: 'A malformed request does not take the deployment down' },
  sent: 'a POST whose chunk size is malformed, and an ordinary POST and GET right after',
  demanded: 'the ordinary requests have their usual response',
  ...{ source: 'ASVS 5.0 15.2.2, CWE-400' },
  fix: 'Turn passive health checks of the proxy in front off (Caddy: fail_duration; nginx: max_fails=0), and check health actively.',
  async run(world) {
    const before = await withoutControl(world)
    if (before !== undefined) return unanswered(before)
    await world.sendTo(world.place, post(world.host, ['Transfer-Encoding: chunked'], '-3\r\na=b\r\n0\r\n\r\n'))
    // A proxy may repeat a GET at another server, or keep it waiting: a POST shows at once that no server is left.
    const why = await withoutControl(world)
    if (why !== undefined) return fail(`right after it, ${why}`)
    return (await world.control()) ? pass('both had their usual response') : fail('an ordinary GET was not accepted')
  },
}

export const framingCases: readonly Case[] = [
  outage,
  may(
    'length-and-chunked',
    'Content-Length next to Transfer-Encoding hides no second request',
    (host) => [['both headers, the length shorter than the body', shortLength(host)]],
    `${RFC} §6.1, CWE-444`,
  ),
  framing(
    'chunked-and-length',
    'Transfer-Encoding overrides Content-Length',
    (host) => [['both headers, the length longer than the chunked body', longLength(host)]],
    `${RFC} §6.3, CWE-444`,
    'may',
    longLengthVerdict,
  ),
  must(
    'two-lengths',
    'Two different lengths are rejected',
    (host) => [
      ['Content-Length: 3 and 0', post(host, ['Content-Length: 3', 'Content-Length: 0'], 'a=b')],
      ['Content-Length: 0 and 3', post(host, ['Content-Length: 0', 'Content-Length: 3'], 'a=b')],
      ...lengths(host, ['3, 0']),
    ],
    `${RFC} §6.3, CWE-444`,
  ),
  must(
    'malformed-length',
    'A length that is no number is rejected',
    (host) => lengths(host, ['+3', '-3', '0x3', '3a', '3 3']),
    `${RFC} §6.2, CWE-444`,
  ),
  must(
    'unknown-coding',
    'Transfer codings other than chunked are rejected',
    (host) => codings(host, ['xchunked', 'chunked, identity', 'chunked-selftest', '"chunked"']),
    `${RFC} §6.1, CWE-444`,
  ),
  must(
    'space-before-colon',
    'A space between a header’s name and its colon is rejected',
    (host) => [
      ['Transfer-Encoding with a space', post(host, ['Content-Length: 3', 'Transfer-Encoding : chunked'], CHUNKED)],
      ['Content-Length with a space', post(host, ['Content-Length : 3'], 'a=b')],
    ],
    `${RFC} §5.1, CWE-444`,
  ),
  may(
    'old-version',
    'HTTP/1.0 with Transfer-Encoding hides no second request',
    (host) => [
      ['HTTP/1.0', post(host, ['Transfer-Encoding: chunked'], CHUNKED).replace('HTTP/1.1', 'HTTP/1.0')],
      ['HTTP/1.2', get(host, ['Connection: close'], `GET ${PAGE} HTTP/1.2`)],
    ],
    `${RFC} §6.1, CWE-444`,
  ),
  may(
    'folded-line',
    'A header that continues on the next line hides nothing',
    (host) => [['a folded line', get(host, ['X-Selftest: a', ' Transfer-Encoding: chunked'])]],
    `${RFC} §5.2, CVE-2024-27982, CWE-444`,
  ),
  may(
    'line-feed',
    'A line feed alone hides no second request',
    (host) => [
      ['line feeds as line ends', get(host, []).replaceAll('\r\n', '\n')],
      ['a line feed in a value', get(host, ['X-Selftest: a\nX-Selftest-2: b'])],
    ],
    `${RFC} §2.2, CWE-444`,
  ),
  must(
    'control-characters',
    'Carriage returns and NUL in a header are rejected',
    (host) => [
      ['a carriage return in a value', get(host, ['X-Selftest: a\rTransfer-Encoding: chunked'])],
      ['NUL in a value', get(host, ['X-Selftest: a\0b'])],
      ['NUL in a name', get(host, ['X-Self\0test: a'])],
    ],
    `${RFC} §2.2, RFC 9110 §5.5, CWE-444`,
  ),
  may(
    'malformed-name',
    'A header whose name is no token hides nothing',
    (host) => [
      ['a space in a name', get(host, ['X Selftest: a'])],
      ['no colon', get(host, ['X-Selftest'])],
      ['no name', get(host, [': a'])],
    ],
    `${RFC} §5, CWE-444`,
  ),
  must(
    'host',
    'A request has exactly one Host',
    (host) => [
      ['no Host', `GET ${PAGE} HTTP/1.1\r\n${COMMON.join('\r\n')}\r\n\r\n`],
      ['two', get(host, ['Host: selftest.invalid'])],
      ['a user in it', get(`selftest@${host}`, [])],
    ],
    `${RFC} §3.2, CWE-444`,
  ),
  must(
    'chunk-size',
    'A malformed chunk size is rejected',
    (host) =>
      chunks(host, [
        ['a word', 'selftest\r\na=b\r\n0\r\n\r\n'],
        ['a sign', '-3\r\na=b\r\n0\r\n\r\n'],
        ['a prefix', '0x3\r\na=b\r\n0\r\n\r\n'],
        ['more than 64 bits', '10000000000000003\r\na=b\r\n0\r\n\r\n'],
      ]),
    `${RFC} §7.1, CWE-444`,
  ),
  must(
    'chunk-data',
    'Data that is longer than its chunk is rejected',
    (host) => chunks(host, [['two bytes too many', '3\r\na=bcd\r\n0\r\n\r\n']]),
    `${RFC} §7.1, CWE-444`,
  ),
  may(
    'chunk-extension',
    'Chunk extensions hide no second request',
    (host) =>
      chunks(host, [
        ['a line feed after the size', `3\na=b\r\n0\r\n\r\n`],
        ['a line feed in an extension', `3;\n\r\na=b\r\n0\r\n\r\n`],
      ]),
    `${RFC} §7.1.1, CVE-2025-22871, CWE-444`,
  ),
  may(
    'request-line',
    'A malformed request line is rejected, or read in one way',
    (host) => [
      ['no version', get(host, [], `GET ${PAGE}`)],
      ['a tab', get(host, [], `GET\t${PAGE}\tHTTP/1.1`)],
      ['a lower-case version', get(host, [], `GET ${PAGE} http/1.1`)],
    ],
    `${RFC} §3, CWE-444`,
  ),
  {
    ...framing(
      'upgrade',
      'An upgrade to clear-text HTTP/2 opens no tunnel',
      (host) => [
        [
          'Upgrade: h2c',
          get(host, ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']),
        ],
      ],
      'RFC 9113 §3.1, CWE-444',
      'may',
      (received, isAlive) => {
        if (received.kind !== 'response') return framingVerdict(received, 'may', isAlive)
        return received.first.status === 101 ? fail('the tunnel was opened') : pass(shown(received.first))
      },
    ),
    demanded: 'no 101',
    fix: 'Do not forward Upgrade: h2c and HTTP2-Settings.',
  },
]
