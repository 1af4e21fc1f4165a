import { bodyPaceOf } from '../../shared/body-pace.ts'
import type { Config } from '../config/schema.ts'
import type { Console } from '../console/console.ts'
import { buildReauthorize, type Reauthorize } from '../forward/reauthorize.ts'
import { buildResponsePlan } from '../forward/response-plan.ts'
import { buildUpstreamRequest } from '../forward/upstream-request.ts'
import { buildClientAddress } from '../http/client-address.ts'
import { buildApplicationStates } from '../observability/application-states.ts'
import { pageHeaders, withoutReferrer } from '../pages/headers.ts'
import { buildAuthorize } from '../request/authorize.ts'
import { buildCrossOrigin } from '../request/cross-origin.ts'
import { buildDenials } from '../request/denials.ts'
import { buildForwardAuth } from '../request/forward-auth.ts'
import { buildHandle } from '../request/handle.ts'
import { buildOwnEndpoints } from '../request/own-endpoints.ts'
import { buildPass } from '../request/pass.ts'
import { buildPipeline } from '../request/pipeline.ts'
import { buildServeMetadata } from '../request/protected-resources/metadata.ts'
import { buildReadiness } from '../request/readiness.ts'
import { buildRequestAudit } from '../request/request-audit.ts'
import { buildResponder } from '../request/responder.ts'
import { tracedForward, tracedSteps } from '../request/traced-steps.ts'
import { buildUpgrade } from '../request/upgrade.ts'
import { stepUpRules } from '../routing/step-up-rules.ts'
import { loadClientPackage } from '../signin/client-package.ts'
import { buildSignInEndpoints } from '../signin/endpoints.ts'
import { loadPictures } from '../signin/pictures.ts'
import { buildAuthenticate } from '../tokens/authenticate.ts'
import type { Components } from './components.ts'
import { buildConsoles } from './consoles.ts'
import type { Handlers } from './http-server.ts'
import type { ProcessState } from './process-state.ts'

/** Wires the request path of one configuration. It holds no state: all of it is in the components. */
export function buildHandlers(
  config: Config,
  components: Components,
  state: ProcessState,
): { readonly reauthorize: Reauthorize; readonly handlers: Handlers; readonly adminConsole: Console } {
  const { log, clock, draining, tracing } = state
  const { issuer, sessions, forwarder, signer, routes } = components
  const publicUrl = new URL(config.server.publicUrl)
  const { adminGroup, serviceUsers } = config.access
  const rules = { rules: { adminGroup, serviceUsers: new Set(serviceUsers) }, projects: components.projects.source }
  const client = buildClientAddress(config.server.trustedProxies)
  const plain = {
    authenticate: buildAuthenticate(sessions, components.verifyAuthorization),
    authorize: buildAuthorize({ ...rules, clock }),
  }
  const { authenticate, authorize } = tracing ? tracedSteps(plain) : plain

  const applicationStates = buildApplicationStates(clock)
  const audit = buildRequestAudit(config, state.audit)
  const admitsWrites = () => config.audit.onFailure === 'continue' || state.audit.hasRoom
  const applicationState = applicationStates.stateOf
  const consoles = buildConsoles(config, components, state, { ...rules, applicationState, admitsWrites })
  const denials = buildDenials({ ...rules, config, clock })
  const responder = buildResponder({
    clientAddress: client.address,
    baseHeaders: baseHeaders(config),
    metrics: state.metrics,
    onDenied: consoles.onDenied,
    openTrace: tracing && ((head) => tracing.open(head, client.isTrusted)),
    ...{ denials, audit },
  })

  const signIn = buildSignInEndpoints({
    ...rules,
    ...{ config, log, clock, sessions, issuer, authenticate },
    attempts: components.loginAttempts,
    countSignIn: state.metrics.signIn,
    countWithoutProject: state.metrics.signInWithoutProject,
    clientPackage: loadClientPackage(),
    pictures: loadPictures(config.portal),
    applicationState: applicationStates.stateOf,
    stepUps: stepUpRules(config, routes.all),
    endCookies: routes.all.flatMap((route) => route.profile.endCookies?.() ?? []),
  })
  const ownEndpoints = buildOwnEndpoints({
    publicUrl: config.server.publicUrl,
    serveMetadata: buildServeMetadata(config),
    jwks: signer.jwks,
    readiness: buildReadiness({
      ...{ issuer, sessions, draining, needsIssuer: config.server.readyNeedsIssuer },
      audit: () => state.audit.works,
    }),
    signIn,
    console: consoles.endpoints,
  })
  // A body may take longer to arrive, or a token to be exchanged, than this configuration is the current one.
  const reauthorize: Reauthorize = (context, outlivesToken) => state.current.reauthorize(context, outlivesToken)
  const upstreamRequest = buildUpstreamRequest({
    ...{ config, clock, projects: rules.projects, signer, reauthorize },
    exchangedTokens: components.exchangedTokens,
  })
  const responsePlan = buildResponsePlan(config)
  const pass = buildPass({
    clock,
    bodyPace: bodyPaceOf(config.limits),
    forwarder: tracing ? { forward: tracedForward(forwarder.forward) } : forwarder,
    ...{ reauthorize, upstreamRequest, responsePlan, applicationStates },
  })
  const pipeline = buildPipeline({
    limits: config.limits,
    crossOrigin: buildCrossOrigin(config.cors.allowedOrigins, publicUrl.protocol.slice(0, -1)),
    ...{ publicUrl, routes, ownEndpoints, authenticate, authorize, admitsWrites },
  })

  const overrunMs = config.limits.tokenOverrunSeconds * 1000
  return {
    adminConsole: consoles.admin,
    // Re-authorization of a request under way gets no span.
    reauthorize: buildReauthorize({ ...rules, authenticate: plain.authenticate, routes, clock, overrunMs }),
    handlers: {
      handle: buildHandle({ pipeline, pass, responder }),
      verify: buildForwardAuth({
        ...{ pipeline, responder, denials, upstreamRequest },
        isTrustedProxy: client.isTrusted,
      }),
      upgrade: buildUpgrade({ pipeline, responder, upstreamRequest, responsePlan, forwarder, draining }),
      refuseUnparsed: responder.refuseUnparsed,
    },
  }
}

/** What every reply of the gateway's own has, redirects and JSON too: the headers of a page without forms. */
function baseHeaders(config: Config): Record<string, string> {
  const { 'content-type': _, ...headers } = withoutReferrer(pageHeaders(config))
  return headers
}
