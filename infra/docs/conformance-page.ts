import { DISCOVERY } from '../../test/misbehaving-issuer/catalogue/discovery.ts'
import { ID_TOKEN_CLAIMS } from '../../test/misbehaving-issuer/catalogue/id-token-claims.ts'
import { LOGOUT_TOKENS } from '../../test/misbehaving-issuer/catalogue/logout-tokens.ts'
import { REFRESH_RESPONSES } from '../../test/misbehaving-issuer/catalogue/refresh.ts'
import {
  AUTHORIZATION_RESPONSES,
  INTROSPECTION_RESPONSES,
  TOKEN_RESPONSES,
  USERINFO_RESPONSES,
} from '../../test/misbehaving-issuer/catalogue/responses.ts'
import { KEY_SETS, SIGNATURES } from '../../test/misbehaving-issuer/catalogue/signatures.ts'
import { CONFORMANCE_PLANS, type ConformancePlan } from '../../test/openid-conformance.ts'

type Outcomes = Readonly<Record<string, { readonly outcome: string }>>

const PARTS: Readonly<Record<string, Outcomes>> = {
  Metadata: DISCOVERY,
  'Key sets': KEY_SETS,
  'Signatures of ID tokens': SIGNATURES,
  'Claims of ID tokens': ID_TOKEN_CLAIMS,
  'Authorization responses': AUTHORIZATION_RESPONSES,
  'Token responses': TOKEN_RESPONSES,
  'Userinfo responses': USERINFO_RESPONSES,
  'Refresh responses': REFRESH_RESPONSES,
  'Introspection responses': INTROSPECTION_RESPONSES,
  'Logout tokens': LOGOUT_TOKENS,
}

/** The tests of the OpenID Foundation's relying-party plans, and what else an issuer may do wrong. */
export function conformancePage(): string {
  return `${[...INTRO, ...CONFORMANCE_PLANS.flatMap(planSection), ...MISBEHAVIOURS, ...Object.entries(PARTS).flatMap(partSection)].join('\n')}\n`
}

const INTRO = [
  '# OpenID Connect conformance',
  '',
  'What the OpenID Foundation demands of a relying party, by the names of its conformance tests, and what the gateway does. The',
  'plans are those for `response_type=code`, the only one that the gateway uses.',
  '',
  '**The official conformance suite was not run, and the gateway is not certified.** The project plays each test with an issuer of',
  'its own (`test/misbehaving-issuer`) and compares what it observes with this page, which is generated from the same table',
  '(`test/openid-conformance.ts`). Names and demands were read in the source of the suite, `openid-certification/conformance-suite`,',
  'of August 2026.',
  '',
  'Not supported, and therefore not listed: the plans Implicit RP, Hybrid RP, Form Post RP, Dynamic RP, Session RP and 3rd Party-Init',
  'RP.',
]

function planSection({ title, name, about, tests }: ConformancePlan): string[] {
  return [
    `\n## ${title}\n`,
    `Plan \`${name}\`.${about === undefined ? '' : ` ${about}`}\n`,
    '| test | demanded | what the gateway does | result |',
    '| --- | --- | --- | --- |',
    ...Object.entries(tests).map(([test, { demanded, observed, result, note }]) =>
      row(`\`${test}\``, demanded, observed, note === undefined ? result : `${result}. ${note}`),
    ),
  ]
}

const MISBEHAVIOURS = [
  '\n## Other misbehaviours\n',
  'The same issuer misbehaves in further ways, one at a time. Each name is one of them; `accepted` means that the session begins or',
  'continues. Other outcomes are [reasons](reasons.md).',
]

function partSection([title, rows]: readonly [string, Outcomes]): string[] {
  const byOutcome = Map.groupBy(Object.entries(rows), ([, { outcome }]) => outcome)
  return [
    `\n### ${title}\n`,
    '| outcome | misbehaviours |',
    '| --- | --- |',
    ...[...byOutcome].map(([outcome, list]) => row(`\`${outcome}\``, list.map(([name]) => `\`${name}\``).join(', '))),
  ]
}

const row = (...cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
