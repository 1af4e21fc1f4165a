import assert from 'node:assert/strict'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { brokenLinks } from '../../../../infra/docs/site/check-links.ts'
import { type FilledGroup, fillGroups, pageOf } from '../../../../infra/docs/site/site-map.ts'
import { sourcesIn } from '../../../../infra/docs/site/stage.ts'
import { codeBlocks, documentation } from './pages.ts'

const pagesOf = (groups: readonly FilledGroup[]): string[] =>
  groups.flatMap(({ entries }) => entries.flatMap((entry) => (typeof entry === 'string' ? [entry] : pagesOf([entry]))))

test('every page of the documentation is in the navigation exactly once', () => {
  const expected = [...documentation().keys()].filter((page) => page !== 'README.md')
  assert.deepEqual(pagesOf(fillGroups(sourcesIn('.'))).sort(), expected.sort())
})

test('a new page comes into the group of its folder, and a page without a place is an error', () => {
  const [tutorials] = fillGroups(['docs/tutorials/second.md', 'docs/tutorials/first-login.md'])
  assert.deepEqual(tutorials?.entries, ['docs/tutorials/first-login.md', 'docs/tutorials/second.md'])
  assert.throws(() => fillGroups(['NOTES.md']), /NOTES\.md has no place in the navigation/)
})

test('no two pages have the same address', () => {
  const addresses = sourcesIn('.').map(pageOf)
  assert.equal(new Set(addresses).size, addresses.length)
})

test('every code block names its language', () => {
  for (const [path, page] of documentation()) {
    let open = false
    for (const [index, line] of page.split('\n').entries()) {
      const [, language] = /^ *```(\S*)/.exec(line) ?? []
      if (language === undefined) continue
      if (!open) assert.notEqual(language, '', `${path}:${index + 1}`)
      open = !open
    }
  }
})

test('the home page has the two commands of the README', () => {
  const [commands] = codeBlocks(readFileSync('README.md', 'utf8'), 'sh')
  assert.ok(readFileSync('infra/docs/site/home.md', 'utf8').includes(commands ?? 'no commands'))
})

test('the link check finds a lost page, a lost anchor, a lost picture and an address that is none', () => {
  const directory = mkdtempSync(join(tmpdir(), 'site-links-'))
  const page = (path: string, html: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), html)
  }
  try {
    page('index.html', '<a href="/0.2/a/">a</a><a href="a/#here">b</a><a href="https://other.example/x">c</a>')
    page('a/index.html', '<h1 id="here">A</h1><a href="../index.html">home</a><script>"<a href=\'/lost\'>"</script>')
    assert.deepEqual(brokenLinks(directory, '/0.2/'), [])
    page(
      'b.html',
      '<a href="/0.2/c.html"></a><a href="a/#there"></a><img src="x.png"><a href="http://[x"></a><a href="ftp://h/"></a><a href="/">r</a>',
    )
    assert.deepEqual(brokenLinks(directory, '/0.2/'), [
      'b.html: /0.2/c.html does not exist',
      'b.html: a/#there has no such anchor',
      'b.html: http://[x is not an address',
      'b.html: ftp://h/ is not https',
      'b.html: / is outside this version',
      'b.html: x.png does not exist',
    ])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('the generator is not installed with the project', () => {
  assert.doesNotMatch(readFileSync('package.json', 'utf8'), /vitepress/)
  assert.deepEqual(globSync('infra/docs/site/package-lock.json'), ['infra/docs/site/package-lock.json'])
})
