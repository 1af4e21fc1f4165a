import { row } from './requirement.ts'

const PATTERN = 'test/unit/shared/tokens/claim-pattern.test.ts'
const PATH = 'test/unit/shared/tokens/claim-path.test.ts'
const RULES = 'test/unit/gateway/tokens/rules/workload-rules.test.ts'
const CONFIG = 'test/unit/gateway/config/rules.test.ts'
const POLICY = 'test/unit/gateway/policy/grants.test.ts'
const GATEWAY = 'test/machines/workload-identity.test.ts'
const FLOWS = 'test/machines/workflows.test.ts'

/** Workload identity: tokens of CI jobs and pods, and the rules over their claims. */
export const WORKLOAD_ROWS = [
  row(
    'I-1',
    'a pattern matches whole segments, and never across a boundary',
    [PATTERN, 'no pattern matches across a boundary of segments'],
    [PATTERN, 'a pattern has `*` as whole segments'],
    [RULES, 'an environment that imitates a ref'],
    [RULES, 'an environment with colons'],
  ),
  row(
    'I-2',
    'values are compared exactly: case, look-alikes, types, lists, missing claims',
    [RULES, 'other case'],
    [RULES, 'letters that look the same'],
    [RULES, 'a number where a text is meant'],
    [RULES, 'a list of one text'],
    [RULES, 'a missing claim'],
  ),
  row(
    'I-3',
    'the name of a claim has one reading',
    [PATH, 'a name with dots and slashes is one claim'],
    [RULES, 'claims with dots in place of an object'],
    [PATH, 'nothing leads into a list'],
  ),
  row(
    'I-4',
    'a rule that any workload of the issuer can match stops the start',
    [CONFIG, 'a rule with only'],
    [CONFIG, 'a pattern of a repository'],
    [CONFIG, 'a workflow that others can call'],
  ),
  row(
    'I-5',
    'forks, pull requests and names that were taken over match no rule for the original',
    [RULES, 'a run in a repository that took the name over'],
    [RULES, 'a run that a pull request of a fork started'],
    [RULES, 'a merge request of a fork'],
    [FLOWS, 'a run that a fork started through pull_request_target'],
  ),
  row(
    'I-6',
    'a token that no rule matches is denied everywhere, and its holder learns nothing of the rules',
    [GATEWAY, 'a run that no rule matches is denied everywhere'],
    [RULES, 'a denial tells the log the nearest rule'],
    [RULES, 'strangers with good tokens are limited'],
  ),
  row(
    'I-7',
    'a workload is a member of the projects of its rules alone, and never an administrator',
    [GATEWAY, 'it sees nothing of other projects'],
    [GATEWAY, 'it is no administrator'],
    [POLICY, 'no rule makes an administrator'],
    [CONFIG, 'no rule, and nothing else of an issuer with rules'],
    [RULES, 'claims of the token name no group'],
  ),
  row(
    'I-8',
    'issuer and audience are exact, and no two issuers can be confused',
    [RULES, 'a token for another audience'],
    [CONFIG, 'each issuer has audiences'],
    [RULES, 'rules of one issuer say nothing'],
  ),
]
