import { join } from 'node:path'
import { ensureBillTools } from '../../infra/package/sbom/python.ts'
import { must } from './installed.ts'

const VALIDATE = `
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf.json_format import Parse
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
*bills, provenance = sys.argv[1:]
for bill in bills:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(bill).read())
    assert error is None, f"{bill}: {error}"
statement = Statement.copy_from_pb(Parse(open(provenance).read(), statement_pb2.Statement()))
statement.validate()
print(f"{len(bills)} bills, {len(statement.pb.subject)} subjects")
`

/**
 * Checks files with the libraries of CycloneDX and in-toto: the bills against the strict schema.
 * @throws Error with what is wrong
 */
export async function validateDescriptions(bills: readonly string[], provenance: string): Promise<string> {
  const python = join(await ensureBillTools(), 'bin', 'python')
  return await must(python, ['-c', VALIDATE, ...bills, provenance])
}
