import { group } from '../group.ts'

// health.test.ts and issuer.test.ts replace the process's timers, and what later files fetch would wait for ever.
group(
  'test/unit/gateway/issuer/{claims,endpoints,id-token,id-token-rules,issuer-fetch,issuer-requests,refresh}.test.ts',
  'test/unit/gateway/issuer/{client,keys}/*.test.ts',
)
