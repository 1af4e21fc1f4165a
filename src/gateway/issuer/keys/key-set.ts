import type { JSONWebKeySet } from 'jose'

/** The key set in a text (RFC 7517 §5). @throws Error with a message for operators */
export function parseKeySet(text: string): JSONWebKeySet {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    throw new Error('expected JSON')
  }
  if (!isObject(set) || !('keys' in set) || !Array.isArray(set.keys) || !set.keys.every(isObject))
    throw new Error('expected a key set')
  return set as JSONWebKeySet
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
