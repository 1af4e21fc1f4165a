import { brokerSuite } from './broker-suite.ts'

brokerSuite('brokered-oidc', { authorizationParameters: { kc_idp_hint: 'corporate' } })
