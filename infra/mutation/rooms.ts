/** A part of the source whose tests are tested. */
export interface MutatedRoom {
  readonly name: string
  readonly about: string
  /** Patterns of the files that are mutated; `!` excludes. */
  readonly mutate: readonly string[]
  /** Patterns of the test files that must notice. */
  readonly tests: readonly string[]
}

const PROJECT_RULE = [
  'src/gateway/policy/project-query.ts',
  'src/gateway/routing/{below-route,claimed-project,current-name,namespace}.ts',
  'src/shared/{project-id,project-name}.ts',
]

export const MUTATED_ROOMS: readonly MutatedRoom[] = [
  {
    name: 'policy',
    about: 'the decision, membership, roles, step-up',
    mutate: ['src/gateway/policy/*.ts', '!src/gateway/policy/project-query.ts'],
    tests: ['test/unit/gateway/policy/*.test.ts', 'test/unit/gateway/projects/*.test.ts'],
  },
  {
    name: 'headers',
    about: 'headers to upstreams and clients, the assertion, the cookies of applications',
    mutate: ['src/gateway/forward/headers/*.ts', 'src/gateway/http/fold-name.ts'],
    tests: ['test/unit/gateway/forward/**/*.test.ts'],
  },
  {
    name: 'project-rule',
    about: 'which project a request names: path, headers, query',
    mutate: PROJECT_RULE,
    tests: [
      'test/unit/gateway/policy/project-query.test.ts',
      'test/unit/gateway/routing/*.test.ts',
      'test/unit/shared/project-*.test.ts',
    ],
  },
  {
    name: 'cookies',
    about: 'the session cookie, its keys, sealing, and when a session expires',
    mutate: ['src/gateway/sessions/{session-cookie,session-limits}.ts', 'src/gateway/sessions/crypto/*.ts'],
    tests: [
      'test/unit/gateway/sessions/{session-cookie,session-limits,rotation}.test.ts',
      'test/unit/gateway/sessions/crypto/*.test.ts',
    ],
  },
  {
    name: 'token-rules',
    about: 'what a token must be: its shape, type, times, claims and key; shared with the core API',
    mutate: ['src/shared/tokens/*.ts', 'src/gateway/tokens/rules/*.ts'],
    tests: ['test/unit/shared/tokens/*.test.ts', 'test/unit/gateway/tokens/rules/match-rules.test.ts'],
  },
  {
    name: 'id-tokens',
    about: 'ID tokens at a sign-in and a refresh, and the keys that verify tokens',
    mutate: ['src/gateway/issuer/id-token.ts', 'src/gateway/issuer/keys/verify-by-keys.ts'],
    tests: ['test/unit/gateway/issuer/id-token-rules.test.ts'],
  },
  {
    name: 'bearer-tokens',
    about: 'where credentials are, bearer tokens, introspection, limits for guesses',
    mutate: ['src/gateway/tokens/*.ts', 'src/gateway/tokens/bearer/*.ts'],
    tests: ['test/unit/gateway/tokens/*.test.ts', 'test/unit/gateway/tokens/{bearer,rules}/*.test.ts'],
  },
  {
    name: 'token-proofs',
    about: 'proof of possession: DPoP and client certificates',
    mutate: ['src/gateway/tokens/proof/*.ts'],
    tests: ['test/unit/gateway/tokens/proof/*.test.ts'],
  },
  {
    name: 'client-credentials',
    about: 'Basic credentials of clients, and the exchange of tokens',
    mutate: ['src/gateway/tokens/{basic,exchange}/*.ts'],
    tests: ['test/unit/gateway/tokens/{basic,exchange}/*.test.ts'],
  },
]
