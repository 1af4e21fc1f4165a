import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Command } from 'commander'
import { parse } from 'yaml'
import { createProgram } from '../../src/cli/program.ts'
import { parseCoreConfig } from '../../src/core-api/config.ts'
import { parseConfig } from '../../src/gateway/config/load.ts'
import { configSchema } from '../../src/gateway/config/schema.ts'
import { codeBlocks, documentation } from './infra/docs/pages.ts'

const ALL = (await createProgram()).commands
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }

/** Sections that a complete configuration needs beside those that a guide shows. */
const REST = {
  server: { publicUrl: 'https://o.example' },
  issuer: { url: 'https://sso.example', clientId: 'gateway', clientSecret: 'a client secret' },
  session: { secrets: ['a session secret of 32 bytes or more'] },
  access: { adminGroup: 'modelops-admins' },
  projects: { source: 'claim' },
  routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'login' }],
}
const isConfig = (value: unknown): value is Record<string, object> =>
  typeof value === 'object' && value !== null && Object.keys(value).every((key) => key in configSchema.shape)

/** References stand for values of the reader's machine. */
const withoutReferences = (yaml: string) =>
  yaml.replaceAll(/\$\{(?:env|file):[^}]+\}/g, 'a-value-of-thirty-two-bytes-or-more')

for (const [path, page] of documentation()) {
  test(`every command in ${path} exists with the options it is given`, () => {
    for (const line of codeBlocks(page, 'sh').join('\n').replaceAll('\\\n', ' ').split('\n')) {
      for (const [, script = ''] of line.matchAll(/npm run ([\w:-]+)/g)) assert.ok(script in scripts, line)
      for (const [, words = ''] of line.matchAll(/(?:modelops-gateway|dist\/cli\/main\.js) ([a-z][^|;&)#]*)/g)) {
        assertCommand(words.trim().split(/\s+/), line)
      }
    }
  })

  test(`every configuration in ${path} is valid`, () => {
    for (const yaml of codeBlocks(page, 'yaml')) {
      const text = withoutReferences(yaml)
      const value: unknown = parse(text)
      if (isConfig(value)) assert.ok(parseConfig(JSON.stringify(completed(value)), path, {}))
      else if (/^storage:/m.test(yaml)) assert.ok(parseCoreConfig(text, path, {}))
    }
  })
}

function assertCommand(words: readonly string[], line: string): void {
  let command: Command | undefined = ALL.find((each) => each.name() === words[0])
  assert.ok(command, line)
  const options = [...command.options]
  for (const word of words.slice(1)) {
    const sub: Command | undefined = command?.commands.find((each) => each.name() === word)
    if (sub !== undefined) {
      command = sub
      options.push(...sub.options)
    } else if (word.startsWith('--'))
      assert.ok(
        options.some(({ long }) => long === word.split('=')[0]),
        line,
      )
  }
}

/** The guide's sections over the usual ones. */
const completed = (shown: Record<string, object>): Record<string, unknown> => {
  const sections: Record<string, unknown> = { ...REST }
  for (const [name, section] of Object.entries(shown)) {
    const usual = sections[name]
    const merges = typeof usual === 'object' && !Array.isArray(usual) && name !== 'projects'
    sections[name] = merges ? { ...usual, ...section } : section
  }
  const issuer = Object(sections.issuer)
  // The usual secret belongs to the usual method.
  if (issuer.clientAuthentication !== undefined) sections.issuer = { ...issuer, clientSecret: undefined }
  return sections
}

for (const [path, page] of documentation()) {
  if (!path.startsWith('docs/guides/')) continue
  test(`${path} says what the reader will have, how long it takes, and what to do if it fails`, () => {
    assert.match(page, /^# .+\n\nWhen you are done, /)
    assert.match(page, /^Time: /m)
    assert.match(page, /^## If it does not work$/m)
  })
}
