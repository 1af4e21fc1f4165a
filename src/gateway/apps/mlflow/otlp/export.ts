import { Refusal } from '../../../errors.ts'
import { malformed } from '../body/malformed.ts'
import { isAuthorKey, isBookkeeping } from '../body/reserved-keys.ts'
import { JsonError, parseJsonObject, printJson } from '../body/strict-json.ts'
import { decompress } from './decompress.ts'
import { rewriteJson } from './json.ts'
import { EXPORT_REQUEST } from './messages.ts'
import { rewriteProtobuf } from './protobuf.ts'

/** MLflow turns attributes with this prefix of a root span, and attributes of its resource, into tags of the trace. */
const TAG_PREFIX = 'mlflow.traceTag.'

/**
 * Decompresses an OTLP trace export, checks it, and writes it anew: the result is what was checked, uncompressed.
 * @param headers The client's `Content-Type` and `Content-Encoding`.
 * @param maxBytes Longest export once decompressed.
 * @throws Refusal `body-malformed`, `body-refused`, `body-too-large`
 */
export async function rewriteExport(
  body: Buffer,
  headers: { readonly type: string | undefined; readonly encoding: string | undefined },
  maxBytes: number,
): Promise<Buffer> {
  const mediaType = headers.type?.split(';')[0]?.trim()
  if (mediaType !== 'application/x-protobuf' && mediaType !== 'application/json')
    throw malformed('Content-Type: expected application/x-protobuf or application/json')
  const plain = await decompress(body, headers.encoding, maxBytes)
  return mediaType === 'application/json'
    ? rewriteJsonExport(plain)
    : rewriteProtobuf(plain, EXPORT_REQUEST, checkTagKey)
}

function rewriteJsonExport(plain: Buffer): Buffer {
  try {
    const object = parseJsonObject(plain)
    rewriteJson(object, EXPORT_REQUEST, checkTagKey)
    return printJson(object)
  } catch (error) {
    if (error instanceof JsonError) throw malformed(error.message)
    throw error
  }
}

function checkTagKey(key: string): void {
  const tag = key.startsWith(TAG_PREFIX) ? key.slice(TAG_PREFIX.length) : key
  if (!isBookkeeping(tag) && !(tag !== key && isAuthorKey(tag))) return
  const explain = 'attributes: expected no key that MLflow reserves'
  throw new Refusal('body-refused', explain, { explain })
}
