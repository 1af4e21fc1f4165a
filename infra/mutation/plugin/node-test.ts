import { mock as realMock } from 'node:test'
import { collectSuite, collectTest, currentScope } from './collected-tests.ts'

/** The functions of `node:test` that the unit tests use. */
type Body = (context: unknown) => unknown

/** The function among the arguments of `test` and `suite`, which have optional options in the middle. */
function bodyOf(rest: readonly unknown[]): Body {
  const body = rest.find((each) => typeof each === 'function')
  return (body as Body | undefined) ?? (() => {})
}

const isSkipped = (rest: readonly unknown[]) =>
  rest.some((each) => typeof each === 'object' && each !== null && Boolean((each as { skip?: unknown }).skip))

export function test(name: string, ...rest: readonly unknown[]): void {
  if (!isSkipped(rest)) collectTest(name, bodyOf(rest))
}

export function suite(name: string, ...rest: readonly unknown[]): void {
  if (!isSkipped(rest)) collectSuite(name, () => bodyOf(rest)(undefined))
}

export const it = test
export const describe = suite
export const before = (step: Body): unknown => currentScope().before.push(step)
export const after = (step: Body): unknown => currentScope().after.push(step)
export const beforeEach = (step: Body): unknown => currentScope().beforeEach.push(step)
export const afterEach = (step: Body): unknown => currentScope().afterEach.push(step)
export const mock = realMock
export default test
