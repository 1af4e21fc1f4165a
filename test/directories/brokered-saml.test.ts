import { brokerSuite } from './broker-suite.ts'

brokerSuite('brokered-saml')
