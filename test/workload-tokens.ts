/**
 * Claims of tokens that workloads have, as their issuers document them: names, types and forms are theirs, values are made
 * up. A test signs them with a key of its own.
 */
export interface TokenFrame {
  /** Issuer of the test, in place of the real one. */
  readonly iss: string
  readonly aud: string
  /** Seconds since the epoch. */
  readonly now: number
}

const times = (now: number, life: number) => ({ iat: now, nbf: now, exp: now + life })

/** @see https://docs.github.com/en/actions/reference/security/oidc */
export const gitHubClaims = ({ iss, aud, now }: TokenFrame) => ({
  ...{ iss, aud, jti: 'example-id', ...times(now, 300) },
  sub: 'repo:acme/train:ref:refs/heads/main',
  ref: 'refs/heads/main',
  ref_type: 'branch',
  ref_protected: 'true',
  sha: '0123456789abcdef0123456789abcdef01234567',
  repository: 'acme/train',
  repository_id: '74001',
  repository_owner: 'acme',
  repository_owner_id: '65001',
  repository_visibility: 'private',
  enterprise: 'acme-group',
  run_id: '9000000001',
  run_number: '10',
  run_attempt: '2',
  runner_environment: 'github-hosted',
  check_run_id: '41000000001',
  actor: 'octocat',
  actor_id: '12001',
  workflow: 'train',
  workflow_ref: 'acme/train/.github/workflows/train.yml@refs/heads/main',
  workflow_sha: '0123456789abcdef0123456789abcdef01234567',
  job_workflow_ref: 'acme/train/.github/workflows/train.yml@refs/heads/main',
  job_workflow_sha: '0123456789abcdef0123456789abcdef01234567',
  head_ref: '',
  base_ref: '',
  event_name: 'push',
})

/** @see https://docs.gitlab.com/ci/secrets/id_token_authentication/ */
export const gitLabClaims = ({ iss, aud, now }: TokenFrame) => ({
  ...{ iss, aud, jti: '7c2d7a62-5f4f-4d1a-8f0c-2f1f6f4f0001', ...times(now, 3600) },
  sub: 'project_path:acme/ml/train:ref_type:branch:ref:main',
  namespace_id: '72',
  namespace_path: 'acme/ml',
  project_id: '20001',
  project_path: 'acme/ml/train',
  project_visibility: 'private',
  user_id: '1',
  user_login: 'sample-user',
  user_email: 'sample-user@acme.example',
  user_access_level: 'developer',
  user_identities: [{ provider: 'saml', extern_uid: 'sample-user' }],
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'main',
  ref_type: 'branch',
  ref_path: 'refs/heads/main',
  ref_protected: 'true',
  groups_direct: ['acme/ml'],
  runner_id: 1,
  runner_environment: 'self-hosted',
  sha: '0123456789abcdef0123456789abcdef01234567',
  ci_config_ref_uri: 'gitlab.acme.example/acme/ml/train//.gitlab-ci.yml@refs/heads/main',
  ci_config_sha: '0123456789abcdef0123456789abcdef01234567',
})

/** @see https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ */
export const kubernetesClaims = ({ iss, aud, now }: TokenFrame) => ({
  ...{ iss, aud: [aud], jti: 'ea28ed49-2e11-4280-9ec5-bc3d1d84661a', ...times(now, 3600) },
  sub: 'system:serviceaccount:ml:trainer',
  'kubernetes.io': {
    namespace: 'ml',
    node: { name: '127.0.0.1', uid: '58456cb0-dd00-45ed-b797-5578fdceaced' },
    pod: { name: 'trainer-69cbfb9798-jv9gn', uid: '778a530c-b3f4-47c0-9cd5-ab018fb64f33' },
    serviceaccount: { name: 'trainer', uid: 'a087d5a0-e1dd-43ec-93ac-f13d89cd13af' },
    warnafter: now + 3000,
  },
})

/** A JWT-SVID of SPIRE with `jwt_issuer`. @see https://spiffe.io/docs/latest/spiffe-specs/jwt-svid/ */
export const spiffeClaims = ({ iss, aud, now }: TokenFrame) => ({
  ...{ iss, aud: [aud], iat: now, exp: now + 300 },
  sub: 'spiffe://acme.example/ns/ml/sa/trainer',
})
